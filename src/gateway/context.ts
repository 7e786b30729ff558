// One request on its way through the gateway: what the core notes of it, and the views that plugins get. One object with
// fixed fields; parts that many requests never touch are made when asked for.
import type { Json, JsonObject } from '../lib/json.ts';
import { normalise, splitTarget } from '../lib/uri.ts';
import type {
  Answer,
  HandshakeExchange,
  LogExchange,
  LogMode,
  MessageLimits,
  RecordedSpan,
  RequestView,
  ResponseExchange,
  Shared,
  Slot,
  Tracing,
  UpstreamTls,
  UpstreamTry,
  WebSocketCloseExchange,
} from '../pdk/index.ts';
import type { Entity } from '../schema/define.ts';
import type { CompiledRoute } from './compiled-route.ts';
import { type GatewayCore, reportPluginError } from './core.ts';
import type { ClientExchange } from './exchange.ts';
import type { HeaderList } from './http1/headers.ts';
import { LineName, OwnLine } from './http1/own-lines.ts';
import { readDebugAsk, readKongDebug } from './observe/debug-ask.ts';
import { type JsonBytes, piece } from './observe/json-bytes.ts';
import { type LogEdit, logEdit } from './observe/log-edits.ts';
import { logRecord, recordLatencies } from './observe/log-record.ts';
import { RequestSpans } from './observe/request-spans.ts';
import { Timeline } from './observe/timeline.ts';
import { writeRecord } from './observe/write-record.ts';
import type { PluginInstance } from './plugins/instances.ts';
import { type Chosen, NOTHING } from './plugins/plan.ts';
import type { RouteMatch } from './router/router.ts';
import type { Snapshot, UpstreamSettings } from './snapshot.ts';
import { removeClaims } from './trust.ts';
import { recordTry, type Try } from './try.ts';
import type { UpstreamScheme } from './upstream-scheme.ts';
import { ClientSide } from './views/client.ts';
import { RequestSide } from './views/request.ts';
import { ResponseSide } from './views/response.ts';
import { UpstreamSide } from './views/upstream.ts';

const REQUEST_ID = new LineName('X-Kong-Request-Id');
const LINE_BREAK = piece('\n');
const NO_SPANS: readonly RecordedSpan[] = [];
const NO_LIMITS: MessageLimits = {};
const NO_CLOSINGS: WebSocketCloseExchange['closings'] = { client: undefined, server: undefined };

