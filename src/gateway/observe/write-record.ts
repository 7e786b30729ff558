// The record of a request as JSON, written in one go: what log-record.ts would make as an object. It is for requests whose
// record no plugin changed; stored entities, most of the text, are turned into bytes once and kept.
import type { JsonObject } from '../../lib/json.ts';
import { parseQuery } from '../../lib/query.ts';
import type { Entity } from '../../schema/define.ts';
import type { CompiledRoute } from '../compiled-route.ts';
import type { RequestContext } from '../context.ts';
import type { Try } from '../try.ts';
import { type JsonBytes, NumberMember, piece } from './json-bytes.ts';
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

const REQUEST = piece('{"request":{"id":"');
const URI = piece('","uri":"');
const NO_QUERY = piece('","querystring":{}');
const QUERY = piece('","querystring":');
const CONTENT_LENGTH = piece(',"content-length":"');
const CHUNKED = piece(',"transfer-encoding":"chunked"');
const REQUEST_SIZE = new NumberMember('},"size":', '},"upstream_uri":"');
const SIZE = new NumberMember('},"size":');
const SIZE_ALONE = piece(',"size":');
const TLS = piece(',"tls":');
const UPSTREAM_URI = piece('},"upstream_uri":"');
const UPSTREAM_STATUS = piece('","upstream_status":');
const RESPONSE = piece(',"response":{"status":');
const ANSWER_HEADERS = piece(',"headers":');
const KONG = new NumberMember('},"latencies":{"kong":');
const PROXY = new NumberMember(',"proxy":');
const WHOLE = new NumberMember(',"request":');
const RECEIVE = new NumberMember(',"receive":');
const SOURCE = ',"source":"';
const WORKSPACES = `","workspace":"${WORKSPACE.id}","workspace_name":"${WORKSPACE.name}"`;
const FROM_UPSTREAM = piece(`${SOURCE}upstream${WORKSPACES}`);
const FROM_UPSTREAM_BY_ONE_TRY = piece(`${SOURCE}upstream${WORKSPACES},"tries":[{"ip":"`);
const FROM_KONG = piece(`${SOURCE}kong${WORKSPACES}`);
const TRIES = piece(',"tries":');
const PORT = piece('","port":');
const BALANCER_START = piece(',"balancer_start":');
const BALANCER_START_NS = piece(',"balancer_start_ns":');
const BALANCER_LATENCY = new NumberMember('000000,"balancer_latency":', ',"balancer_latency_ns":');
const TRY_END = piece('}]');
const CREDENTIAL = piece(',"authenticated_entity":');
const CONSUMER = piece(',"consumer":');
const OPEN = piece('{');
const QUOTE = piece('"');
const END = piece('}');

