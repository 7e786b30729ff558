// A vault: where secrets that other entities refer to are kept.
import { defineEntity } from '../schema/define.ts';
import { tags, timestampSeconds, uuid } from '../schema/typedefs.ts';

export const vaults = defineEntity({
  name: 'vaults',
  describes: 'secret store configuration',
  primary_key: ['id'],
  endpoint_key: 'prefix',
  cache_key: ['prefix'],
  subschema_key: 'name',
  subschema_error: "vault '%s' is not installed",
  workspaceable: true,
  fields: {
    id: uuid,
    prefix: {
      type: 'string',
      required: true,
      unique: true,
      unique_across_ws: true,
      not_one_of: ['env'],
      match: /^[a-z][a-z0-9-]*?[a-z0-9]+$/,
      description: 'Name of the vault in references.',
    },
    name: { type: 'string', required: true, description: 'Kind of the vault.' },
    description: { type: 'string', description: 'What it is for.' },
    config: { type: 'record', abstract: true, fields: {}, description: 'Settings of the vault.' },
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    tags,
  },
  subschemas: {
    env: {
      fields: {
        config: {
          type: 'record',
          required: true,
          fields: {
            prefix: {
              type: 'string',
              match: /^[A-Za-z_-][A-Za-z0-9_-]*$/,
              description: 'What the names of environment variables begin with.',
            },
          },
        },
      },
    },
  },
  deck: { kind: 'vault', absent_on: [404, 403] },
});
