// Configuration of response-ratelimiting.
import type { JsonObject } from '../../lib/json.ts';
import type { EntityCheck, Subschema } from '../../schema/define.ts';
import { checkHttpToken } from '../../schema/formats.ts';
import { pluginProtocolsHttp } from '../../schema/typedefs.ts';
import { policy, policyWithoutDatabase } from '../shared/counter-policy.ts';
import { checkPeriodOrder, PERIODS } from '../shared/periods.ts';
import { redis, redisShorthands } from '../shared/redis.ts';

const limit = (period: string) =>
  ({ type: 'number', gt: 0, description: `Uses allowed per calendar ${period} (UTC).` }) as const;

const needsRedis = (field: string): EntityCheck => ({
  check: 'conditional',
  if_field: 'config.policy',
  if_match: { eq: 'redis' },
  then_field: `config.redis.${field}`,
  then_match: { required: true },
});

const checkOrder = (limits: JsonObject): string | undefined => {
  const clash = checkPeriodOrder(limits);
  return clash === undefined ? undefined : `the limit for ${clash}`;
};

export const schema = {
  fields: {
    protocols: pluginProtocolsHttp,
    config: {
      type: 'record',
      required: true,
      fields: {
        header_name: {
          type: 'string',
          default: 'x-kong-limit',
          description: 'Response header in which the upstream says what was used.',
        },
        limit_by: {
          type: 'string',
          default: 'consumer',
          one_of: ['consumer', 'credential', 'ip'],
          description: 'What a counter belongs to; the client address where that is unknown.',
        },
        policy,
        fault_tolerant: {
          type: 'boolean',
          required: true,
          default: true,
          description: 'Let requests pass when counters cannot be reached.',
        },
        redis,
        block_on_first_violation: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Refuse requests as soon as any limit is used up.',
        },
        hide_client_headers: {
          type: 'boolean',
          required: true,
          default: false,
          description: 'Send no headers about limits.',
        },
        limits: {
          type: 'map',
          required: true,
          len_min: 1,
          // A name becomes part of a header's name.
          keys: { type: 'string', custom_validator: checkHttpToken },
          values: {
            type: 'record',
            custom_validator: checkOrder,
            fields: {
              second: limit('second'),
              minute: limit('minute'),
              hour: limit('hour'),
              day: limit('day'),
              month: limit('month'),
              year: limit('year'),
            },
            entity_checks: [{ check: 'at_least_one_of', fields: [...PERIODS] }],
          },
          description: 'Limits by the name that the upstream uses for them.',
        },
      },
      shorthand_fields: redisShorthands('response-ratelimiting'),
    },
  },
  entity_checks: [needsRedis('host'), needsRedis('port'), needsRedis('timeout')],
} as const satisfies Subschema;

const { config } = schema.fields;

export const schemaWithoutDatabase = {
  ...schema,
  fields: { ...schema.fields, config: { ...config, fields: { ...config.fields, policy: policyWithoutDatabase } } },
} as const satisfies Subschema;
