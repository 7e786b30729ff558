// The record that log plugins send, and the changes that plugins make to it.
import { cloneJson, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { parseQuery } from '../../lib/query.ts';
import { parseHost } from '../../lib/uri.ts';
import type { RequestContext } from '../context.ts';
import { headerRecord } from '../views/request.ts';

export interface LogEdit {
  /** Dots descend; `\.` is a dot of the name itself. */
  readonly key: string;
  /** undefined removes. */
  readonly value: Json | undefined;
}

const HIDDEN_HEADERS = ['authorization', 'proxy-authorization'];
const WORKSPACE = { id: '00000000-0000-0000-0000-000000000000', name: 'default' };

export function logRecord(context: RequestContext, edits: readonly LogEdit[]): JsonObject {
  const { exchange, route, service, consumer, credential, tries } = context;
  const scheme = exchange.encrypted ? 'https' : 'http';
  const record: JsonObject = {
    request: {
      id: context.id,
      uri: exchange.target,
      url: `${scheme}://${parseHost(exchange.host).name}:${exchange.localPort}${exchange.target}`,
      querystring: { ...parseQuery(context.rawQuery ?? '') },
      method: exchange.method,
      headers: requestHeaders(context),
      size: exchange.bytesIn,
    },
    upstream_uri: context.upstreamUri,
    upstream_status: context.upstreamStatus,
    response: {
      status: context.status,
      headers: { ...context.response.headers() },
      size: exchange.bytesOut,
    },
    latencies: {
      kong: context.source === 'service' || context.upstreamLatency >= 0 ? context.proxyLatency : context.elapsed(),
      proxy: context.upstreamLatency,
      request: context.elapsed(),
      receive: context.receiveLatency,
    },
    client_ip: context.clientIp,
    started_at: context.startedAt,
    source: context.source === 'service' ? 'upstream' : 'kong',
    workspace: WORKSPACE.id,
    workspace_name: WORKSPACE.name,
  };
  if (tries !== undefined) record['tries'] = tries.map((attempt) => ({ ...attempt }));
  if (credential !== undefined) record['authenticated_entity'] = authenticatedEntity(credential);
  if (route !== undefined) record['route'] = cloneJson(route);
  if (service !== undefined) record['service'] = cloneJson(service);
  if (consumer !== undefined) record['consumer'] = cloneJson(consumer);
  for (const { key, value } of edits) applyEdit(record, key, value);
  return record;
}

function requestHeaders(context: RequestContext): JsonObject {
  const headers: JsonObject = { ...headerRecord(context.exchange.headers), host: context.exchange.host };
  for (const name of HIDDEN_HEADERS) if (Object.hasOwn(headers, name)) headers[name] = 'REDACTED';
  return headers;
}

function authenticatedEntity(credential: JsonObject): JsonObject {
  const entity: JsonObject = { id: credential['id'] ?? null };
  const consumer = credential['consumer'];
  if (isObject(consumer) && typeof consumer['id'] === 'string') entity['consumer_id'] = consumer['id'];
  return entity;
}

function applyEdit(record: JsonObject, key: string, value: Json | undefined): void {
  const path = key.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'));
  let node = record;
  for (const part of path.slice(0, -1)) {
    const next = Object.hasOwn(node, part) ? node[part] : undefined;
    if (next === undefined || next === null) {
      if (value === undefined) return;
      const made: JsonObject = {};
      node[part] = made;
      node = made;
    } else if (isObject(next)) node = next;
    else {
      throw new Error(`The key '${key}' could not be used as a serialize value. Subkey '${part}' is not a table.`);
    }
  }
  const last = path[path.length - 1]!;
  if (value === undefined) delete node[last];
  else node[last] = value;
}
