// A named set of keys.
import { defineEntity } from '../schema/define.ts';
import { tags, timestampSeconds, uuid } from '../schema/typedefs.ts';

export const keySets = defineEntity({
  name: 'key_sets',
  describes: 'a set of keys',
  primary_key: ['id'],
  endpoint_key: 'name',
  admin_api_name: 'key-sets',
  workspaceable: true,
  fields: {
    id: uuid,
    name: { type: 'string', unique: true, description: 'Name of the set.' },
    tags,
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
  },
  deck: { kind: 'key-set', requires_one_of: ['name', 'id'], absent_on: [404, 403] },
});
