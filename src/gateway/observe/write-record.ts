// The record of a request as JSON, written in one go: what log-record.ts would make as an object. It is for requests whose
// record no plugin changed; stored entities, most of the text, are turned into bytes once and kept.
import type { JsonObject } from '../../lib/json.ts';
import { parseQuery } from '../../lib/query.ts';
import type { Entity } from '../../schema/define.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { RequestContext } from '../context.ts';
import type { Try } from '../try.ts';
import { type JsonBytes, piece } from './json-bytes.ts';
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
import { addCallersLines, loggedCaller } from './logged-caller.ts';

const REQUEST = piece('{"request":{"id":"');
const URI = piece('","uri":"');
const URL = piece('","url":"');
const QUERY = piece('","querystring":');
const NO_QUERY = piece('","querystring":{},"method":"');
const METHOD = piece(',"method":"');
const REQUEST_HEADERS = piece('","headers":');
const CONTENT_LENGTH = piece(',"content-length":"');
const CHUNKED = piece(',"transfer-encoding":"chunked"');
const SIZE = piece(',"size":');
const TLS = piece(',"tls":');
const UPSTREAM_URI = piece('},"upstream_uri":"');
const UPSTREAM_STATUS = piece('","upstream_status":');
const RESPONSE = piece(',"response":{"status":');
const ANSWER_HEADERS = piece(',"headers":');
const LATENCIES = piece('},"latencies":{"kong":');
const PROXY = piece(',"proxy":');
const WHOLE = piece(',"request":');
const RECEIVE = piece(',"receive":');
const CLIENT = piece('},"client_ip":"');
const STARTED = piece('","started_at":');
const SOURCE = piece(',"source":"');
const WORKSPACES = piece(`","workspace":"${WORKSPACE.id}","workspace_name":"${WORKSPACE.name}"`);
const TRIES = piece(',"tries":');
const TRY = piece(',"tries":[{"ip":"');
const PORT = piece('","port":');
const BALANCER_START = piece(',"balancer_start":');
const BALANCER_START_NS = piece(',"balancer_start_ns":');
const BALANCER_LATENCY = piece('000000,"balancer_latency":');
const BALANCER_LATENCY_NS = piece(',"balancer_latency_ns":');
const TRY_END = piece('}]');
const CREDENTIAL = piece(',"authenticated_entity":');
const CONSUMER = piece(',"consumer":');
const NOTHING = piece('{}');
const QUOTE = piece('"');
const END = piece('}');

/** In place of what was written before. */
export function writeRecord(context: RequestContext): JsonBytes {
  const { exchange, credential, attempts, core } = context;
  const out = core.record;
  out.cut(0);
  writeRequest(out, context);
  const status = upstreamStatus(context);
  out.piece(UPSTREAM_URI);
  out.quoted(context.upstreamUri);
  out.piece(UPSTREAM_STATUS);
  if (typeof status === 'number') out.number(status);
  else writeString(out, status);
  out.piece(RESPONSE);
  out.number(context.status);
  out.piece(ANSWER_HEADERS);
  writeAnswerHeaders(out, context);
  out.piece(SIZE);
  out.number(exchange.bytesOut);
  writeTimes(out, context);
  if (attempts !== undefined) writeTries(out, attempts, context);
  if (credential !== undefined) {
    out.piece(CREDENTIAL);
    out.piece(credentialBytes(core.credentialBytes, credential));
  }
  if (context.match !== undefined) out.piece(routeBytes(context.match.route));
  if (context.consumer !== undefined) {
    out.piece(CONSUMER);
    out.piece(entityBytes(core.entityBytes, context.consumer));
  }
  out.piece(END);
  return out;
}

function writeRequest(out: JsonBytes, context: RequestContext): void {
  const { exchange } = context;
  const { target, tlsSession } = exchange;
  const caller = loggedCaller(context);
  out.piece(REQUEST);
  out.ascii(context.id);
  out.piece(URI);
  out.quoted(target);
  out.piece(URL);
  out.piece(caller.origin);
  out.quoted(target);
  if (context.rawQuery === undefined) out.piece(NO_QUERY);
  else {
    out.piece(QUERY);
    out.utf8(JSON.stringify(parseQuery(context.rawQuery)));
    out.piece(METHOD);
  }
  out.ascii(exchange.method);
  out.piece(REQUEST_HEADERS);
  writeRequestHeaders(out, context);
  out.piece(SIZE);
  out.number(exchange.bytesIn);
  if (tlsSession !== undefined) {
    out.piece(TLS);
    out.utf8(JSON.stringify(tlsRecord(tlsSession)));
  }
}

