// The record of a request as JSON text, written in one go: what log-record.ts would make as an object and JSON.stringify
// would then turn into text. It is for requests whose record no plugin changed; stored entities, most of the text, are
// turned into text once and kept.
import type { JsonObject } from '../../lib/json.ts';
import { parseQuery } from '../../lib/query.ts';
import type { Entity } from '../../schema/define.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { RequestContext } from '../context.ts';
import { flat } from '../http1/own-lines.ts';
import type { Try } from '../try.ts';
import {
  authenticatedEntity,
  headerJson,
  recordLatencies,
  recordSource,
  requestLines,
  responseLines,
  storedEntity,
  tlsRecord,
  upstreamStatus,
  WORKSPACE,
} from './log-record.ts';
import { addCallersLines, type LoggedCaller, loggedCaller } from './logged-caller.ts';
import { quote, quoted } from './quote.ts';

const WORKSPACES = `","workspace":"${WORKSPACE.id}","workspace_name":"${WORKSPACE.name}"`;

export function logText(context: RequestContext): string {
  const { exchange, credential, attempts } = context;
  const caller = loggedCaller(context);
  const uri = quoted(exchange.target);
  const upstreamUri = context.upstreamUri === exchange.target ? uri : quoted(context.upstreamUri);
  const query = context.rawQuery === undefined ? '{}' : JSON.stringify(parseQuery(context.rawQuery));
  const tls = exchange.tlsSession === undefined ? '' : `,"tls":${JSON.stringify(tlsRecord(exchange.tlsSession))}`;
  const status = upstreamStatus(context);
  const { kong, proxy, request, receive } = recordLatencies(context);
  const startedAt = String(context.startedAt);
  let text =
    `{"request":{"id":"${context.id}","uri":"${uri}","url":"${caller.origin}${uri}","querystring":${query},` +
    `"method":"${exchange.method}","headers":${requestHeaders(context, caller)},` +
    `"size":${exchange.bytesIn}${tls}},"upstream_uri":"${upstreamUri}",` +
    `"upstream_status":${typeof status === 'number' ? status : `"${status}"`},"response":{"status":${context.status},` +
    `"headers":${answerHeaders(context)},` +
    `"size":${exchange.bytesOut}},"latencies":{"kong":${kong},"proxy":${proxy},"request":${request},` +
    `"receive":${receive}},"client_ip":"${context.clientIp}","started_at":${startedAt},` +
    `"source":"${recordSource(context)}${WORKSPACES}`;
  if (attempts !== undefined) {
    const only = attempts.length === 1 ? (attempts[0] as Try) : undefined;
    text +=
      only === undefined || only.state !== undefined ? `,"tries":${JSON.stringify(context.tries)}` : tryText(only);
  }
  if (credential !== undefined)
    text += `,"authenticated_entity":${credentialText(context.core.credentialTexts, credential)}`;
  if (context.match !== undefined) text += routeText(context.match.route);
  if (context.consumer !== undefined) {
    text += `,"consumer":${entityText(context.core.entityTexts, context.consumer)}`;
  }
  return `${text}}`;
}

/** The one that most requests have. A millisecond's number with six zeros is its number of nanoseconds. */
function tryText({ peer, startedAt, sentAt, choiceNs }: Try): string {
  const took = sentAt - startedAt;
  return (
    `,"tries":[{"ip":"${peer.address}","port":${peer.port},"balancer_start":${startedAt},` +
    `"balancer_start_ns":${startedAt}000000,"balancer_latency":${took},` +
    `"balancer_latency_ns":${choiceNs ?? took * 1_000_000}}]`
  );
}

/** Route and service, kept with the route. */
function routeText(route: CompiledRoute): string {
  if (route.logText === undefined) {
    const service = route.service === undefined ? '' : `,"service":${JSON.stringify(storedEntity(route.service))}`;
    route.logText = flatAscii(`,"route":${JSON.stringify(storedEntity(route.entity))}${service}`);
  }
  return route.logText;
}

function entityText(known: WeakMap<Entity, string>, entity: Entity): string {
  let text = known.get(entity);
  if (text === undefined) known.set(entity, (text = JSON.stringify(storedEntity(entity))));
  return text;
}

function credentialText(known: WeakMap<JsonObject, string>, credential: JsonObject): string {
  let text = known.get(credential);
  if (text === undefined) known.set(credential, (text = JSON.stringify(authenticatedEntity(credential))));
  return text;
}

function requestHeaders({ core, exchange }: RequestContext, caller: LoggedCaller): string {
  const { headers, hasLength, body } = exchange;
  const framing = hasLength
    ? `,"content-length":"${body.length}"`
    : body.kind === 'chunked'
      ? ',"transfer-encoding":"chunked"'
      : '';
  const members = core.headerMembers;
  members.trim();
  addCallersLines(members, headers, caller);
  members.addRest(headers);
  if (members.isOdd) return JSON.stringify(headerJson(headers, requestLines(exchange)));
  return `${members.text}${framing}}`;
}

function answerHeaders({ core, exchange, responseHeaders }: RequestContext): string {
  if (responseHeaders === undefined) return '{}';
  const { ownLines } = exchange;
  const members = core.headerMembers;
  members.begin('', 0, 0);
  members.addReceived(responseHeaders);
  members.addRest(responseHeaders);
  if (members.isOdd) return JSON.stringify(headerJson(responseHeaders, responseLines(ownLines)));
  const apart = members.labels.ofLines(ownLines, membersOf);
  return `{${apart === '' ? members.text.slice(1) : apart + members.text}}`;
}

const membersOf = (lines: string): string =>
  flatAscii(
    responseLines(lines)
      .map(([name, value]) => `"${name}":${quote(value)}`)
      .join(','),
  );

/** As `flat`, of a text that may hold any characters. */
const flatAscii = (text: string): string => (/^[\x00-\xff]*$/.test(text) ? flat(text) : text);
