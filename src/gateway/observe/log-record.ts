// The record that log plugins send, and the changes that plugins make to it.
import { isForbiddenKey, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { parseQuery } from '../../lib/query.ts';
import { parseHost } from '../../lib/uri.ts';
import type { Entity } from '../../schema/define.ts';
import type { RequestContext } from '../context.ts';
import type { HeaderList } from '../http1/headers.ts';

export interface LogEdit {
  /** Dots descend; `\.` is a dot of the name itself. */
  readonly key: string;
  /** undefined removes. */
  readonly value: Json | undefined;
}

const HIDDEN_HEADERS = ['authorization', 'proxy-authorization'];
export const WORKSPACE = { id: '00000000-0000-0000-0000-000000000000', name: 'default' };

export function logRecord(context: RequestContext, edits: readonly LogEdit[]): JsonObject {
  const record = exchangeRecord(context);
  for (const [name, entity] of entitiesOf(context)) record[name] = entity;
  for (const { key, value } of edits) applyEdit(record, key, value);
  return record;
}

function entitiesOf({ route, service, consumer }: RequestContext): [string, Entity][] {
  const entities: [string, Entity][] = [];
  if (route !== undefined) entities.push(['route', route]);
  if (service !== undefined) entities.push(['service', service]);
  if (consumer !== undefined) entities.push(['consumer', consumer]);
  return entities;
}

/** Everything but the stored entities. */
function exchangeRecord(context: RequestContext): JsonObject {
  const { exchange, credential, tries } = context;
  const scheme = exchange.encrypted ? 'https' : 'http';
  const port = context.core.advertisedPort(exchange.localPort);
  const record: JsonObject = {
    request: {
      id: context.id,
      uri: exchange.target,
      url: `${scheme}://${parseHost(exchange.host).name}:${port}${exchange.target}`,
      querystring: context.rawQuery === undefined ? {} : { ...parseQuery(context.rawQuery) },
      method: exchange.method,
      headers: headerJson(exchange.headers, exchange.host),
      size: exchange.bytesIn,
    },
    upstream_uri: context.upstreamUri,
    upstream_status: context.upstreamStatus,
    response: {
      status: context.status,
      headers: context.responseHeaders === undefined ? {} : headerJson(context.responseHeaders, undefined),
      size: exchange.bytesOut,
    },
    latencies: recordLatencies(context),
    client_ip: context.clientIp,
    started_at: context.startedAt,
    source: recordSource(context),
    workspace: WORKSPACE.id,
    workspace_name: WORKSPACE.name,
  };
  if (tries !== undefined) record['tries'] = tries as unknown as Json;
  if (credential !== undefined) record['authenticated_entity'] = authenticatedEntity(credential);
  return record;
}

export function recordLatencies(context: RequestContext): {
  kong: number;
  proxy: number;
  request: number;
  receive: number;
} {
  const request = context.elapsed();
  return {
    kong: context.source === 'service' || context.upstreamLatency >= 0 ? context.proxyLatency : request,
    proxy: context.upstreamLatency,
    request,
    receive: context.receiveLatency,
  };
}

export const recordSource = (context: RequestContext): string => (context.source === 'service' ? 'upstream' : 'kong');

/** Lower-case names, repeated lines as a list, credentials hidden; `host` comes last, as the engine keeps it apart. */
export function headerJson(list: HeaderList, host: string | undefined): JsonObject {
  const record: JsonObject = {};
  for (const [name, value] of list.entries()) {
    const key = name.toLowerCase();
    if (key === '__proto__') continue;
    const current = Object.hasOwn(record, key) ? record[key] : undefined;
    if (current === undefined) record[key] = value;
    else if (Array.isArray(current)) current.push(value);
    else record[key] = [current, value];
  }
  if (host !== undefined) record['host'] = host;
  for (const name of HIDDEN_HEADERS) if (Object.hasOwn(record, name)) record[name] = 'REDACTED';
  return record;
}

function authenticatedEntity(credential: JsonObject): JsonObject {
  const entity: JsonObject = { id: credential['id'] ?? null };
  const consumer = credential['consumer'];
  if (isObject(consumer) && typeof consumer['id'] === 'string') entity['consumer_id'] = consumer['id'];
  return entity;
}

/** Objects on the way are copied before they change: some belong to the configuration. */
export function applyEdit(record: JsonObject, key: string, value: Json | undefined): void {
  const path = key.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'));
  if (path.some(isForbiddenKey)) return;
  let node = record;
  for (const part of path.slice(0, -1)) {
    const next = Object.hasOwn(node, part) ? node[part] : undefined;
    if ((next === undefined || next === null) && value === undefined) return;
    if (next !== undefined && next !== null && !isObject(next)) {
      throw new Error(`The key '${key}' could not be used as a serialize value. Subkey '${part}' is not a table.`);
    }
    const copy: JsonObject = { ...next };
    node[part] = copy;
    node = copy;
  }
  const last = path[path.length - 1]!;
  if (value === undefined) delete node[last];
  else node[last] = value;
}
