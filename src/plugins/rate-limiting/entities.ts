// Counters of rate-limiting with `policy: cluster`. A row has no id of its own: what it counts is its key.
import { defineEntity } from '../../schema/define.ts';
import { uuidText } from '../../schema/typedefs.ts';

export const ratelimitingMetrics = defineEntity({
  name: 'ratelimiting_metrics',
  describes: 'counters of rate-limiting with policy cluster',
  primary_key: ['identifier', 'period', 'period_date', 'service_id', 'route_id'],
  generate_admin_api: false,
  db_export: false,
  ttl: true,
  workspaceable: false,
  fields: {
    identifier: { type: 'string', required: true, len_min: 0, description: 'What is counted for.' },
    period: { type: 'string', required: true, description: 'Name of the period.' },
    period_date: {
      type: 'integer',
      required: true,
      timestamp: true,
      description: 'Beginning of the period, in seconds since 1970.',
    },
    service_id: { ...uuidText, required: true, description: 'Service the plugin is on, or zeros.' },
    route_id: { ...uuidText, required: true, description: 'Route the plugin is on, or zeros.' },
    value: { type: 'integer', required: true, description: 'The count.' },
  },
});