function writeTimes(out: JsonBytes, context: RequestContext): void {
  const { kong, proxy, request, receive } = recordLatencies(context);
  out.piece(LATENCIES);
  out.number(kong);
  out.piece(PROXY);
  out.number(proxy);
  out.piece(WHOLE);
  out.number(request);
  out.piece(RECEIVE);
  out.number(receive);
  out.piece(CLIENT);
  out.ascii(context.clientIp);
  out.piece(STARTED);
  out.number(context.startedAt);
  out.piece(SOURCE);
  out.ascii(recordSource(context));
  out.piece(WORKSPACES);
}

function writeTries(out: JsonBytes, attempts: readonly Try[], context: RequestContext): void {
  const only = attempts.length === 1 ? (attempts[0] as Try) : undefined;
  if (only === undefined || only.state !== undefined) {
    out.piece(TRIES);
    out.utf8(JSON.stringify(context.tries));
  } else writeTry(out, only);
}

/** The one that most requests have. A millisecond's number with six zeros is its number of nanoseconds. */
function writeTry(out: JsonBytes, { peer, startedAt, sentAt, choiceNs }: Try): void {
  const took = sentAt - startedAt;
  out.piece(TRY);
  out.quoted(peer.address);
  out.piece(PORT);
  out.number(peer.port);
  out.piece(BALANCER_START);
  out.number(startedAt);
  out.piece(BALANCER_START_NS);
  out.number(startedAt);
  out.piece(BALANCER_LATENCY);
  out.number(took);
  out.piece(BALANCER_LATENCY_NS);
  out.number(choiceNs ?? took * 1_000_000);
  out.piece(TRY_END);
}

function writeString(out: JsonBytes, text: string): void {
  out.piece(QUOTE);
  out.closed(text);
}

/** Route and service, kept with the route. */
function routeBytes(route: CompiledRoute): Uint8Array {
  if (route.logged === undefined) {
    const service = route.service === undefined ? '' : `,"service":${JSON.stringify(storedEntity(route.service))}`;
    route.logged = piece(`,"route":${JSON.stringify(storedEntity(route.entity))}${service}`);
  }
  return route.logged;
}

function entityBytes(known: WeakMap<Entity, Uint8Array>, entity: Entity): Uint8Array {
  let bytes = known.get(entity);
  if (bytes === undefined) known.set(entity, (bytes = piece(JSON.stringify(storedEntity(entity)))));
  return bytes;
}

function credentialBytes(known: WeakMap<JsonObject, Uint8Array>, credential: JsonObject): Uint8Array {
  let bytes = known.get(credential);
  if (bytes === undefined) known.set(credential, (bytes = piece(JSON.stringify(authenticatedEntity(credential)))));
  return bytes;
}

function writeRequestHeaders(out: JsonBytes, context: RequestContext): void {
  const { exchange, core } = context;
  const { headers, hasLength, body } = exchange;
  const members = core.headerMembers;
  const from = out.length;
  members.trim();
  addCallersLines(members, headers, loggedCaller(context));
  members.addRest(headers);
  if (members.isOdd) {
    out.cut(from);
    out.utf8(JSON.stringify(headerJson(headers, requestLines(exchange))));
    return;
  }
  if (hasLength) {
    out.piece(CONTENT_LENGTH);
    out.number(body.length as number);
    out.piece(QUOTE);
  } else if (body.kind === 'chunked') out.piece(CHUNKED);
  out.piece(END);
}

function writeAnswerHeaders(out: JsonBytes, { core, exchange, responseHeaders }: RequestContext): void {
  if (responseHeaders === undefined) {
    out.piece(NOTHING);
    return;
  }
  const { ownLines } = exchange;
  const members = core.headerMembers;
  const from = out.length;
  members.begin('answer', 0, 0);
  members.addEngines(ownLines);
  members.addReceived(responseHeaders);
  members.addRest(responseHeaders);
  if (members.isOdd) {
    out.cut(from);
    out.utf8(JSON.stringify(headerJson(responseHeaders, responseLines(ownLines))));
  } else {
    out.openAt(from);
    out.piece(END);
  }
}
