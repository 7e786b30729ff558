// Wasm filters of a route or service. This gateway runs none: the schema is here for clients that ask for it, and the
// endpoints say so.
import { defineEntity } from '../schema/define.ts';
import { tags, timestampSeconds, utf8Name, uuid } from '../schema/typedefs.ts';

const scope = (reference: string, what: string) =>
  ({
    type: 'foreign',
    reference,
    default: null,
    unique: true,
    on_delete: 'cascade',
    description: `Acts only on requests of this ${what}.`,
  }) as const;

export const filterChains = defineEntity({
  name: 'filter_chains',
  describes: 'Wasm filters of a route or service',
  primary_key: ['id'],
  endpoint_key: 'name',
  admin_api_name: 'filter-chains',
  cache_key: ['route', 'service'],
  generate_admin_api: false,
  db_export: false,
  workspaceable: true,
  fields: {
    id: uuid,
    name: { ...utf8Name, description: 'Name of the chain.' },
    enabled: { type: 'boolean', required: true, default: true, description: 'Act on requests at all.' },
    route: scope('routes', 'route'),
    service: scope('services', 'service'),
    filters: {
      type: 'array',
      required: true,
      len_min: 1,
      elements: {
        type: 'record',
        fields: {
          name: { type: 'string', required: true, one_of: [], err: 'no such filter', description: 'Which filter.' },
          enabled: { type: 'boolean', required: true, default: true, description: 'Run this filter.' },
          config: { type: 'string', description: 'Settings of the filter.' },
        },
      },
      description: 'The filters, in the order in which they run.',
    },
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    tags,
  },
  entity_checks: [
    { check: 'mutually_exclusive', fields: ['service', 'route'] },
    { check: 'at_least_one_of', fields: ['service', 'route'] },
    {
      check: 'custom_entity_check',
      fields: ['filters'],
      run_with_invalid_fields: true,
      run: () => 'wasm support is not enabled',
    },
  ],
});
