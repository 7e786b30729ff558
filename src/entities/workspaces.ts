// A namespace of entities. There is one, `default`, and it cannot be written: the schema is here for clients that ask for it.
import { defineEntity } from '../schema/define.ts';
import { timestampSeconds, utf8Name, uuid } from '../schema/typedefs.ts';

const RESERVED = [
  'workspaces',
  'consumers',
  'certificates',
  'services',
  'routes',
  'snis',
  'upstreams',
  'targets',
  'plugins',
  'tags',
  'ca_certificates',
  'clustering_data_planes',
  'parameters',
  'vaults',
  'key_sets',
  'keys',
  'filter_chains',
] as const;

export const workspaces = defineEntity({
  name: 'workspaces',
  describes: 'a namespace of entities',
  primary_key: ['id'],
  endpoint_key: 'name',
  cache_key: ['name'],
  generate_admin_api: false,
  db_export: false,
  workspaceable: false,
  fields: {
    id: uuid,
    name: { ...utf8Name, required: true, not_one_of: RESERVED, description: 'Name of the namespace.' },
    comment: { type: 'string', description: 'What it is for.' },
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    meta: { type: 'record', required: true, fields: {}, description: 'Presentation in a manager.' },
    config: { type: 'record', required: true, fields: {}, description: 'Settings of the namespace.' },
  },
});
