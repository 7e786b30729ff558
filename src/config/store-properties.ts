// The properties of kong.conf that say where the configuration is kept.
import type { Fields } from '../schema/define.ts';

export const storeProperties = {
  database: {
    type: 'string',
    one_of: ['off', 'postgres'],
    description:
      'Where the configuration is kept: postgres, or off for a read-only one from files. In memory when unset.',
  },
  declarative_config: {
    type: 'string',
    description: 'State file that is loaded when database is off and no file is named.',
  },
  pg_host: {
    type: 'string',
    required: true,
    default: '127.0.0.1',
    description: 'Host of the PostgreSQL server, or the directory of its Unix socket.',
  },
  pg_port: {
    type: 'integer',
    required: true,
    default: 5432,
    between: [0, 65535],
    description: 'Port of the PostgreSQL server.',
  },
  pg_timeout: {
    type: 'integer',
    required: true,
    default: 5000,
    between: [1, 60000],
    description: 'Milliseconds after which connecting to PostgreSQL fails.',
  },
  pg_user: { type: 'string', required: true, default: 'kong', description: 'User at the PostgreSQL server.' },
  pg_password: { type: 'string', encrypted: true, description: 'Password of that user.' },
  pg_database: { type: 'string', required: true, default: 'kong', description: 'Database at the PostgreSQL server.' },
  pg_schema: { type: 'string', description: "Schema of the tables; the server's own choice when unset." },
  pg_ssl: { type: 'boolean', required: true, default: false, description: 'Encrypt the connection to PostgreSQL.' },
  pg_ssl_verify: {
    type: 'boolean',
    required: true,
    default: false,
    description: 'Refuse a PostgreSQL server whose certificate no known authority has signed.',
  },
  db_update_frequency: {
    type: 'number',
    required: true,
    default: 5,
    between: [0.1, 3600],
    description: 'Seconds between looks for changes of other nodes, should a notification be lost.',
  },
} as const satisfies Fields;
