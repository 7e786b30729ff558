// One HTTP/2 connection: streams become exchanges. It counts what streams end badly, because resets cost a client nothing
// and a server much: who resets a hundred in a second, or most of a thousand, is cut off before more is done for him.
import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type * as net from 'node:net';
import type * as tls from 'node:tls';
import type { Waiting } from '../http1/client-socket.ts';
import { clearDeadline, type DeadlineList } from '../http1/deadlines.ts';
import { HeaderList } from '../http1/headers.ts';
import { Peer } from '../http1/peer.ts';
import type { ConnectionInfo, ServerLimits } from '../http1/server.ts';
import { tlsSessionOf } from '../tls/session.ts';
import { Http2Exchange } from './exchange.ts';
import { RefusedStream } from './refused-stream.ts';
import { readHttp2Head } from './request-head.ts';
import type { Http2Server } from './server.ts';

const { NGHTTP2_PROTOCOL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM } = constants;

const MAX_RESETS_A_SECOND = 100;
/** Of so many streams at most half may end badly. */
const RESET_SAMPLE = 1000;
export const MAX_HEADER_LINES = 128;
const SETTINGS: Settings = {
  maxConcurrentStreams: 128,
  /** nghttp2 resets what is twice as large as what we answer with 431. */
  maxHeaderListSize: 65_536,
  initialWindowSize: 65_535,
  enablePush: false,
};
const SESSION = {
  settings: SETTINGS,
  maxSessionMemory: 10,
  maxHeaderListPairs: 2 * MAX_HEADER_LINES,
  maxSettings: 32,
  maxOutstandingPings: 10,
  maxOutstandingSettings: 10,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  maxReservedRemoteStreams: 0,
} as const;

export class Http2Connection extends Peer {
  readonly serial: number;
  /** Streams so far. */
  requests = 0;
  readonly #server: Http2Server;
  readonly #socket: net.Socket;
  readonly #session: ServerHttp2Session;
  readonly #ownResets = new WeakSet<ServerHttp2Stream>();
  #open = 0;
  #resets = 0;
  #resetsInSecond = 0;
  #secondAt = 0;
  #isOver = false;

  constructor(server: Http2Server, socket: net.Socket | tls.TLSSocket, info: ConnectionInfo) {
    super(socket, info, tlsSessionOf(socket));
    this.#server = server;
    this.#socket = socket;
    this.serial = server.accepted;
    socket.setNoDelay(true);
    socket.on('error', ignore);
    socket.on('close', () => this.#closed());
    // Who has said his last will not read the rest either.
    socket.on('end', () => this.destroy());
    this.#session = performServerHandshake(socket, SESSION);
    this.#session.on('error', ignore);
    this.#session.on('close', () => this.#closed());
    this.#session.on('stream', (stream, _headers, flags, raw) =>
      this.#begin(stream, flags, raw as unknown as readonly string[]),
    );
    this.wait('idle');
  }

  get limits(): ServerLimits {
    return this.#server.limits;
  }
  get waits(): Readonly<Record<Waiting, DeadlineList>> {
    return this.#server.waits;
  }
  get isIdle(): boolean {
    return this.#open === 0;
  }
  httpDate(): string {
    return this.#server.deadlines.httpDate();
  }

  renderError(status: number, message: string, request: HeaderList): { headers: HeaderList; body: string } {
    const page = this.#server.renderError(status, message, {
      accept: request.get('accept'),
      contentType: request.get('content-type'),
    });
    const headers = HeaderList.from(page.headers ?? []);
    headers.set('Content-Type', page.contentType);
    return { headers, body: page.body };
  }

  /** For the exchange: that reset is ours and says nothing about the client. */
  resetsOurselves(stream: ServerHttp2Stream): void {
    this.#ownResets.add(stream);
  }

  /** Takes no more streams; ends when the last one does. */
  close(): void {
    if (!this.#session.closed) this.#session.close();
  }

  destroy(): void {
    this.#isOver = true;
    if (!this.#session.destroyed) this.#session.destroy();
    this.#socket.destroy();
  }

  override onDeadline(): void {
    this.destroy();
  }

  wait(what: 'idle' | 'linger'): void {
    this.waits[what].add(this);
  }

  #begin(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    let exchange: Http2Exchange | undefined;
    stream.on('error', ignore);
    stream.on('close', () => {
      this.#ended(stream);
      exchange?.streamClosed();
      // The runtime may hold the stream until it collects all garbage; what hung on the stream need not wait for that.
      exchange = undefined;
    });
    this.requests++;
    this.#open++;
    clearDeadline(this);
    // Reset in the same breath: nothing is done for it.
    if (this.#isOver || stream.destroyed || stream.closed || stream.aborted) return;
    const { limits } = this;
    const read = readHttp2Head(raw, this.#server.headLimits);
    if (!read.ok) {
      if (read.fault === undefined) stream.close(NGHTTP2_PROTOCOL_ERROR);
      else this.#reject(stream, read.fault.status, read.fault.message, read.headers);
      return;
    }
    const { head } = read;
    if (limits.bodyBytes > 0 && (head.length ?? 0) > limits.bodyBytes) {
      this.#reject(stream, 413, 'Payload too large', head.headers);
      return;
    }
    const hasBody = (flags & NGHTTP2_FLAG_END_STREAM) === 0;
    exchange = new Http2Exchange(this, stream, head, hasBody);
    this.#server.handle(exchange);
    if (this.requests >= limits.requestsPerConnection) this.close();
  }

  #reject(stream: ServerHttp2Stream, status: number, message: string, request: HeaderList): void {
    const { headers, body } = this.renderError(status, message, request);
    this.#server.answerRefused(stream, status, headers, body);
    if (!stream.closed) new RefusedStream(stream, this.waits.send);
    const { remoteAddress, serverName } = this;
    this.#server.rejected({ status, message, remoteAddress, serverName, bytesOut: body.length });
  }

  #ended(stream: ServerHttp2Stream): void {
    this.#open--;
    if (this.#open === 0 && !this.#isOver) this.wait('idle');
    if (stream.rstCode === NGHTTP2_NO_ERROR || this.#ownResets.has(stream)) return;
    this.#resets++;
    const now = Date.now();
    if (now - this.#secondAt >= 1000) {
      this.#secondAt = now;
      this.#resetsInSecond = 0;
    }
    this.#resetsInSecond++;
    const isMost = this.requests >= RESET_SAMPLE && this.#resets > this.requests / 2;
    if (this.#resetsInSecond > MAX_RESETS_A_SECOND || isMost) this.#cutOff();
  }

  #cutOff(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // The last word may not get through to somebody who does not read; the socket goes all the same.
    if (!this.#session.destroyed) this.#session.destroy(new Error('too many resets'), NGHTTP2_ENHANCE_YOUR_CALM);
    this.wait('linger');
  }

  #closed(): void {
    this.#isOver = true;
    clearDeadline(this);
    if (!this.#session.destroyed) this.#session.destroy();
    this.#socket.destroy();
    this.#server.forget(this);
  }
}

/** Every error of a session, a stream or a socket is followed by its close event. */
function ignore(): void {}