export class RequestContext
  implements LogExchange, HandshakeExchange, ResponseExchange, WebSocketCloseExchange, Shared
{
  readonly core: GatewayCore;
  readonly exchange: ClientExchange;
  readonly snapshot: Snapshot;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly isTrustedPeer: boolean;
  readonly clientIp: string;
  /** The path as sent, without the query. */
  readonly sentPath: string;
  /** Normalised path: what is routed, and what everything else is derived from. */
  readonly path: string;
  /** Only for clients that ask for one and may. */
  readonly timeline: Timeline | undefined;

  // What routing and plugins decide.
  match: RouteMatch<CompiledRoute> | undefined = undefined;
  route: Entity | undefined = undefined;
  service: Entity | undefined = undefined;
  answer: Answer | undefined = undefined;
  chosen: Chosen = NOTHING;
  consumer: Entity | undefined = undefined;
  credential: JsonObject | undefined = undefined;

  // Where the request goes.
  upstreamMethod: string;
  upstreamPath: string | undefined = undefined;
  /** Without `?`; undefined when the target has none. */
  rawQuery: string | undefined;
  upstreamHost: string | undefined = undefined;
  upstreamBody: Uint8Array | undefined = undefined;
  upstreamUri = '';
  targetHost: string | undefined = undefined;
  targetPort = 0;
  /** In place of the service's protocol. */
  upstreamScheme: UpstreamScheme | undefined = undefined;
  upstreamTls: UpstreamTls | undefined = undefined;
  /** In place of what the service says. */
  limits: Partial<UpstreamSettings> | undefined = undefined;
  /** A plugin wants the trailers of the answer, whatever the client said. */
  wantsTrailers = false;
  forwardedPrefix: string | undefined = undefined;
  /** In order. */
  attempts: Try[] | undefined = undefined;

  // What was answered, and how long it took.
  /** Too late for plugins to decide anything about the request. */
  isAnswering = false;
  /** The whole answer is being looked at: what was kept of the request's body may be read. */
  isInResponse = false;
  source: 'service' | 'exit' | 'error' = 'error';
  status = 0;
  upstreamStatus = '';
  proxyLatency = 0;
  /** -1 until an upstream answered, or it is known that none will. */
  upstreamLatency = -1;
  receiveLatency = 0;
  /** Milliseconds since the epoch; 0 until then, and where nobody wants to know. */
  endedAt = 0;
  /** The whole answer was read before its head went out. */
  isBuffered = false;
  /** The upstream spoke HTTP/2. */
  isUpstreamHttp2 = false;
  /** Body filters that said they change nothing. */
  keptBodies = 0;
  /** What a header filter sends instead of the body that comes. */
  replacedBody: string | Uint8Array | undefined = undefined;
  /** Behind the upstream's body; noted only where body filters look at it. */
  trailers: HeaderList | undefined = undefined;
  /** Of the answer that is on its way: what plugins change. */
  boundHeaders: HeaderList | undefined = undefined;
  /** Of the answer that went out. */
  responseHeaders: HeaderList | undefined = undefined;
  messageLimits: MessageLimits = NO_LIMITS;
  /** Of a WebSocket whose messages plugins see. */
  closings: WebSocketCloseExchange['closings'] = NO_CLOSINGS;

  #forwarded: RequestView['forwarded'] | undefined = undefined;
  #request: RequestSide | undefined = undefined;
  #upstream: UpstreamSide | undefined = undefined;
  #response: ResponseSide | undefined = undefined;
  #client: ClientSide | undefined = undefined;
  #idLine: OwnLine | undefined = undefined;
  #slots: Map<object, unknown> | undefined = undefined;
  #logEdits: LogEdit[] | undefined = undefined;
  #spans: RequestSpans | undefined = undefined;

  constructor(core: GatewayCore, snapshot: Snapshot, exchange: ClientExchange) {
    this.core = core;
    this.snapshot = snapshot;
    this.exchange = exchange;
    this.id = core.newRequestId();
    this.startedAt = exchange.startedAt;
    this.isTrustedPeer = core.trust.isTrusted(exchange.remoteAddress);
    this.clientIp = core.trust.clientAddress(exchange.headers, exchange.remoteAddress, exchange.announcedAddress);
    const isDebugged = removeClaims(exchange.headers, this.isTrustedPeer);
    this.timeline = isDebugged || core.config.allowsDebug ? this.#startTimeline() : undefined;
    const { path, query } = splitTarget(exchange.target);
    this.sentPath = path;
    this.path = normalise(path, true);
    this.rawQuery = query;
    this.upstreamMethod = exchange.method;
  }

  #startTimeline(): Timeline | undefined {
    const { core, exchange, clientIp } = this;
    const { config } = core;
    const asking = { config, headers: exchange.headers, addresses: [exchange.remoteAddress, clientIp] } as const;
    const ask = readDebugAsk(asking) ?? readKongDebug(asking);
    return ask && new Timeline(this.id, ask);
  }

  get request(): RequestSide {
    return (this.#request ??= new RequestSide(this));
  }
  get upstream(): UpstreamSide {
    return (this.#upstream ??= new UpstreamSide(this));
  }
  get response(): ResponseSide {
    return (this.#response ??= new ResponseSide(this, this.boundHeaders));
  }
  get client(): ClientSide {
    return (this.#client ??= new ClientSide(this));
  }
  get shared(): Shared {
    return this;
  }
  get tracing(): Tracing {
    return (this.#spans ??= new RequestSpans());
  }
  get spans(): readonly RecordedSpan[] {
    return this.#spans?.all ?? NO_SPANS;
  }

  /** From now on these are the headers that plugins see and change; what they wanted before is done to them. */
  bindHeaders(headers: HeaderList): void {
    this.boundHeaders = headers;
    this.#response?.bind(headers);
  }

  get<T>(key: Slot<T>): T | undefined {
    return this.#slots?.get(key) as T | undefined;
  }
  set<T>(key: Slot<T>, value: T): void {
    (this.#slots ??= new Map()).set(key, value);
  }

  setLogValue(key: string, value: Json | undefined, mode: LogMode = 'set'): void {
    (this.#logEdits ??= []).push(logEdit(key, value, mode));
  }
  logRecord(): JsonObject {
    return logRecord(this, this.#logEdits ?? []);
  }
  logText(): string {
    return this.#writeRecord().text();
  }
  logLine(): Uint8Array {
    const record = this.#writeRecord();
    record.piece(LINE_BREAK);
    return record.bytes();
  }
  #writeRecord(): JsonBytes {
    if (this.#logEdits === undefined) return writeRecord(this);
    const { record } = this.core;
    record.clear();
    record.utf8(JSON.stringify(this.logRecord()));
    return record;
  }

  limitMessages(limits: MessageLimits): void {
    this.messageLimits = limits;
  }

  get latencies(): LogExchange['latencies'] {
    return recordLatencies(this);
  }
  get tries(): readonly UpstreamTry[] | undefined {
    return this.attempts?.map(recordTry);
  }
  get bytes(): LogExchange['bytes'] {
    return { received: this.exchange.bytesIn, sent: this.exchange.bytesOut };
  }

  /** What a trusted peer reports of the request he got, else our own view of it. */
  get forwarded(): RequestView['forwarded'] {
    return (this.#forwarded ??= this.#readForwarded());
  }

  #readForwarded(): RequestView['forwarded'] {
    const { core, exchange } = this;
    const own = {
      scheme: exchange.encrypted ? 'https' : 'http',
      host: core.authorities.read(exchange.host).host,
      port: core.advertisedPort(exchange.localPort),
      path: this.sentPath,
    };
    return this.isTrustedPeer ? { ...own, ...reported(exchange.headers) } : own;
  }

  /** What the client used, as far as we believe the proxies in front. */
  get scheme(): string {
    return this.isTrustedPeer ? this.forwarded.scheme : this.exchange.encrypted ? 'https' : 'http';
  }

  /** X-Forwarded-Prefix of a trusted peer. */
  get reportedPrefix(): string | undefined {
    return this.isTrustedPeer ? this.exchange.headers.get('x-forwarded-prefix') : undefined;
  }

  /** Tells the request's id, to the upstream and to the client. */
  get idLine(): OwnLine {
    return (this.#idLine ??= new OwnLine(REQUEST_ID, this.id));
  }

  /** Milliseconds since the request began; once it has ended, what it took. */
  elapsed(): number {
    return Math.max(0, (this.endedAt || Date.now()) - this.startedAt);
  }

  reportPluginError(instance: PluginInstance, phase: string, error: unknown): void {
    reportPluginError(this.core, instance, phase, error, this.id);
  }
}

/** What a trusted peer says of the request that he got: of lists the first entry. */
function reported(headers: HeaderList): Partial<RequestView['forwarded']> {
  const first = (header: string): string | undefined => headers.get(header)?.split(',')[0]?.trim();
  const scheme = first('x-forwarded-proto');
  const host = first('x-forwarded-host');
  const port = readPort(first('x-forwarded-port'));
  const path = headers.get('x-forwarded-path');
  return {
    ...(scheme !== undefined && { scheme }),
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(path !== undefined && { path }),
  };
}

const readPort = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined;
