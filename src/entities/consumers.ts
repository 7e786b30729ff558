// A consumer: who calls. Credentials of the authentication plugins hang below it.
import { defineEntity } from '../schema/define.ts';
import { tags, timestampSeconds, uuid } from '../schema/typedefs.ts';

export const consumers = defineEntity({
  name: 'consumers',
  describes: 'an identity that uses services',
  primary_key: ['id'],
  endpoint_key: 'username',
  workspaceable: true,
  list_filters: ['custom_id'],
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    username: { type: 'string', unique: true, description: 'Name of the consumer.' },
    custom_id: { type: 'string', unique: true, description: 'Name of the consumer in another system.' },
    tags,
  },
  entity_checks: [{ check: 'at_least_one_of', fields: ['custom_id', 'username'] }],
  deck: { kind: 'consumer', identity: [['username'], ['custom_id']] },
});
