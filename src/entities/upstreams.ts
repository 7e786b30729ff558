// An upstream: a virtual host name whose targets share the load, with its health checks.
import type { Json, JsonObject } from '../lib/json.ts';
import { defineEntity, type EntityCheck } from '../schema/define.ts';
import { checkHttpToken, checkUpstreamName } from '../schema/formats.ts';
import {
  headerName,
  headers,
  hostWithOptionalPort,
  path,
  sni,
  tags,
  timestampSeconds,
  uuid,
} from '../schema/typedefs.ts';

const HASH_INPUTS = ['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture'] as const;
const CHECK_TYPES = ['tcp', 'http', 'https', 'grpc', 'grpcs'] as const;

const counter = { type: 'integer', default: 0, between: [0, 255] } as const;
const seconds = { type: 'number', default: 0, between: [0, 65535] } as const;
const status = { type: 'integer', between: [100, 999] } as const;
const argument = { type: 'string', len_min: 1 } as const;

const ACTIVE_UNHEALTHY = [429, 404, 500, 501, 502, 503, 504, 505] as const;
const PASSIVE_HEALTHY = [
  200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308,
] as const;

const ACTIVE_DEFAULT = {
  type: 'http',
  concurrency: 10,
  healthy: { http_statuses: [200, 302], interval: 0, successes: 0 },
  http_path: '/',
  https_verify_certificate: true,
  timeout: 1,
  unhealthy: { http_failures: 0, http_statuses: [...ACTIVE_UNHEALTHY], interval: 0, tcp_failures: 0, timeouts: 0 },
};
const PASSIVE_DEFAULT = {
  type: 'http',
  healthy: { http_statuses: [...PASSIVE_HEALTHY], successes: 0 },
  unhealthy: { http_failures: 0, http_statuses: [429, 500, 503], tcp_failures: 0, timeouts: 0 },
};

const active = {
  type: 'record',
  required: true,
  default: ACTIVE_DEFAULT,
  description: 'Checks by requests of the gateway.',
  fields: {
    concurrency: { type: 'integer', default: 10, between: [1, 2147483648], description: 'Targets to check at a time.' },
    headers: { ...headers, description: 'Headers to send.' },
    healthy: {
      type: 'record',
      required: true,
      default: ACTIVE_DEFAULT.healthy,
      description: 'When a target becomes healthy.',
      fields: {
        http_statuses: {
          type: 'array',
          default: [200, 302],
          elements: status,
          description: 'Statuses that count as success.',
        },
        interval: { ...seconds, description: 'Seconds between two checks of healthy targets; 0 means none.' },
        successes: { ...counter, description: 'Successes after which a target is healthy; 0 means never.' },
      },
    },
    http_path: { ...path, default: '/', description: 'Path to ask for.' },
    https_sni: { ...sni, description: 'Server name to ask for over TLS.' },
    https_verify_certificate: {
      type: 'boolean',
      required: true,
      default: true,
      description: 'Verify the certificates of targets.',
    },
    timeout: { type: 'number', default: 1, between: [0, 65535], description: 'Seconds to wait for an answer.' },
    type: { type: 'string', default: 'http', one_of: CHECK_TYPES, description: 'How to check.' },
    unhealthy: {
      type: 'record',
      required: true,
      default: ACTIVE_DEFAULT.unhealthy,
      description: 'When a target becomes unhealthy.',
      fields: {
        http_failures: { ...counter, description: 'Bad statuses after which a target is unhealthy; 0 means never.' },
        http_statuses: {
          type: 'array',
          default: [...ACTIVE_UNHEALTHY],
          elements: status,
          description: 'Statuses that count as failure.',
        },
        interval: { ...seconds, description: 'Seconds between two checks of unhealthy targets; 0 means none.' },
        tcp_failures: {
          ...counter,
          description: 'Failed connections after which a target is unhealthy; 0 means never.',
        },
        timeouts: { ...counter, description: 'Timeouts after which a target is unhealthy; 0 means never.' },
      },
    },
  },
} as const;