/** In place of what was written before. */
export function writeRecord(context: RequestContext): JsonBytes {
  const { exchange, credential, attempts, core } = context;
  const out = core.record;
  const caller = loggedCaller(context);
  out.clear();
  writeRequest(out, context, caller);
  out.quoted(context.upstreamUri);
  writeStatus(out, context);
  writeAnswerHeaders(out, context);
  out.member(SIZE, exchange.bytesOut);
  const { kong, proxy, request, receive } = recordLatencies(context);
  out.member(KONG, kong);
  out.member(PROXY, proxy);
  out.member(WHOLE, request);
  out.member(RECEIVE, receive);
  out.piece(caller.client);
  out.milliseconds(context.startedAt);
  const isUpstreams = recordSource(context) === 'upstream';
  const only = onlyTry(attempts);
  if (isUpstreams && only !== undefined) {
    out.piece(FROM_UPSTREAM_BY_ONE_TRY);
    writeTry(out, only);
  } else {
    out.piece(isUpstreams ? FROM_UPSTREAM : FROM_KONG);
    if (attempts !== undefined) writeTries(out, context);
  }
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

function writeRequest(out: JsonBytes, context: RequestContext, caller: LoggedCaller): void {
  const { exchange } = context;
  const { target, tlsSession } = exchange;
  out.piece(REQUEST);
  context.core.headerMembers.start(context.id, out.length);
  out.ascii(context.id);
  out.piece(URI);
  out.quoted(target);
  out.piece(caller.url);
  out.quoted(target);
  if (context.rawQuery === undefined) out.piece(NO_QUERY);
  else {
    out.piece(QUERY);
    out.utf8(JSON.stringify(parseQuery(context.rawQuery)));
  }
  out.piece(methodBytes(exchange.method));
  writeRequestHeaders(out, context, caller);
  if (tlsSession === undefined) {
    out.member(REQUEST_SIZE, exchange.bytesIn);
    return;
  }
  out.piece(END);
  out.piece(SIZE_ALONE);
  out.number(exchange.bytesIn);
  out.piece(TLS);
  out.utf8(JSON.stringify(tlsRecord(tlsSession)));
  out.piece(UPSTREAM_URI);
}

/** Without the brace that closes them. */
function writeRequestHeaders(out: JsonBytes, context: RequestContext, caller: LoggedCaller): void {
  const { core, exchange, upstreamBody } = context;
  const { headers, hasLength, body } = exchange;
  const members = core.headerMembers;
  const from = out.length;
  addCallersLines(members, headers, caller);
  members.addRest(headers);
  if (members.isOdd) {
    out.cut(from);
    writeOpen(out, headerJson(headers, requestLines(context)));
  } else if (hasLength || upstreamBody !== undefined) {
    out.piece(CONTENT_LENGTH);
    out.number((upstreamBody ?? body).length as number);
    out.piece(QUOTE);
  } else if (body.kind === 'chunked') out.piece(CHUNKED);
}

/** Without the brace that closes it. */
const writeOpen = (out: JsonBytes, object: JsonObject): void => out.utf8(JSON.stringify(object).slice(0, -1));

const METHODS = new Map<string, Uint8Array>();
/** Clients may make up names of methods. */
const MOST_METHODS = 64;

function methodBytes(method: string): Uint8Array {
  const known = METHODS.get(method);
  if (known !== undefined) return known;
  const bytes = piece(`,"method":"${method}","headers":`);
  if (METHODS.size < MOST_METHODS) METHODS.set(method, bytes);
  return bytes;
}

const STATUSES: (Uint8Array | undefined)[] = [];

/** What the upstream said, and what the client was told. */
function writeStatus(out: JsonBytes, context: RequestContext): void {
  const { status } = context;
  const upstream = upstreamStatus(context);
  if (upstream === STATUS_TEXTS[status]) {
    out.piece(
      (STATUSES[status] ??= piece(`","upstream_status":"${status}","response":{"status":${status},"headers":`)),
    );
    return;
  }
  out.piece(UPSTREAM_STATUS);
  if (typeof upstream === 'number') out.number(upstream);
  else {
    out.piece(QUOTE);
    out.closed(upstream);
  }
  out.piece(RESPONSE);
  out.number(status);
  out.piece(ANSWER_HEADERS);
}

const STATUS_TEXTS = Array.from({ length: 600 }, (_, status) => String(status));

/** Without the brace that closes them. */
function writeAnswerHeaders(out: JsonBytes, { core, exchange, responseHeaders }: RequestContext): void {
  if (responseHeaders === undefined) {
    out.piece(OPEN);
    return;
  }
  const { ownLines } = exchange;
  const members = core.headerMembers;
  const from = out.length;
  members.beginAnswer();
  members.addEngines(ownLines);
  members.addReceived(responseHeaders);
  members.addRest(responseHeaders);
  if (members.isOdd) {
    out.cut(from);
    writeOpen(out, headerJson(responseHeaders, responseLines(ownLines)));
  } else out.openAt(from);
}

function writeTries(out: JsonBytes, context: RequestContext): void {
  out.piece(TRIES);
  out.utf8(JSON.stringify(context.tries));
}

/** The one that most requests have: it did not fail. */
function onlyTry(attempts: readonly Try[] | undefined): Try | undefined {
  const only = attempts?.length === 1 ? attempts[0] : undefined;
  return only?.state === undefined ? only : undefined;
}

/** From its address on. A millisecond's number with six zeros is its number of nanoseconds. */
function writeTry(out: JsonBytes, { peer, startedAt, sentAt, choiceNs }: Try): void {
  const took = sentAt - startedAt;
  out.quoted(peer.address);
  out.piece(PORT);
  out.number(peer.port);
  out.piece(BALANCER_START);
  out.milliseconds(startedAt);
  out.piece(BALANCER_START_NS);
  out.milliseconds(startedAt);
  out.member(BALANCER_LATENCY, took);
  out.number(choiceNs ?? took * 1_000_000);
  out.piece(TRY_END);
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
