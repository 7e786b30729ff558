// The record that log plugins send.
import { loggedText } from '../../lib/byte-text.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { parseQuery } from '../../lib/query.ts';
import type { Entity } from '../../schema/define.ts';
import { framingLines } from '../body-framing.ts';
import type { RequestContext } from '../context.ts';
import type { HeaderList } from '../http1/headers.ts';
import type { TlsSession } from '../tls/session.ts';
import { applyEdit, type LogEdit } from './log-edits.ts';

const HIDDEN_HEADERS = ['authorization', 'proxy-authorization'];
export const WORKSPACE = { id: '00000000-0000-0000-0000-000000000000', name: 'default' };

export function logRecord(context: RequestContext, edits: readonly LogEdit[]): JsonObject {
  const record = exchangeRecord(context);
  for (const [name, entity] of entitiesOf(context)) record[name] = storedEntity(entity);
  for (const edit of edits) applyEdit(record, edit);
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
  const record: JsonObject = {
    request: {
      id: context.id,
      uri: exchange.target,
      url: requestOrigin(context) + exchange.target,
      querystring: context.rawQuery === undefined ? {} : { ...parseQuery(context.rawQuery) },
      method: exchange.method,
      headers: headerJson(exchange.headers, requestLines(context)),
      size: exchange.bytesIn,
      ...(exchange.tlsSession && { tls: tlsRecord(exchange.tlsSession) }),
    },
    upstream_uri: context.upstreamUri,
    upstream_status: upstreamStatus(context),
    response: {
      status: context.status,
      headers:
        context.responseHeaders === undefined
          ? {}
          : headerJson(context.responseHeaders, responseLines(exchange.ownLines)),
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

/** As stored, and where it belongs. */
export const storedEntity = (entity: Entity): JsonObject => ({ ...entity, ws_id: WORKSPACE.id });

/** The port is always there: the one that clients use. */
export function requestOrigin({ exchange, core }: RequestContext): string {
  const scheme = exchange.encrypted ? 'https' : 'http';
  const { host } = core.authorities.read(exchange.host);
  return `${scheme}://${host}:${core.advertisedPort(exchange.localPort)}`;
}

/** Whether a client's certificate is good is for plugins to say. */
export const tlsRecord = ({ version, cipher }: TlsSession): JsonObject => ({ version, cipher, client_verify: 'NONE' });

/** Of every try, as text; of an answer that was read whole, the number. */
export const upstreamStatus = ({ isBuffered, upstreamStatus }: RequestContext): string | number =>
  isBuffered ? Number(upstreamStatus.slice(-3)) : upstreamStatus;

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

/** Lines of a head that the engines keep apart from the list: names in lower case, each only once. */
export type LinesApart = readonly (readonly [name: string, value: string])[];

export const requestLines = (context: RequestContext): LinesApart => [
  ['host', context.exchange.host],
  ...framingLines(context),
];

export const responseLines = (ownLines: string): LinesApart =>
  ownLines
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)];
    });

/** Lower-case names, repeated lines as a list, credentials hidden; the lines apart come last. */
export function headerJson(list: HeaderList, apart: LinesApart): JsonObject {
  const record: JsonObject = {};
  for (const [name, value] of list.entries()) {
    const key = name.toLowerCase();
    if (key === '__proto__') continue;
    const current = Object.hasOwn(record, key) ? record[key] : undefined;
    const shown = loggedText(value);
    if (current === undefined) record[key] = shown;
    else if (Array.isArray(current)) current.push(shown);
    else record[key] = [current, shown];
  }
  for (const [name, value] of apart) record[name] = value;
  for (const name of HIDDEN_HEADERS) if (Object.hasOwn(record, name)) record[name] = 'REDACTED';
  return record;
}

/** Whom a credential belongs to: most name the consumer as a reference, a session by his id alone. */
export function authenticatedEntity({ id = null, consumer, consumer_id }: JsonObject): JsonObject {
  const owner = consumer !== undefined && isObject(consumer) ? consumer['id'] : consumer_id;
  return typeof owner === 'string' ? { id, consumer_id: owner } : { id };
}
