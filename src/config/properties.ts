// The properties of kong.conf that this gateway honours, as a schema literal: names, types, defaults, meanings.
import type { Fields } from '../schema/define.ts';
import { ipOrCidr } from '../schema/typedefs.ts';

const RESPONSE_HEADERS = [
  'server_tokens',
  'latency_tokens',
  'Server',
  'Via',
  'X-Kong-Proxy-Latency',
  'X-Kong-Response-Latency',
  'X-Kong-Upstream-Latency',
  'X-Kong-Request-Id',
  'off',
] as const;

export const properties = {
  proxy_listen: {
    type: 'string',
    required: true,
    default: '0.0.0.0:8000',
    description: 'Addresses of the proxy.',
  },
  admin_listen: {
    type: 'string',
    required: true,
    default: '127.0.0.1:8001',
    description: 'Addresses of the Admin API; keep it on loopback unless something else guards it.',
  },
  status_listen: {
    type: 'string',
    required: true,
    default: '127.0.0.1:8007',
    description: 'Addresses of the Status API: /status, /status/ready and /metrics.',
  },
  router_flavor: {
    type: 'string',
    required: true,
    default: 'traditional_compatible',
    one_of: ['traditional_compatible'],
    description: 'How routes are matched.',
  },
  route_match_calculation: {
    type: 'string',
    required: true,
    default: 'strict',
    one_of: ['strict', 'original'],
    description: 'Arithmetic of route priorities.',
  },
  trusted_ips: {
    type: 'array',
    required: true,
    default: [],
    elements: ipOrCidr,
    description: 'Peers whose X-Forwarded-* headers are believed.',
  },
  real_ip_header: {
    type: 'string',
    required: true,
    default: 'X-Real-IP',
    description: 'Header with the address of the client, from trusted peers.',
  },
  real_ip_recursive: {
    type: 'boolean',
    required: true,
    default: false,
    description: 'Look through a chain of trusted peers.',
  },
  headers: {
    type: 'array',
    required: true,
    default: ['server_tokens', 'latency_tokens', 'X-Kong-Request-Id'],
    elements: { type: 'string', one_of: RESPONSE_HEADERS },
    description: 'Headers that the gateway adds to answers.',
  },
  proxy_access_log: {
    type: 'string',
    required: true,
    default: '/dev/stdout',
    description: 'File of the access log, or off.',
  },
  log_level: {
    type: 'string',
    required: true,
    default: 'notice',
    one_of: ['debug', 'info', 'notice', 'warn', 'error', 'crit', 'alert', 'emerg'],
    description: 'Least severity that is logged.',
  },
  upstream_keepalive_pool_size: {
    type: 'integer',
    required: true,
    default: 512,
    between: [0, 100000],
    description: 'Idle connections kept for each peer.',
  },
  upstream_keepalive_idle_timeout: {
    type: 'integer',
    required: true,
    default: 60,
    between: [0, 86400],
    description: 'Seconds after which an idle connection to a peer is closed.',
  },
  upstream_keepalive_max_requests: {
    type: 'integer',
    required: true,
    default: 10000,
    between: [0, 2147483647],
    description: 'Requests after which a connection to a peer is closed; 0 for no limit.',
  },
  nginx_http_client_max_body_size: {
    type: 'integer',
    required: true,
    default: 0,
    description: 'Largest request body in bytes; 0 for no limit.',
  },
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
