// `echo`: the answer tells the request as the gateway sees it at the end of its way, credentials included. It is meant for
// finding out why a request does not do what it should, not for routes that strangers can reach.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { boundaryOf, parseMultipart } from '../../lib/multipart.ts';
import { parseQuery } from '../../lib/query.ts';
import { type AccessExchange, type Answer, type Environment, exit, type HeaderValues } from '../../pdk/index.ts';

export async function describeRequest(
  exchange: AccessExchange,
  status: number,
  message: string | undefined,
  { node }: Environment,
): Promise<Answer> {
  const { request, route, service } = exchange;
  const bytes = await request.body();
  const contentType = request.header('content-type') ?? '';
  const captures = request.captures;
  return exit(status, {
    ...(message === undefined ? {} : { message }),
    kong: { node_id: node.id, worker_pid: process.pid, hostname: node.hostname },
    request: {
      scheme: request.scheme,
      host: bytesToUtf8(request.host),
      port: request.port,
      method: request.method,
      path: bytesToUtf8(request.path),
      headers: readable(request.headers()),
      query: { ...request.query() },
      ...bodyMembers(bytes, contentType),
      uri_captures: { named: { ...captures?.named }, unnamed: [...(captures?.unnamed ?? [])] },
    },
    ...(route === undefined ? {} : { matched_route: route as JsonObject }),
    ...(service === undefined ? {} : { matched_service: service as JsonObject }),
  });
}

function bodyMembers(bytes: Buffer | undefined, contentType: string): JsonObject {
  if (bytes === undefined) return {};
  const body = bytes.length === 0 ? undefined : parseBody(bytes, contentType);
  return { raw_body: bytes.toString('utf8'), ...(body === undefined ? {} : { body }) };
}

function parseBody(bytes: Buffer, contentType: string): Json | undefined {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded') return { ...parseQuery(bytes.toString('latin1')) };
  if (type === 'application/json') return parseJson(bytes);
  if (type !== 'multipart/form-data') return undefined;
  const boundary = boundaryOf(contentType);
  const parts = boundary === undefined ? undefined : parseMultipart(bytes, boundary);
  if (parts === undefined) return undefined;
  return Object.fromEntries(
    parts.flatMap(({ name, body }) => (name === undefined ? [] : [[bytesToUtf8(name), body.toString('utf8')]])),
  ) as JsonObject;
}

function parseJson(bytes: Buffer): Json | undefined {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Json;
    return isObject(value) || Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes of header lines as the text that JSON needs. */
const readable = (values: HeaderValues): JsonObject =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]): [string, Json] => [
      name,
      typeof value === 'string' ? bytesToUtf8(value) : value.map(bytesToUtf8),
    ]),
  );
