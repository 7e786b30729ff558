// The group of acl: one membership of a consumer. Under its consumer it is also found by the group's name.
import { defineEntity } from '../../schema/define.ts';
import { tags, timestampSeconds, uuid } from '../../schema/typedefs.ts';
import { owner } from '../shared/credential-fields.ts';

export const acls = defineEntity({
  name: 'acls',
  describes: 'group membership',
  primary_key: ['id'],
  cache_key: ['consumer', 'group'],
  nested_key: 'group',
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    consumer: owner,
    group: { type: 'string', required: true, description: 'Name of the group.' },
    tags,
  },
  deck: {
    kind: 'acl-group',
    identity: [['consumer', 'group']],
    label: { fields: ['group'], for: ['consumer'] },
    write_under: 'consumer',
    absent_on: [404],
  },
});
