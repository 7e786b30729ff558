// The Redis connection record and its deprecated flat names, shared by the plugins that count in Redis.
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Shorthand, Shorthands } from '../../schema/define.ts';
import { host, port, sni, timeout } from '../../schema/typedefs.ts';

export const redis = {
  type: 'record',
  required: true,
  takes: ['redis-ce'],
  description: 'Connection to Redis; used only by the redis policy.',
  fields: {
    host: { ...host, description: 'Host name or address of the server.' },
    port: { ...port, default: 6379, description: 'Port of the server.' },
    timeout: { ...timeout, default: 2000, description: 'Milliseconds to wait for the server.' },
    username: { type: 'string', referenceable: true, description: 'User to log in as; absent means the default user.' },
    password: {
      type: 'string',
      len_min: 0,
      referenceable: true,
      encrypted: true,
      description: 'Password to log in with.',
    },
    database: { type: 'integer', default: 0, description: 'Number of the database.' },
    ssl: { type: 'boolean', default: false, description: 'Connect over TLS.' },
    ssl_verify: { type: 'boolean', default: false, description: 'Verify the certificate of the server.' },
    server_name: { ...sni, description: 'Server name to ask for over TLS.' },
  },
} as const;

const TYPES = {
  host: 'string',
  port: 'integer',
  password: 'string',
  username: 'string',
  ssl: 'boolean',
  ssl_verify: 'boolean',
  server_name: 'string',
  timeout: 'integer',
  database: 'integer',
} as const;

/** `redis_host` and its siblings, which stand for `redis.host` … until the next major version. */
export function redisShorthands(plugin: string): Shorthands {
  return Object.fromEntries(
    Object.entries(TYPES).map(([name, type]): [string, Shorthand] => [
      `redis_${name}`,
      {
        type,
        ...(name === 'password' ? { len_min: 0 } : {}),
        deprecation: {
          message: `${plugin}: config.redis_${name} is deprecated, please use config.redis.${name} instead`,
          removal_in_version: '4.0',
          replaced_with: [`redis.${name}`],
        },
        expand: (value: Json): JsonObject => ({ redis: { [name]: value } }),
      },
    ]),
  );
}
