// What a plugin sees of one request, phase by phase. A member that makes no sense in a phase does not exist on that phase's
// type. Header names are case-insensitive; reads give the first value.
import type { X509Certificate } from 'node:crypto';
import type { JsonObject } from '../lib/json.ts';
import type { Entity } from '../schema/define.ts';
import type { BodyLimits, ParsedBody } from './body.ts';
import type { LogEditor } from './stream.ts';
import type { RecordedSpan, Tracing } from './tracing.ts';
import type { UpstreamRetry, UpstreamTry, UpstreamView } from './upstream.ts';
import type { MessageLimits, WebSocketClosing } from './web-socket.ts';

export type HeaderValues = Record<string, string | string[]>;
/** Numbers and booleans are sent as their text. */
export type HeaderValue = string | number | boolean;
/** Decoded query arguments: repeated ones as an array, one without `=` as true. */
export type QueryArguments = Record<string, string | true | (string | true)[]>;

/** The client's request. Changes that plugins make to the request upstream show here too: it is the same request. */
export interface RequestView {
  readonly id: string;
  readonly method: string;
  /** Of the connection: http or https. */
  readonly scheme: 'http' | 'https';
  /** Host without port, as sent. */
  readonly host: string;
  readonly port: number;
  /** 1, 1.1 or 2. */
  readonly httpVersion: number;
  /** Normalised: what the router saw. */
  readonly path: string;
  /** As received, without the query. */
  readonly rawPath: string;
  /** As received or as set by a plugin, without `?`; empty when there is none. */
  readonly rawQuery: string;
  /** The request target exactly as received. */
  readonly target: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Scheme, host, port and path as a trusted proxy in front reported them, else our own view. */
  readonly forwarded: { readonly scheme: string; readonly host: string; readonly port: number; readonly path: string };
  /** What the route took off the path, or what a trusted proxy in front reported. */
  readonly forwardedPrefix: string | undefined;
  /** Captures of the route's regular expression; `unnamed[0]` is the whole match. */
  readonly captures:
    | { readonly unnamed: readonly string[]; readonly named: Readonly<Record<string, string>> }
    | undefined;
  /** What Content-Length, Transfer-Encoding and Expect said about the body; `header` does not show them. */
  readonly framing: BodyFraming;
  /** The connection that the request came on. */
  readonly connection: ConnectionView;
  /** An underscore in the name stands for a dash as well. */
  header(name: string): string | undefined;
  headerValues(name: string): string[];
  /** Lower-case names; of at most `max` lines (100), which may be 1000. */
  headers(max?: number): HeaderValues;
  /** Of at most `max` arguments (100), which may be 1000. */
  query(max?: number): QueryArguments;
}

export interface BodyFraming {
  /** Bytes; undefined when the client did not say. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
  /** The client waits for "100 Continue" before it sends the body. */
  readonly expectsContinue: boolean;
}

export interface ConnectionView {
  readonly localAddress: string;
  readonly localPort: number;
  /** Counts the connections of this node from 1. */
  readonly serial: number;
  /** Requests on this connection so far, this one included. */
  readonly requests: number;
  /** Undefined when the handshake asked for none. The same object for all requests of the connection. */
  readonly clientCertificate: ClientCertificate | undefined;
}

/** What a client showed when it was asked for a certificate. Nothing of it has been verified. */
export interface ClientCertificate {
  /** Ids of the CA certificates that the handshake asked for: of all instances that the server name may lead to. */
  readonly authorities: ReadonlySet<string>;
  /** Its own first, then who issued it, as far as they were sent; empty when it showed none. */
  readonly chain: readonly X509Certificate[];
}

export interface BodyReader {
  /** The whole body, read once and kept for the upstream; undefined when it is larger than `limit` bytes (8 MiB). */
  body(limit?: number): Promise<Buffer | undefined>;
  /** The same, read as its Content-Type (or `type`) says: a form, JSON, or parts. */
  content(limits?: BodyLimits): Promise<ParsedBody>;
}

export interface ClientView {
  /** Of the client, after trusted proxies were looked through. */
  readonly ip: string;
  readonly port: number;
  /** Of the connection. */
  readonly peerIp: string;
  readonly consumer: Entity | undefined;
  readonly credential: JsonObject | undefined;
  /** Sets who the caller is, and the identity headers for the upstream; undefined values clear. */
  authenticate(consumer: Entity | undefined, credential: JsonObject | undefined, identifier: string | undefined): void;
}

/** Headers that every answer to this request will carry, whoever makes it. */
export interface ResponseHeadersView {
  setHeader(name: string, value: HeaderValue | readonly HeaderValue[]): void;
  addHeader(name: string, value: HeaderValue): void;
  removeHeader(name: string): void;
}

