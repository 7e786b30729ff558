// A piece of configuration that several plugins share, by its kind: connections to Redis.
import { defineEntity, type Fields } from '../schema/define.ts';
import { linkedIds } from '../schema/overlay.ts';
import { host, port, sni, tags, timeout, timestampSeconds, utf8Name, uuid } from '../schema/typedefs.ts';
import { plugins } from './plugins.ts';

/** What the bundled plugins can say of Redis. */
const redis = {
  host: { ...host, description: 'Name or address of the server.' },
  port: { ...port, default: 6379, description: 'Port of the server.' },
  timeout: { ...timeout, default: 2000, description: 'Milliseconds for connecting, sending and reading.' },
  username: { type: 'string', referenceable: true, description: 'User to log in as.' },
  password: { type: 'string', len_min: 0, referenceable: true, encrypted: true, description: 'Password of the user.' },
  database: { type: 'integer', default: 0, description: 'Number of the database.' },
  ssl: { type: 'boolean', default: false, description: 'Connect with TLS.' },
  ssl_verify: { type: 'boolean', default: false, description: "Verify the server's certificate." },
  server_name: { ...sni, description: 'Server name to ask for in TLS.' },
} as const satisfies Fields;

const wait = { ...timeout, default: 2000 } as const;

const nodes = (key: string, what: string) =>
  ({
    type: 'array',
    len_min: 1,
    elements: {
      type: 'record',
      fields: {
        [key]: { ...host, default: '127.0.0.1', description: 'Name or address of the node.' },
        port: { ...port, default: 6379, description: 'Port of the node.' },
      },
    },
    description: what,
  }) as const;

/** What plugins of the enterprise edition can say of Redis: clusters and sentinels too. None of the bundled plugins reads it. */
const redisOfEnterprise = {
  host: { ...redis.host, default: '127.0.0.1' },
  port: redis.port,
  connect_timeout: { ...wait, description: 'Milliseconds for connecting.' },
  send_timeout: { ...wait, description: 'Milliseconds between two sends.' },
  read_timeout: { ...wait, description: 'Milliseconds between two reads.' },
  username: redis.username,
  password: redis.password,
  sentinel_username: { ...redis.username, description: 'User to log in to sentinels as.' },
  sentinel_password: { ...redis.password, description: 'Password for sentinels.' },
  database: redis.database,
  keepalive_pool_size: {
    type: 'integer',
    default: 256,
    between: [1, 2147483646],
    description: 'Idle connections to keep.',
  },
  keepalive_backlog: { type: 'integer', between: [0, 2147483646], description: 'Connections that may wait for one.' },
  sentinel_master: { type: 'string', description: 'Name of the master that sentinels are asked for.' },
  sentinel_role: {
    type: 'string',
    one_of: ['master', 'slave', 'any'],
    description: 'Which server sentinels are asked for.',
  },
  sentinel_nodes: nodes('host', 'Sentinels.'),
  cluster_nodes: nodes('ip', 'Nodes of a cluster.'),
  ssl: redis.ssl,
  ssl_verify: redis.ssl_verify,
  server_name: redis.server_name,
  cluster_max_redirections: { type: 'integer', default: 5, description: 'How often a cluster may send on.' },
  connection_is_proxied: {
    type: 'boolean',
    default: false,
    description: 'Something stands between here and the server.',
  },
} as const satisfies Fields;

const config = (fields: Fields) =>
  ({ type: 'record', required: true, fields, description: 'The shared settings.' }) as const;

export const partials = defineEntity({
  name: 'partials',
  describes: 'settings that several plugins share',
  primary_key: ['id'],
  endpoint_key: 'name',
  subschema_key: 'type',
  subschema_error: "unknown type of partial '%s'",
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    name: { ...utf8Name, description: 'Name of the settings.' },
    type: {
      type: 'string',
      required: true,
      one_of: ['redis-ce', 'redis-ee'],
      description: 'What they are settings of.',
    },
    config: { type: 'record', abstract: true, fields: {}, description: 'The shared settings.' },
    tags,
  },
  subschemas: {
    'redis-ce': { fields: { config: config(redis) } },
    'redis-ee': { fields: { config: config(redisOfEnterprise) } },
  },
  remove_check: (partial, read) => {
    const user = read.list('plugins').find((plugin) => linkedIds(plugins.overlay, plugin).includes(partial.id));
    return user === undefined ? undefined : `partial ${partial.id} is still referenced by plugins (id = ${user.id})`;
  },
  deck: { kind: 'partial', identity: [['name']], absent_on: [403, 404] },
});
