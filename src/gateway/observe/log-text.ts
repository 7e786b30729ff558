// The record of a request as JSON text, written in one go: what log-record.ts would make as an object and JSON.stringify
// would then turn into text. It is for requests whose record no plugin changed; stored entities, most of the text, are
// turned into text once and kept.
import { parseQuery } from '../../lib/query.ts';
import type { Entity } from '../../schema/define.ts';
import type { RequestContext } from '../context.ts';
import type { ClientExchange } from '../exchange.ts';
import type { HeaderList } from '../http1/headers.ts';
import type { HeaderLabels } from './header-labels.ts';
import {
  authenticatedEntity,
  headerJson,
  recordLatencies,
  recordSource,
  requestLines,
  requestUrl,
  responseLines,
  storedEntity,
  tlsRecord,
  upstreamStatus,
  WORKSPACE,
} from './log-record.ts';

export function logText(context: RequestContext): string {
  const { exchange, credential, tries } = context;
  const query = context.rawQuery === undefined ? '{}' : JSON.stringify(parseQuery(context.rawQuery));
  const tls = exchange.tlsSession === undefined ? '' : `,"tls":${JSON.stringify(tlsRecord(exchange.tlsSession))}`;
  const status = upstreamStatus(context);
  const { kong, proxy, request, receive } = recordLatencies(context);
  const labels = context.core.headerLabels;
  let text =
    `{"request":{"id":"${context.id}","uri":${quote(exchange.target)},"url":${quote(requestUrl(context))},"querystring":${query},` +
    `"method":${quote(exchange.method)},"headers":${requestHeaders(exchange, labels)},` +
    `"size":${exchange.bytesIn}${tls}},"upstream_uri":${quote(context.upstreamUri)},` +
    `"upstream_status":${typeof status === 'number' ? status : `"${status}"`},"response":{"status":${context.status},` +
    `"headers":${context.responseHeaders === undefined ? '{}' : answerHeaders(context.responseHeaders, exchange.ownLines, labels)},` +
    `"size":${exchange.bytesOut}},"latencies":{"kong":${kong},"proxy":${proxy},"request":${request},` +
    `"receive":${receive}},"client_ip":"${context.clientIp}","started_at":${context.startedAt},` +
    `"source":"${recordSource(context)}","workspace":"${WORKSPACE.id}","workspace_name":"${WORKSPACE.name}"`;
  if (tries !== undefined) text += `,"tries":${JSON.stringify(tries)}`;
  if (credential !== undefined) text += `,"authenticated_entity":${JSON.stringify(authenticatedEntity(credential))}`;
  const { entityTexts } = context.core;
  if (context.route !== undefined) text += `,"route":${entityText(entityTexts, context.route)}`;
  if (context.service !== undefined) text += `,"service":${entityText(entityTexts, context.service)}`;
  if (context.consumer !== undefined) text += `,"consumer":${entityText(entityTexts, context.consumer)}`;
  return `${text}}`;
}

function entityText(known: WeakMap<Entity, string>, entity: Entity): string {
  let text = known.get(entity);
  if (text === undefined) known.set(entity, (text = JSON.stringify(storedEntity(entity))));
  return text;
}

function requestHeaders(exchange: ClientExchange, labels: HeaderLabels): string {
  const { headers, host, hasLength, body } = exchange;
  const framing = hasLength
    ? `,"content-length":"${body.length}"`
    : body.kind === 'chunked'
      ? ',"transfer-encoding":"chunked"'
      : '';
  return (
    headersText(headers, `"host":${quote(host)}${framing}`, labels) ??
    JSON.stringify(headerJson(headers, requestLines(exchange)))
  );
}

const answerHeaders = (headers: HeaderList, ownLines: string, labels: HeaderLabels): string =>
  headersText(headers, labels.ofLines(ownLines, membersOf), labels) ??
  JSON.stringify(headerJson(headers, responseLines(ownLines)));

const membersOf = (lines: string): string =>
  responseLines(lines)
    .map(([name, value]) => `"${name}":${quote(value)}`)
    .join(',');

/** Lower-case names, then what stands apart from the list; undefined for a list with repeated lines. */
function headersText(list: HeaderList, apart: string, labels: HeaderLabels): string | undefined {
  labels.trim();
  const isPlain = list.isPlain();
  let text = '';
  let isOdd = false;
  // A bit for each label: only where two meet can there be a name twice.
  let low = 0;
  let high = 0;
  list.forEach((name, value) => {
    const label = labels.of(name);
    isOdd ||= label.isOdd;
    const bit = 1 << (label.slot & 31);
    if (label.slot < 32) {
      isOdd ||= (low & bit) !== 0;
      low |= bit;
    } else {
      isOdd ||= (high & bit) !== 0;
      high |= bit;
    }
    text += text === '' ? label.first : label.next;
    text += label.isHidden ? '"REDACTED"' : isPlain ? `"${value}"` : JSON.stringify(value);
  });
  if (isOdd) return undefined;
  return text === '' || apart === '' ? `{${text}${apart}}` : `{${text},${apart}}`;
}

/** A JSON string. Plain ASCII, the common case, needs nothing but its quotes. */
function quote(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return JSON.stringify(value);
  }
  return `"${value}"`;
}