const passive = {
  type: 'record',
  required: true,
  default: PASSIVE_DEFAULT,
  description: 'Conclusions from the requests of clients.',
  fields: {
    healthy: {
      type: 'record',
      required: true,
      default: PASSIVE_DEFAULT.healthy,
      description: 'When a target becomes healthy.',
      fields: {
        http_statuses: {
          type: 'array',
          default: [...PASSIVE_HEALTHY],
          elements: status,
          description: 'Statuses that count as success.',
        },
        successes: { ...counter, description: 'Successes after which a target is healthy; 0 means never.' },
      },
    },
    type: { type: 'string', default: 'http', one_of: CHECK_TYPES, description: 'What kind of requests to look at.' },
    unhealthy: {
      type: 'record',
      required: true,
      default: PASSIVE_DEFAULT.unhealthy,
      description: 'When a target becomes unhealthy.',
      fields: {
        http_failures: { ...counter, description: 'Bad statuses after which a target is unhealthy; 0 means never.' },
        http_statuses: {
          type: 'array',
          default: [429, 500, 503],
          elements: status,
          description: 'Statuses that count as failure.',
        },
        tcp_failures: {
          ...counter,
          description: 'Failed connections after which a target is unhealthy; 0 means never.',
        },
        timeouts: { ...counter, description: 'Timeouts after which a target is unhealthy; 0 means never.' },
      },
    },
  },
} as const;

/** When `field` is set to `value`, `needs` must be given. */
const requires = (field: string, value: string, needs: string): EntityCheck => ({
  check: 'conditional',
  if_field: field,
  if_match: { match: new RegExp(`^${value}$`) },
  then_field: needs,
  then_match: { required: true },
});

const fallbackOneOf = (value: string, allowed: readonly string[]): EntityCheck => ({
  check: 'conditional',
  if_field: 'hash_on',
  if_match: { match: new RegExp(`^${value}$`) },
  then_field: 'hash_fallback',
  then_match: { one_of: allowed },
});

