// A piece of configuration that several plugins share, by its kind: connections to Redis.
import { defineEntity, type Fields } from '../schema/define.ts';
import { host, port, sni, tags, timeout, timestampSeconds, utf8Name, uuid } from '../schema/typedefs.ts';

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

const config = { type: 'record', required: true, fields: redis, description: 'The shared settings.' } as const;

export const partials = defineEntity({
  name: 'partials',
  describes: 'settings that several plugins share',
  primary_key: ['id'],
  endpoint_key: 'name',
  subschema_key: 'type',
  subschema_error: "unknown type of partial '%s'",
  workspaceable: true,
  db_export: false,
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
  subschemas: { 'redis-ce': { fields: { config } }, 'redis-ee': { fields: { config } } },
  deck: { kind: 'partial', identity: [['name']], absent_on: [404] },
});
