// The words of the upstream side: what to send where, what comes back, and how it can fail.
import type * as net from 'node:net';
import type * as tls from 'node:tls';
import type { AlternativeNames } from '../tls/upstream-identity.ts';
import { checkName, checkValue, HeaderError, type HeaderList } from './headers.ts';
import { flat } from './own-lines.ts';
import type { RequestBody } from './request-body.ts';

export interface UpstreamTls {
  /** The name that is asked for and, when verifying, that the certificate must have; an address is only verified. */
  servername?: string | undefined;
  /** Names that it may have instead, when verifying. */
  alsoNamed?: AlternativeNames | undefined;
  rejectUnauthorized: boolean;
  /** Certificates to show and authorities to trust; the runtime's own choice when undefined. */
  secureContext?: tls.SecureContext | undefined;
  /** Most intermediate certificates that are accepted, when verifying. */
  verifyDepth?: number | undefined;
}

export interface UpstreamTarget {
  /** IP address, or a name that the system resolves. */
  host: string;
  port: number;
  tls?: UpstreamTls;
  /** Connections are shared among requests with the same key: it names everything that a connection depends on. */
  key: string;
}

export interface UpstreamRequest {
  target: UpstreamTarget;
  method: string;
  /** Path and query. */
  path: string;
  hostHeader: string;
  /** All other lines. Host, Connection and framing are written by us. */
  headers: HeaderList;
  body: RequestBody | Uint8Array | undefined;
  connectTimeoutMs: number;
  sendTimeoutMs: number;
  readTimeoutMs: number;
  /** Asks for this protocol: then 101 is a possible answer, and the connection is not shared. */
  upgrade?: string | undefined;
}

export interface UpstreamHead {
  status: number;
  reason: string;
  headers: HeaderList;
  /** Declared; undefined for a chunked or close-delimited body. */
  length: number | undefined;
}

/** Events of one call, in this order, on the turn of the bytes: onConnected, onHead, onData…, then onEnd or onError once. */
export interface UpstreamHandler {
  onConnected?(reused: boolean): void;
  onHead(head: UpstreamHead): void;
  /** The chunk is lent for the call: copy it, or keepBytes() it. False pauses until resume(). */
  onData(chunk: Buffer): boolean | undefined;
  /** Trailers without what they may not say. */
  onEnd(trailers?: HeaderList): void;
  onError(error: UpstreamError): void;
  /** 101 was asked for and came; the socket, paused, and the bytes behind the head belong to the handler. */
  onUpgrade?(head: UpstreamHead, socket: net.Socket, bytes: Buffer): void;
}

export interface UpstreamCall {
  pause(): void;
  resume(): void;
  /** Ends the call and its connection; no event follows. */
  abort(): void;
  /** Where the connection leads, once there is one. */
  readonly address: string | undefined;
}

export type UpstreamFault =
  | 'connect'
  | 'connect_timeout'
  | 'tls'
  | 'send_timeout'
  | 'read_timeout'
  | 'reset'
  /** Not processed, says the upstream: it may be sent again whatever it is. */
  | 'refused'
  | 'invalid_response'
  | 'aborted';

export class UpstreamError extends Error {
  readonly kind: UpstreamFault;
  /** Bytes of the request may have reached the upstream. */
  readonly requestSent: boolean;
  /** onHead was called. */
  readonly responseStarted: boolean;

  constructor(kind: UpstreamFault, message: string, requestSent: boolean, responseStarted: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'UpstreamError';
    this.kind = kind;
    this.requestSent = requestSent;
    this.responseStarted = responseStarted;
  }
}

const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const METHODS_WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** The request's head, empty line included. Throws HeaderError for what would break it. */
export function requestHead(request: UpstreamRequest): string {
  const { method, path, hostHeader, body, upgrade } = request;
  if (method !== 'GET') checkName(method);
  checkPath(path);
  let start = `${method} ${path}${hostLines(hostHeader)}`;
  if (upgrade !== undefined)
    start += `Connection: keep-alive, Upgrade\r\nUpgrade: ${checkValue('Upgrade', upgrade)}\r\n`;
  else start += 'Connection: keep-alive\r\n';
  if (body !== undefined || method !== 'GET') start += framing(method, body);
  return `${request.headers.appendTo(start)}\r\n`;
}

const MOST_HOSTS = 1_000;
const linesByHost = new Map<string, string>();

/** The end of the request line, and Host: the same for all requests to an upstream. */
function hostLines(host: string): string {
  let lines = linesByHost.get(host);
  if (lines === undefined) {
    checkPath(host);
    lines = flat(` HTTP/1.1\r\nHost: ${host}\r\n`);
    // With preserve_host the names are the clients'.
    if (linesByHost.size >= MOST_HOSTS) linesByHost.clear();
    linesByHost.set(host, lines);
  }
  return lines;
}

/** The body, unless it can go with the head: it is not here as a whole, or there are lines behind it. */
export function streamedBody(body: RequestBody | Uint8Array | undefined): RequestBody | undefined {
  if (body === undefined || body instanceof Uint8Array) return undefined;
  return body.bytes === undefined || body.trailers !== undefined ? body : undefined;
}

/** Length of a body that is known by now, or undefined for one to be chunked. */
export function bodyLength(body: RequestBody | Uint8Array): number | undefined {
  return body instanceof Uint8Array ? body.length : (body.bytes?.length ?? body.length);
}

function framing(method: string, body: RequestBody | Uint8Array | undefined): string {
  const length = body === undefined ? 0 : bodyLength(body);
  if (length === undefined || hasTrailers(body)) return CHUNKED;
  return length > 0 || METHODS_WITH_BODY.has(method) ? `Content-Length: ${length}\r\n` : '';
}

const hasTrailers = (body: RequestBody | Uint8Array | undefined): boolean =>
  body !== undefined && !(body instanceof Uint8Array) && body.trailers !== undefined;

function checkPath(path: string): void {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f || code > 0xff)
      throw new HeaderError('illegal character in the request line', path.slice(0, 64));
  }
  if (path.length === 0) throw new HeaderError('empty part of the request line', '');
}
