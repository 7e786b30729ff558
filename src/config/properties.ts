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
} as const satisfies Fields;