export const upstreams = defineEntity({
  name: 'upstreams',
  describes: 'virtual host name with load balancing and health checks',
  primary_key: ['id'],
  endpoint_key: 'name',
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    name: {
      type: 'string',
      required: true,
      unique: true,
      custom_validator: checkUpstreamName,
      description: 'Virtual host name, as services name it in `host`.',
    },
    updated_at: timestampSeconds,
    algorithm: {
      type: 'string',
      default: 'round-robin',
      one_of: ['consistent-hashing', 'least-connections', 'round-robin', 'latency', 'sticky-sessions'],
      description: 'How a target is chosen.',
    },
    hash_on: { type: 'string', default: 'none', one_of: HASH_INPUTS, description: 'What the choice hangs on.' },
    hash_fallback: {
      type: 'string',
      default: 'none',
      one_of: HASH_INPUTS,
      description: 'What it hangs on where that is absent.',
    },
    hash_on_header: { ...headerName, description: 'Header for `hash_on: header`.' },
    hash_fallback_header: { ...headerName, description: 'Header for `hash_fallback: header`.' },
    hash_on_cookie: {
      type: 'string',
      custom_validator: checkHttpToken,
      description: 'Cookie for `cookie`; set when a client has none.',
    },
    hash_on_cookie_path: { ...path, default: '/', description: 'Path of that cookie.' },
    hash_on_query_arg: { ...argument, description: 'Query argument for `hash_on: query_arg`.' },
    hash_fallback_query_arg: { ...argument, description: 'Query argument for `hash_fallback: query_arg`.' },
    hash_on_uri_capture: { ...argument, description: 'Capture of the route path for `hash_on: uri_capture`.' },
    hash_fallback_uri_capture: {
      ...argument,
      description: 'Capture of the route path for `hash_fallback: uri_capture`.',
    },
    slots: {
      type: 'integer',
      default: 10000,
      between: [10, 65536],
      description: 'Positions on the ring of consistent hashing.',
    },
    healthchecks: {
      type: 'record',
      required: true,
      default: { active: ACTIVE_DEFAULT, passive: PASSIVE_DEFAULT },
      description: 'How the gateway finds out which targets work.',
      fields: {
        active,
        passive,
        threshold: {
          type: 'number',
          default: 0,
          between: [0, 100],
          description: 'Least healthy share of the weight, in percent, below which the upstream counts as down.',
        },
      },
    },
    tags,
    host_header: { ...hostWithOptionalPort, description: 'Host header to send instead of the name of the target.' },
    client_certificate: {
      type: 'foreign',
      reference: 'certificates',
      in_file: { as: 'object' },
      description: 'Certificate to show to the targets.',
    },
    use_srv_name: {
      type: 'boolean',
      default: false,
      description: 'Use the name in a DNS SRV record as the Host header.',
    },
    sticky_sessions_cookie: {
      type: 'string',
      custom_validator: checkHttpToken,
      description: 'Cookie by which a client keeps its target, for `algorithm: sticky-sessions`.',
    },
    sticky_sessions_cookie_path: { ...path, description: 'Path of that cookie; `/` when absent.' },
  },
  shorthand_fields: {
    algorithm: { type: 'string', expand: expandAlgorithm },
    hash_on: { type: 'string', expand: expandHashOn },
  },
  entity_checks: [
    requires('hash_on', 'header', 'hash_on_header'),
    requires('hash_fallback', 'header', 'hash_fallback_header'),
    requires('hash_on', 'cookie', 'hash_on_cookie'),
    requires('hash_fallback', 'cookie', 'hash_on_cookie'),
    fallbackOneOf('none', ['none']),
    fallbackOneOf('cookie', ['none']),
    fallbackOneOf('consumer', ['none', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture']),
    fallbackOneOf('ip', ['none', 'consumer', 'header', 'cookie', 'path', 'query_arg', 'uri_capture']),
    fallbackOneOf('path', ['none', 'consumer', 'header', 'cookie', 'query_arg', 'ip', 'uri_capture']),
    { check: 'distinct', fields: ['hash_on_header', 'hash_fallback_header'] },
    requires('hash_on', 'query_arg', 'hash_on_query_arg'),
    requires('hash_fallback', 'query_arg', 'hash_fallback_query_arg'),
    { check: 'distinct', fields: ['hash_on_query_arg', 'hash_fallback_query_arg'] },
    requires('hash_on', 'uri_capture', 'hash_on_uri_capture'),
    requires('hash_fallback', 'uri_capture', 'hash_fallback_uri_capture'),
    requires('algorithm', 'sticky-sessions', 'sticky_sessions_cookie'),
    { check: 'distinct', fields: ['hash_on_uri_capture', 'hash_fallback_uri_capture'] },
  ],
  deck: { kind: 'upstream' },
});

const UNHASHED: ReadonlySet<Json> = new Set<Json>(['least-connections', 'latency', 'sticky-sessions']);

/** Algorithms that do not hash reset what to hash on, unless the same input names it. */
function expandAlgorithm(value: Json, input: JsonObject): JsonObject {
  if (!UNHASHED.has(value)) return {};
  return 'hash_on' in input ? {} : { hash_on: 'none' };
}

/** What to hash on decides the algorithm: nothing means round-robin, anything else consistent-hashing. */
function expandHashOn(value: Json, input: JsonObject): JsonObject {
  if (value === null) return { hash_on: 'none' };
  if (value === 'none') {
    const algorithm = input['algorithm'];
    return UNHASHED.has(algorithm ?? null) ? {} : { algorithm: 'round-robin' };
  }
  return { algorithm: 'consistent-hashing' };
}
