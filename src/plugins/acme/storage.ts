// The larger parts of acme's configuration: the domains it may serve and its Redis storage with the names of old.
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Shorthand } from '../../schema/define.ts';
import { checkRouteHost } from '../../schema/formats.ts';
import { redis } from '../shared/redis.ts';

export const domains = {
  type: 'array',
  elements: {
    type: 'string',
    match_all: [{ pattern: /^[^*]*\*?[^*]*$/, err: 'invalid wildcard: must have at most one wildcard' }],
    match_any: {
      patterns: [/^\*\./, /\.\*$/, /^[^*]*$/],
      err: 'invalid wildcard: must be placed at leftmost or rightmost label',
    },
    custom_validator: checkRouteHost,
  },
  description: 'Hosts to obtain certificates for; `*.` stands for all below a domain.',
} as const;

/** Beginnings of the keys that the plugin itself stores. */
const RESERVED = ['kong_acme:renew_config:', 'kong_acme:renew_last_run', 'kong_acme:cert_key:'] as const;

function checkNamespace(namespace: string): string | undefined {
  const word = RESERVED.find((reserved) => namespace.startsWith(reserved));
  return word === undefined ? undefined : `namespace can't be prefixed with reserved word: ${word}`;
}

const renamed = (
  oldName: string,
  type: 'string' | 'integer',
  path: string,
  expand: (value: Json) => JsonObject,
): Shorthand => ({
  type,
  deprecation: {
    message: `acme: config.storage_config.redis.${oldName} is deprecated, please use config.storage_config.redis.${path} instead`,
    removal_in_version: '4.0',
    replaced_with: [path],
  },
  expand,
});

export const redisStorage = {
  type: 'record',
  required: true,
  takes: ['redis-ce'],
  description: 'A Redis server.',
  fields: {
    ...redis.fields,
    extra_options: {
      type: 'record',
      required: true,
      description: 'How keys are named and listed.',
      fields: {
        namespace: {
          type: 'string',
          required: true,
          default: '',
          len_min: 0,
          custom_validator: checkNamespace,
          description: 'Text that every key begins with.',
        },
        scan_count: { type: 'number', default: 10, description: 'Keys to ask for in one step of a listing.' },
      },
    },
  },
  shorthand_fields: {
    auth: { ...renamed('auth', 'string', 'password', (password) => ({ password })), len_min: 0 },
    ssl_server_name: renamed('ssl_server_name', 'string', 'server_name', (server_name) => ({ server_name })),
    namespace: {
      ...renamed('namespace', 'string', 'extra_options.namespace', (namespace) => ({ extra_options: { namespace } })),
      len_min: 0,
    },
    scan_count: renamed('scan_count', 'integer', 'extra_options.scan_count', (scan_count) => ({
      extra_options: { scan_count },
    })),
  },
} as const;
