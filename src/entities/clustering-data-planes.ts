// A data plane that a control plane has heard of.
import { defineEntity } from '../schema/define.ts';
import { host, ip, timestampSeconds, uuid } from '../schema/typedefs.ts';

const SYNC_STATES = [
  'unknown',
  'normal',
  'kong_version_incompatible',
  'plugin_set_incompatible',
  'plugin_version_incompatible',
  'filter_set_incompatible',
] as const;

export const clusteringDataPlanes = defineEntity({
  name: 'clustering_data_planes',
  describes: 'a data plane known to a control plane',
  primary_key: ['id'],
  admin_api_name: 'clustering/data-planes',
  generate_admin_api: false,
  db_export: false,
  ttl: true,
  workspaceable: false,
  fields: {
    id: { ...uuid, required: true },
    last_seen: { ...timestampSeconds, description: 'When it last asked for its configuration.' },
    updated_at: timestampSeconds,
    ip: { ...ip, required: true, description: 'Its address.' },
    config_hash: { type: 'string', len_eq: 32, description: 'Hash of the configuration that it runs.' },
    hostname: { ...host, required: true, description: 'Its name.' },
    version: {
      type: 'string',
      match_any: {
        patterns: [/^[0-9]+[.0-9]*$/, /^[0-9]+[.0-9]*-?[\s\S]*$/],
        err: 'invalid version number: must be in format of X.Y.Z',
      },
      match_none: [{ pattern: /\.\./, err: 'must not have empty version segments' }],
      description: 'Version of its software.',
    },
    sync_status: {
      type: 'string',
      required: true,
      default: 'unknown',
      one_of: SYNC_STATES,
      description: 'Whether it can run the configuration.',
    },
    labels: {
      type: 'map',
      keys: { type: 'string' },
      values: { type: 'string' },
      description: 'Labels that it was started with.',
    },
    cert_details: {
      type: 'record',
      required: true,
      fields: { expiry_timestamp: { type: 'number', timestamp: true, description: 'When its certificate expires.' } },
      description: 'Of the certificate that it shows.',
    },
    rpc_capabilities: { type: 'set', elements: { type: 'string' }, description: 'What it understands.' },
  },
});