export interface ResponseView extends ResponseHeadersView {
  /** service: the upstream answered; exit: a plugin did; error: the gateway did. */
  readonly source: 'service' | 'exit' | 'error';
  status: number;
  header(name: string): string | undefined;
  headerValues(name: string): string[];
  /** As of requests. */
  headers(max?: number): HeaderValues;
}

/** Values that plugins share within one request, typed by their slot. */
export interface Slot<T> {
  readonly name: string;
  /** Never set; carries the type. */
  readonly type?: T;
}
export const slot = <T>(name: string): Slot<T> => ({ name });

export interface Shared {
  get<T>(key: Slot<T>): T | undefined;
  set<T>(key: Slot<T>, value: T): void;
}

interface EveryPhase extends LogEditor {
  readonly request: RequestView;
  readonly client: ClientView;
  readonly shared: Shared;
  /** Measured pieces of work; plugins that send traces send them too. */
  readonly tracing: Tracing;
  readonly route: Entity | undefined;
  readonly service: Entity | undefined;
}

export interface RewriteExchange extends EveryPhase {
  readonly request: RequestView & BodyReader;
  readonly upstream: UpstreamView;
  readonly response: ResponseHeadersView;
}
export interface AccessExchange extends RewriteExchange {
  readonly response: ResponseHeadersView;
}
/** Of a request that asks for a WebSocket. */
export interface HandshakeExchange extends AccessExchange {
  /** For plugins that look at messages: what each side may send at most. */
  limitMessages(limits: MessageLimits): void;
}
/** While messages pass, and when the last one has. */
export interface WebSocketExchange extends EveryPhase {}
export interface WebSocketCloseExchange extends EveryPhase {
  /** Close frames by who sent them; undefined for a side that sent none. */
  readonly closings: { readonly client: WebSocketClosing | undefined; readonly server: WebSocketClosing | undefined };
}
/** A try failed, and another one may follow. */
export interface RetryExchange extends EveryPhase {
  readonly upstream: UpstreamRetry;
  readonly response: ResponseHeadersView;
}
export interface ResponseExchange extends EveryPhase {
  /**
   * The body as far as it was kept: one that a plugin read in `access`, or that could be sent again. Of any other nothing is left,
   * and it counts as too large.
   */
  readonly request: RequestView & BodyReader;
  readonly response: ResponseView & { body: Buffer };
}
/** As it came. */
export interface UpstreamAnswer {
  readonly status: number;
  /** Of the body, when it was declared. */
  readonly length: number | undefined;
  header(name: string): string | undefined;
  headerValues(name: string): string[];
  /** Names as they are written; nothing that is about the connection or the length. */
  entries(): Iterable<[string, string]>;
}

export interface UpstreamAnswerExchange extends EveryPhase {
  readonly answer: UpstreamAnswer;
  readonly response: ResponseHeadersView;
}
export interface HeaderExchange extends EveryPhase {
  readonly response: ResponseView & {
    /** Sends this instead of the body that comes; headers stay as they are, but for the length. */
    replaceBody(body: string | Uint8Array): void;
    /** Said by a plugin whose `body_filter` will change nothing of this answer: its length stays known. */
    keepsBody(): void;
  };
}
export interface BodyExchange extends EveryPhase {
  readonly response: Pick<ResponseView, 'source' | 'status' | 'header' | 'headers'> & {
    /** What followed the upstream's body; known with the last chunk, undefined when nothing did. */
    readonly trailers: HeaderValues | undefined;
  };
}
export interface LogExchange extends EveryPhase {
  readonly response: Pick<ResponseView, 'source' | 'status' | 'header' | 'headers'>;
  /** Milliseconds: in the gateway, waiting for the upstream (-1 when none answered), in all. Cheaper than the record. */
  readonly latencies: { readonly kong: number; readonly proxy: number; readonly request: number };
  /** Of the whole exchange with the client, heads included. */
  readonly bytes: { readonly received: number; readonly sent: number };
  /** To reach an upstream, in order; undefined when none was asked. */
  readonly tries: readonly UpstreamTry[] | undefined;
  /** What plugins measured, in the order in which it began. */
  readonly spans: readonly RecordedSpan[];
  /** The record that log plugins send, with all values set so far. Its route, service and consumer are the stored ones: read only. */
  logRecord(): JsonObject;
  /** The same as JSON, in one line; cheaper than turning the record into text. */
  logText(): string;
  /** As bytes of UTF-8, with a line break: cheaper still. They are good until somebody asks for another record. */
  logLine(): Uint8Array;
}
