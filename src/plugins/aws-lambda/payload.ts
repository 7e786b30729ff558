// What the function is told: the request's arguments, chosen parts of the request, or the event of an API gateway.
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { boundaryOf, parseMultipart } from '../../lib/multipart.ts';
import { parseQuery } from '../../lib/query.ts';
import type { AccessExchange, PluginConfig, QueryArguments } from '../../pdk/index.ts';
import type { schema } from './schema.ts';

export type Config = PluginConfig<typeof schema>;

const PLAIN_TYPES: ReadonlySet<string> = new Set([
  'text/plain',
  'application/json',
  'application/x-www-form-urlencoded',
]);

export function payloadOf(exchange: AccessExchange, config: Config, body: Buffer): JsonObject {
  if (config.awsgateway_compatible === true) return gatewayEvent(exchange, config, body);
  const { request } = exchange;
  const { forward_request_method, forward_request_headers, forward_request_uri, forward_request_body } = config;
  const header = request.header('content-type') ?? '';
  const type = contentType(header);
  if (!forward_request_method && !forward_request_headers && !forward_request_uri && !forward_request_body) {
    return { ...plain(request.query()), ...bodyArguments(header, body) };
  }
  const encodes = config.base64_encode_body !== false && body.length > 0 && !PLAIN_TYPES.has(type);
  return {
    ...(forward_request_method ? { request_method: request.method } : {}),
    ...(forward_request_headers ? { request_headers: { ...request.headers() } } : {}),
    ...(forward_request_uri ? { request_uri: request.target, request_uri_args: plain(request.query()) } : {}),
    ...(forward_request_body
      ? {
          request_body: body.toString(encodes ? 'base64' : 'utf8'),
          request_body_args: bodyArguments(header, body),
          request_body_base64: encodes,
        }
      : {}),
  };
}

const contentType = (header: string): string => header.split(';')[0]!.trim().toLowerCase();

const plain = (values: QueryArguments): JsonObject => ({ ...values });

function bodyArguments(header: string, body: Buffer): JsonObject {
  const type = contentType(header);
  if (type === 'application/x-www-form-urlencoded') return plain(parseQuery(body.toString('utf8')));
  if (type === 'multipart/form-data') return fieldsOf(boundaryOf(header), body);
  if (type !== 'application/json') return {};
  try {
    const value = JSON.parse(body.toString('utf8')) as Json;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function fieldsOf(boundary: string | undefined, body: Buffer): JsonObject {
  const parts = boundary === undefined ? undefined : parseMultipart(body, boundary);
  return Object.fromEntries(
    (parts ?? []).flatMap(({ name, body: value }) => (name === undefined ? [] : [[name, value.toString('utf8')]])),
  );
}

/** Version 1.0 of the event that Amazon API Gateway sends to a proxy integration. */
function gatewayEvent(exchange: AccessExchange, config: Config, body: Buffer): JsonObject {
  const { request, client } = exchange;
  const headers = request.headers();
  const query = request.query();
  const encodes = config.base64_encode_body !== false && body.length > 0;
  const resource = matchedPath(exchange);
  return {
    version: '1.0',
    resource,
    path: request.path,
    httpMethod: request.method,
    headers: mapValues(headers, (value) => [value].flat()[0]!),
    multiValueHeaders: mapValues(headers, (value) => [value].flat()),
    pathParameters: { ...request.captures?.named },
    queryStringParameters: mapValues(query, (value) => text([value].flat()[0]!)),
    multiValueQueryStringParameters: mapValues(query, (value) => [value].flat().map(text)),
    body: body.toString(encodes ? 'base64' : 'utf8'),
    isBase64Encoded: encodes,
    requestContext: {
      path: request.path,
      protocol: `HTTP/${request.httpVersion === 1 ? '1.0' : request.httpVersion}`,
      httpMethod: request.method,
      domainName: request.host,
      domainPrefix: request.host.split('.')[0]!,
      identity: { sourceIp: client.ip, userAgent: request.header('user-agent') ?? null },
      requestId: request.id,
      requestTime: commonTime(request.startedAt),
      requestTimeEpoch: request.startedAt,
      resourcePath: resource,
    },
  };
}

const text = (value: string | true): string => (value === true ? '' : value);

const mapValues = <T>(values: Readonly<Record<string, T>>, change: (value: T) => Json): JsonObject =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));

/** The path of the route that fits, as it is written there. */
function matchedPath({ request, route }: AccessExchange): string {
  const paths = (route?.['paths'] ?? []) as readonly string[];
  const pattern = paths.find((path) => path.startsWith('~'))?.slice(1);
  // Nothing but a pattern captures.
  if (pattern !== undefined && request.captures !== undefined) return pattern;
  const fitting = paths.filter((path) => !path.startsWith('~') && request.path.startsWith(path));
  const longest = fitting.sort((a, b) => b.length - a.length)[0];
  return longest ?? pattern ?? request.path;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** 02/Jan/2006:15:04:05 +0000 */
function commonTime(time: number): string {
  const date = new Date(time);
  const day = String(date.getUTCDate()).padStart(2, '0');
  return `${day}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}:${date.toISOString().slice(11, 19)} +0000`;
}
