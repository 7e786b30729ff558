// A route: which requests go to its service. The subschema is that of its first protocol; the `expressions` router
// flavour adds `expression` and `priority` and lets http routes match on addresses.
import { defineEntity, type EntityCheck, type EntitySchema, type Fields, type Subschema } from '../schema/define.ts';
import { checkRouteHost } from '../schema/formats.ts';
import {
  headerName,
  httpMethod,
  ipOrCidr,
  mustBeUnset,
  port,
  protocol,
  sni,
  tags,
  timestampSeconds,
  utf8Name,
  uuid,
  wildcardHost,
} from '../schema/typedefs.ts';
import { expressionChecks } from './route-expression.ts';
import { checkHeaderValue, checkTraditionalValues } from './route-header.ts';
import { checkRoutePath, checkTraditionalPath, upgradePath } from './route-path.ts';

const addresses = {
  type: 'set',
  elements: {
    type: 'record',
    fields: {
      ip: { ...ipOrCidr, description: 'Address or range.' },
      port: { ...port, description: 'Port.' },
    },
    entity_checks: [{ check: 'at_least_one_of', fields: ['ip', 'port'] }],
  },
} as const;

const methods = { type: 'set', elements: httpMethod } as const;

const hosts = {
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
} as const;

const paths = {
  type: 'array',
  elements: {
    type: 'string',
    match_any: { patterns: [/^\//, /^~\//], err: 'should start with: / (fixed path) or ~/ (regex path)' },
    match_none: [{ pattern: /\/\//, err: 'must not have empty segments' }],
    custom_validator: checkRoutePath,
  },
} as const;

const matchHeaders = {
  type: 'map',
  keys: {
    ...headerName,
    match_none: [
      {
        pattern: /^host$/i,
        err: "cannot contain 'host' header, which must be specified in the 'hosts' attribute",
      },
    ],
  },
  values: { type: 'array', elements: { type: 'string', custom_validator: checkHeaderValue } },
} as const;

const snisOnlyWithTls: EntityCheck = {
  check: 'conditional',
  if_field: 'protocols',
  if_match: { elements: { type: 'string', not_one_of: ['grpcs', 'https', 'tls', 'tls_passthrough'] } },
  then_field: 'snis',
  then_match: { len_eq: 0 },
  then_err: "'snis' can only be set when 'protocols' is 'grpcs', 'https', 'tls' or 'tls_passthrough'",
};

/** Needs one field to match on; the list depends on whether the encrypted protocol of the pair is there. */
const mustMatchOn = (plain: string, tls: string, names: readonly string[], extra: readonly string[]): EntityCheck => ({
  check: 'conditional_at_least_one_of',
  if_field: 'protocols',
  if_match: { contains: tls },
  then_at_least_one_of: [...names, 'snis', ...extra],
  then_err: `must set one of %s when 'protocols' is '${tls}'`,
  else_match: { contains: plain },
  else_then_at_least_one_of: [...names, ...extra],
  else_then_err: `must set one of %s when 'protocols' is '${plain}'`,
});

const streamMustMatchOn = (extra: readonly string[]): EntityCheck[] => [
  {
    check: 'conditional_at_least_one_of',
    if_field: 'protocols',
    if_match: { elements: { type: 'string', one_of: ['tcp', 'tls', 'udp'] } },
    then_at_least_one_of: ['sources', 'destinations', 'snis', ...extra],
    then_err: "must set one of %s when 'protocols' is 'tcp', 'tls' or 'udp'",
  },
  {
    check: 'conditional_at_least_one_of',
    if_field: 'protocols',
    if_match: { elements: { type: 'string', one_of: ['tls_passthrough'] } },
    then_at_least_one_of: ['snis', ...extra],
    then_err:
      extra.length === 0
        ? "must set snis when 'protocols' is 'tls_passthrough'"
        : "must set one of %s when 'protocols' is 'tls_passthrough'",
  },
];

const HTTP = "'http' or 'https'";
const GRPC = "'grpc' or 'grpcs'";
const STREAM = "'tcp', 'tls', 'tls_passthrough' or 'udp'";
const cannotSet = (name: string, protocols: string): string => `cannot set '${name}' when 'protocols' is ${protocols}`;

const grpcFields = {
  strip_path: {
    type: 'boolean',
    required: true,
    default: false,
    ne: true,
    err: cannotSet('strip_path', GRPC),
  },
  methods: mustBeUnset(methods, cannotSet('methods', GRPC)),
} as const;

const streamFields = {
  methods: mustBeUnset(methods, cannotSet('methods', STREAM)),
  hosts: mustBeUnset(hosts, cannotSet('hosts', STREAM)),
  paths: mustBeUnset(paths, cannotSet('paths', STREAM)),
  headers: mustBeUnset(matchHeaders, cannotSet('headers', STREAM)),
} as const;

const noAddresses = (protocols: string): Fields => ({
  sources: mustBeUnset(addresses, cannotSet('sources', protocols)),
  destinations: mustBeUnset(addresses, cannotSet('destinations', protocols)),
});

function subschemas(expressions: boolean): { [protocol: string]: Subschema } {
  const extra = expressions ? ['expression'] : [];
  const http: Subschema = {
    fields: expressions ? {} : noAddresses(HTTP),
    entity_checks: [mustMatchOn('http', 'https', ['methods', 'hosts', 'headers', 'paths'], extra)],
  };
  const grpc: Subschema = {
    fields: expressions ? grpcFields : { ...grpcFields, ...noAddresses(GRPC) },
    entity_checks: [mustMatchOn('grpc', 'grpcs', ['hosts', 'headers', 'paths'], extra)],
  };
  const stream: Subschema = { fields: streamFields, entity_checks: streamMustMatchOn(extra) };
  return { http, https: http, grpc, grpcs: grpc, tcp: stream, tls: stream, udp: stream, tls_passthrough: stream };
}

const NEEDS_EXPRESSIONS =
  'only routers of flavour expressions know it: router_flavor=expressions of the gateway, --router-flavor of validate';

export const routes = defineEntity({
  name: 'routes',
  describes: 'rules that match requests to a service',
  primary_key: ['id'],
  endpoint_key: 'name',
  subschema_key: 'protocols',
  workspaceable: true,
  fields: {
    id: uuid,
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
    name: { ...utf8Name, description: 'Name of the route.' },
    protocols: {
      type: 'set',
      required: true,
      len_min: 1,
      default: ['http', 'https'],
      elements: protocol,
      mutually_exclusive_subsets: [['http', 'https'], ['tcp', 'tls', 'udp'], ['tls_passthrough'], ['grpc', 'grpcs']],
      description: 'Protocols of the requests it takes.',
    },
    https_redirect_status_code: {
      type: 'integer',
      required: true,
      default: 426,
      one_of: [426, 301, 302, 307, 308],
      description: 'Status for requests over HTTP when only HTTPS is allowed.',
    },
    strip_path: {
      type: 'boolean',
      required: true,
      default: true,
      description: 'Remove what matched the path before the request goes upstream.',
    },
    preserve_host: {
      type: 'boolean',
      required: true,
      default: false,
      description: 'Send the Host header of the client upstream.',
    },
    request_buffering: {
      type: 'boolean',
      required: true,
      default: true,
      description: 'Read the whole request before sending it.',
    },
    response_buffering: { type: 'boolean', required: true, default: true, description: 'Read ahead of a slow client.' },
    tags,
    service: {
      type: 'foreign',
      reference: 'services',
      in_file: { nest: true, as: 'object' },
      description: 'Service that requests go to.',
    },
    snis: { type: 'set', elements: wildcardHost, description: 'TLS server names to match.' },
    sources: { ...addresses, description: 'Where connections come from, for streams.' },
    destinations: { ...addresses, description: 'Where connections go to, for streams.' },
    methods: { ...methods, description: 'Methods to match.' },
    hosts: { ...hosts, description: 'Host names to match; `*` stands for a first or last part.' },
    paths: { ...paths, description: 'Beginnings of the path to match; `~` begins a regular expression.' },
    headers: { ...matchHeaders, description: 'Headers to match, each with the values it may have.' },
    regex_priority: { type: 'integer', default: 0, description: 'Order among regular expressions; higher first.' },
    path_handling: {
      type: 'string',
      default: 'v0',
      one_of: ['v0', 'v1'],
      description: 'How the paths of service, route and request are put together.',
    },
  },
  fields_elsewhere: { expression: NEEDS_EXPRESSIONS, priority: NEEDS_EXPRESSIONS },
  entity_checks: [snisOnlyWithTls],
  subschemas: subschemas(false),
  upgrade: { paths: (value) => (typeof value === 'string' ? upgradePath(value) : value) },
  deck: { kind: 'route', requires_one_of: ['name', 'id'] },
});

/** The routes of a gateway with the traditional router: server names without wildcards, and PCRE. */
export const traditionalRoutes: EntitySchema = {
  ...routes,
  fields: {
    ...routes.fields,
    snis: { ...routes.fields.snis, elements: sni },
    paths: { ...routes.fields.paths, elements: { ...paths.elements, custom_validator: checkTraditionalPath } },
    headers: {
      ...routes.fields.headers,
      values: { type: 'array', elements: { type: 'string' }, custom_validator: checkTraditionalValues },
    },
  },
};

/** The routes of a gateway whose router understands expressions. */
export const expressionRoutes: EntitySchema = {
  ...routes,
  fields: {
    ...routes.fields,
    expression: { type: 'string', description: 'Expression that a request must satisfy.' },
    priority: {
      type: 'integer',
      required: true,
      default: 0,
      between: [0, 70368744177663],
      description: 'Order among expressions; higher first.',
    },
  },
  entity_checks: [...routes.entity_checks!, ...expressionChecks],
  subschemas: subschemas(true),
};
