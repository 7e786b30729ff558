// Internal values of a cluster by key.
import { defineEntity } from '../schema/define.ts';
import { timestampSeconds } from '../schema/typedefs.ts';

export const parameters = defineEntity({
  name: 'parameters',
  describes: 'an internal value of the cluster',
  primary_key: ['key'],
  cache_key: ['key'],
  generate_admin_api: false,
  db_export: false,
  workspaceable: false,
  fields: {
    created_at: timestampSeconds,
    key: { type: 'string', required: true, unique: true, description: 'Name of the value.' },
    value: { type: 'string', required: true, description: 'The value.' },
  },
});
