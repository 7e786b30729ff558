// Groups of consumers: plugins can be bound to a group. A membership is an entity of its own, written through the group or
// through the consumer.
import { defineEntity } from '../schema/define.ts';
import { tags, timestampSeconds, utf8Name, uuid } from '../schema/typedefs.ts';

export const consumerGroups = defineEntity({
  name: 'consumer_groups',
  describes: 'a group of consumers',
  primary_key: ['id'],
  endpoint_key: 'name',
  workspaceable: true,
  db_export: false,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    name: { ...utf8Name, required: true, description: 'Name of the group.' },
    tags,
  },
  deck: { kind: 'consumer-group', identity: [['name']], absent_on: [404, 403] },
});

const member = (reference: string, description: string) =>
  ({ type: 'foreign', reference, required: true, on_delete: 'cascade', description }) as const;

export const consumerGroupConsumers = defineEntity({
  name: 'consumer_group_consumers',
  describes: 'the membership of a consumer in a group',
  primary_key: ['id'],
  cache_key: ['consumer_group', 'consumer'],
  generate_admin_api: false,
  workspaceable: true,
  db_export: false,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    consumer_group: member('consumer_groups', 'The group.'),
    consumer: member('consumers', 'The member.'),
  },
  deck: {
    kind: 'consumer-group-consumer',
    identity: [['consumer_group', 'consumer']],
    label: { fields: [], of: 'consumer' },
    link: {
      under: 'consumer_group',
      to: 'consumer',
      collection: 'consumers',
      in_file: { consumer: 'groups', consumer_group: 'consumers' },
    },
  },
});
