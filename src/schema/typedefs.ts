// Field definitions that many schemas share, under Kong's names for them.
import type { Field, StringField } from './define.ts';
import {
  checkHeaderName,
  checkHost,
  checkHostWithPort,
  checkIp,
  checkIpOrCidr,
  checkName,
  checkPath,
  checkSni,
  checkTag,
  checkWildcardHost,
} from './formats.ts';

export const PROTOCOLS = ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'tls_passthrough', 'udp'] as const;
export const HTTP_PROTOCOLS = ['grpc', 'grpcs', 'http', 'https'] as const;

/** Kinds of spans that a node can be told to make. */
export const INSTRUMENTATIONS = [
  'request',
  'db_query',
  'dns_query',
  'router',
  'http_client',
  'balancer',
  'plugin_rewrite',
  'plugin_access',
  'plugin_header_filter',
] as const;
export type Instrumentation = (typeof INSTRUMENTATIONS)[number];

export const uuid = {
  type: 'string',
  uuid: true,
  auto: true,
  description: 'Identifier; made when it is absent.',
} as const;
export const uuidText = { type: 'string', uuid: true } as const;
export const timestampSeconds = {
  type: 'integer',
  timestamp: true,
  auto: true,
  description: 'Moment of the write in seconds since 1970; set by the gateway.',
} as const;
export const timestampMilliseconds = {
  type: 'number',
  timestamp: true,
  auto: true,
  description: 'Moment of the write in seconds since 1970, to the millisecond; set by the gateway.',
} as const;
export const utf8Name = { type: 'string', unique: true, custom_validator: checkName } as const;
export const tags = {
  type: 'set',
  elements: { type: 'string', custom_validator: checkTag },
  description: 'Words to group and select by.',
} as const;
export const protocol = { type: 'string', one_of: PROTOCOLS } as const;
export const port = { type: 'integer', between: [0, 65535] } as const;
export const timeout = { type: 'integer', between: [0, 2147483646] } as const;
export const host = { type: 'string', custom_validator: checkHost } as const;
export const hostWithOptionalPort = { type: 'string', custom_validator: checkHostWithPort } as const;
export const sni = { type: 'string', custom_validator: checkSni } as const;
export const wildcardHost = { type: 'string', custom_validator: checkWildcardHost } as const;
export const ip = { type: 'string', custom_validator: checkIp } as const;
export const ipOrCidr = { type: 'string', custom_validator: checkIpOrCidr } as const;
export const headerName = { type: 'string', custom_validator: checkHeaderName } as const;
export const httpMethod = { type: 'string', match: /^[A-Z]+$/ } as const;
export const path = {
  type: 'string',
  starts_with: '/',
  match_none: [{ pattern: /\/\//, err: 'must not have empty segments' }],
  custom_validator: checkPath,
} as const;
export const headers = {
  type: 'map',
  keys: headerName,
  values: { type: 'array', elements: { type: 'string' } },
} as const;

/** A set of protocols a plugin instance may serve; the default is what most plugins declare. */
export const pluginProtocols = {
  type: 'set',
  required: true,
  default: ['grpc', 'grpcs', 'http', 'https'],
  elements: { type: 'string', one_of: PROTOCOLS },
  description: 'Protocols of the requests the plugin acts on.',
} as const;
export const pluginProtocolsHttp = {
  type: 'set',
  required: true,
  default: ['grpc', 'grpcs', 'http', 'https'],
  elements: { type: 'string', one_of: HTTP_PROTOCOLS },
  description: 'Protocols of the requests the plugin acts on.',
} as const;

/** The plugin cannot be scoped to a consumer: it runs before the consumer is known. */
export const noConsumer = {
  type: 'foreign',
  reference: 'consumers',
  eq: null,
  description: 'The plugin cannot be scoped to a consumer.',
} as const;
export const noRoute = {
  type: 'foreign',
  reference: 'routes',
  eq: null,
  description: 'The plugin cannot be scoped to a route.',
} as const;
export const noService = {
  type: 'foreign',
  reference: 'services',
  eq: null,
  description: 'The plugin cannot be scoped to a service.',
} as const;

/** The same field, which must be unset here. */
export const mustBeUnset = <F extends Field>(field: F, err: string): F => ({ ...field, eq: null, err });

export const secret = <F extends StringField>(field: F) => ({ ...field, encrypted: true }) as const;
