// Configuration of rate-limiting.
import type { JsonObject } from '../../lib/json.ts';
import type { EntityCheck, Subschema } from '../../schema/define.ts';
import { headerName, path, pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { policy, policyWithoutDatabase } from '../shared/counter-policy.ts';
import { checkPeriodOrder, PERIODS } from '../shared/periods.ts';
import { redis, redisShorthands } from '../shared/redis.ts';

const limit = (period: string) =>
  ({ type: 'number', gt: 0, description: `Requests allowed per calendar ${period} (UTC).` }) as const;

const needsRedis = (field: string): EntityCheck => ({
  check: 'conditional',
  if_field: 'config.policy',
  if_match: { eq: 'redis' },
  then_field: `config.redis.${field}`,
  then_match: { required: true },
});

const needs = (limitBy: string, field: string): EntityCheck => ({
  check: 'conditional',
  if_field: 'config.limit_by',
  if_match: { eq: limitBy },
  then_field: `config.${field}`,
  then_match: { required: true },
});

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      custom_validator: checkLimits,
      fields: {
        second: limit('second'),
        minute: limit('minute'),
        hour: limit('hour'),
        day: limit('day'),
        month: limit('month'),
        year: limit('year'),
        limit_by: {
          type: 'string',
          default: 'consumer',
          one_of: ['consumer', 'credential', 'ip', 'service', 'header', 'path'],
          description: 'What a counter belongs to; the client address where that is unknown.',
        },
        header_name: { ...headerName, description: 'Header that limit_by `header` counts by.' },
        path: { ...path, description: 'Path that limit_by `path` counts apart.' },
        policy: { ...policy, len_min: 0 },
        fault_tolerant: {
          type: 'boolean',
          required: true,
          default: true,
          description: 'Let requests pass when counters cannot be reached.',
        },
        redis,
        hide_client_headers: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Send no headers about limits.',
        },
        error_code: { type: 'number', default: 429, gt: 0, description: 'Status of a refused request.' },
        error_message: {
          type: 'string',
          default: 'API rate limit exceeded',
          description: 'Message of a refused request.',
        },
        sync_rate: {
          type: 'number',
          required: true,
          default: -1,
          description: 'Seconds between two exchanges with Redis; -1 asks Redis on every request.',
        },
      },
      shorthand_fields: redisShorthands('rate-limiting'),
    },
  },
  entity_checks: [
    { check: 'at_least_one_of', fields: PERIODS.map((period) => `config.${period}`) },
    needsRedis('host'),
    needsRedis('port'),
    needsRedis('timeout'),
    needs('header', 'header_name'),
    needs('path', 'path'),
  ],
} as const satisfies Subschema;

const { config } = schema.fields;

export const schemaWithoutDatabase = {
  ...schema,
  fields: {
    ...schema.fields,
    config: { ...config, fields: { ...config.fields, policy: { ...policyWithoutDatabase, len_min: 0 } } },
  },
} as const satisfies Subschema;

/** A longer period cannot allow less than a shorter one; sync_rate belongs to Redis. */
function checkLimits(config: JsonObject): string | undefined {
  const clash = checkPeriodOrder(config);
  if (clash !== undefined) return `The limit for ${clash}`;
  const rate = config['sync_rate'];
  if (typeof rate !== 'number' || rate === -1) return undefined;
  if (config['policy'] !== 'redis') return 'sync_rate can only be used with the redis policy';
  return rate < 0.02 ? 'sync_rate must be greater than 0.02, or -1 to disable' : undefined;
}
