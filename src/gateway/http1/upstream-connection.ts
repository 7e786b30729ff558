// One connection to an upstream: a request at a time, the answer read strictly. It goes back to the pool only after an exchange
// that ended exactly: request written, answer complete, not one byte too many. Anything else destroys it.
import type * as net from 'node:net';
import { clearDeadline, type DeadlineList, Expiring } from './deadlines.ts';
import { NEED_MORE } from './head-collector.ts';
import { HeadFinder } from './head-finder.ts';
import { wereBytesKept } from './lent-bytes.ts';
import { MAX_HEAD_BYTES } from './llhttp.ts';
import { type Sender, sendSoon } from './outbox.ts';
import type { UpstreamPool } from './pool.ts';
import { ReadMemory } from './read-memory.ts';
import type { BodySink } from './request-body.ts';
import { ResponseBody } from './response-body.ts';
import { lastChunk, readTrailers } from './trailers.ts';
import type { UpstreamFault, UpstreamTarget } from './upstream.ts';
import type { PooledCall } from './upstream-call.ts';
import { openSocket, smallMessage, writeChunk, writeMessage } from './upstream-socket.ts';

const MAX_INFORMATIONAL = 16;
const VERSION_PREFIX = 'HTTP/1.';

type Waiting = 'connect' | 'send' | 'read' | 'idle';

export class UpstreamConnection extends Expiring implements BodySink, Sender {
  readonly key: string;
  requests = 0;
  private readonly pool: UpstreamPool;
  private readonly socket: net.Socket;
  private readonly isShared: boolean;
  private call: PooledCall | undefined = undefined;
  private waiting: Waiting = 'connect';
  private connected = false;
  private tcpConnected = false;
  private dead = false;
  private isReused = false;
  private cause: Error | undefined = undefined;
  private readonly memory: ReadMemory;
  private readsHead = true;
  private readonly body = new ResponseBody();
  private readonly finder = new HeadFinder(MAX_HEAD_BYTES, MAX_HEAD_BYTES);
  private informational = 0;
  private keepAlive = false;
  private bytesSeen = false;
  private bodySent = false;
  private isChunking = false;
  private paused = false;
  private bodyWaits = false;
  /** A whole request that is written at the end of this turn. */
  private held = '';
  /** The list of the last wait: mostly the next one's too. */
  private list: DeadlineList;

  constructor(pool: UpstreamPool, target: UpstreamTarget, call: PooledCall) {
    super();
    this.pool = pool;
    this.list = pool.idleList;
    this.key = target.key;
    this.call = call;
    this.isShared = call.request.upgrade === undefined;
    this.memory = new ReadMemory(this.isShared && target.tls === undefined);
    this.socket = openSocket(target, this.isShared ? this.memory : undefined, {
      reached: () => {
        this.tcpConnected = true;
      },
      opened: () => this.opened(),
      refused: (message) => this.fail('tls', message),
      received: (bytes, size) => {
        this.received(bytes, size);
        return !this.paused;
      },
    });
    this.socket.on('error', (error) => {
      this.cause = error;
    });
    this.socket.on('close', () => this.lost());
    this.socket.on('end', () => this.ended());
    this.socket.on('drain', () => this.drained());
    this.wait('connect');
  }

  get address(): string | undefined {
    return this.socket.remoteAddress;
  }

  /** Takes another request; the connection is idle. */
  take(call: PooledCall): void {
    this.call = call;
    call.connection = this;
    this.isReused = true;
    this.send();
  }

  /** Nobody wants the answer any more. */
  drop(): void {
    const { call } = this;
    this.call = undefined;
    call?.streamedBody?.detach(this);
    this.destroy();
  }

  destroy(): void {
    this.dead = true;
    clearDeadline(this);
    this.pool.forget(this);
    this.socket.destroy();
  }

  waitIdle(): void {
    this.waiting = 'idle';
    this.pool.idleList.add(this);
  }

  pause(): void {
    if (this.paused || this.dead) return;
    this.paused = true;
    clearDeadline(this);
    this.socket.pause();
  }

  resume(): void {
    if (!this.paused || this.dead) return;
    this.paused = false;
    this.socket.resume();
    this.waitForAnswer();
  }

  override onDeadline(): void {
    switch (this.waiting) {
      case 'connect':
        this.fail('connect_timeout', 'connecting took too long');
        return;
      case 'send':
        this.fail('send_timeout', 'the upstream does not take the request');
        return;
      case 'read':
        this.fail('read_timeout', 'the upstream does not answer');
        return;
      default:
        this.destroy();
    }
  }

  /** BodySink: a piece of the client's body. */
  onChunk(chunk: Buffer): boolean {
    const { socket } = this;
    if (this.dead) return true;
    if (this.isChunking) writeChunk(socket, chunk);
    else socket.write(chunk);
    if (socket.writableLength === 0 || !socket.writableNeedDrain) return true;
    this.bodyWaits = true;
    this.wait('send');
    return false;
  }

  /** BodySink: the client's body is complete. */
  onEnd(): void {
    if (this.dead) return;
    if (this.isChunking) this.socket.write(lastChunk(this.call?.streamedBody?.trailers), 'latin1');
    this.bodySent = true;
    this.waitForAnswer();
  }

  /** BodySink: the client went away in the middle of its body. */
  onError(): void {
    this.fail('aborted', 'the client did not send its whole body');
  }

  private opened(): void {
    if (this.dead) return;
    this.connected = true;
    if (this.call === undefined) this.destroy();
    else this.send();
  }

  private send(): void {
    const call = this.call as PooledCall;
    const { request, head } = call;
    const { socket } = this;
    this.requests++;
    this.readsHead = true;
    this.informational = 0;
    this.bytesSeen = false;
    this.keepAlive = false;
    this.bodySent = true;
    call.handler.onConnected?.(this.isReused);
    if (this.call !== call || this.dead) return;
    const { body } = request;
    const streamed = call.streamedBody;
    // A body that was not here when the head was made goes as the head says, even if it is here by now.
    const bytes = streamed !== undefined ? undefined : body instanceof Uint8Array ? body : body?.bytes;
    const text = streamed === undefined ? smallMessage(head, bytes) : undefined;
    if (text !== undefined) {
      this.held = text;
      sendSoon(this);
    } else {
      call.requestSent = true;
      writeMessage(socket, head, bytes);
    }
    if (streamed === undefined) return this.waitForAnswer();
    this.bodySent = false;
    this.isChunking = streamed.length === undefined;
    clearDeadline(this);
    streamed.stream(this);
  }

  sendNow(): void {
    const { call, held } = this;
    this.held = '';
    if (held === '' || call === undefined || this.dead) return;
    call.requestSent = true;
    this.socket.write(held, 'latin1');
    if (this.socket.writableLength > 0) this.waitForAnswer();
  }

  /** While our own bytes are stuck it is the upstream's reading that is waited for, then its answer. */
  private waitForAnswer(): void {
    if (this.call === undefined || this.dead || this.paused) return;
    if (this.socket.writableLength > 0 && this.readsHead) this.wait('send');
    else if (this.bodySent) this.wait('read');
  }

  private drained(): void {
    if (this.call === undefined || this.dead) return;
    if (this.waiting === 'send') clearDeadline(this);
    if (this.bodyWaits) {
      this.bodyWaits = false;
      this.call.streamedBody?.resume();
    }
    this.waitForAnswer();
  }

  /** bytes[0, size) came; they may be overwritten once this returns. */
  private received(bytes: Buffer, size: number): void {
    if (this.dead) return;
    const { call } = this;
    this.memory.filled(size);
    if (call === undefined) {
      this.destroy();
      return;
    }
    // Not an answer: the request has not left yet.
    if (this.held !== '') return this.lost();
    this.bytesSeen = true;
    let at = 0;
    if (this.readsHead) at = this.readHead(bytes, size);
    if (at >= 0 && at < size) this.readBody(bytes, at, size);
    if (wereBytesKept(bytes)) this.memory.keep();
    if (this.call !== undefined && this.waiting === 'read' && !this.paused && !this.dead) this.wait('read');
  }

  /** The position behind the final head, or -1 when there is nothing to read behind it (now). */
  private readHead(bytes: Buffer, size: number): number {
    let at = 0;
    while (this.readsHead) {
      if (at === size) return -1;
      const call = this.call as PooledCall;
      const { head } = this.pool;
      const { finder } = this;
      let fault: string | undefined;
      const next = finder.find(bytes, at, size);
      if (next === NEED_MORE) {
        if (VERSION_PREFIX.startsWith(finder.peek(VERSION_PREFIX.length))) return -1;
        fault = 'not an HTTP/1 answer';
      } else if (next < 0) fault = 'malformed response head';
      else {
        fault = head.read(finder.bytes as Buffer, finder.start, finder.end, finder.text, call.request.method);
        at = next;
      }
      finder.release();
      if (fault !== undefined) {
        this.fail('invalid_response', fault);
        return -1;
      }
      if (head.status >= 200) return this.begin(call, at, size);
      if (head.status === 101) return this.switchProtocols(call, bytes, at, size);
      if (++this.informational > MAX_INFORMATIONAL) {
        this.fail('invalid_response', 'too many informational answers');
        return -1;
      }
    }
    return at;
  }

  private begin(call: PooledCall, at: number, size: number): number {
    const { head } = this.pool;
    const { framing } = head;
    this.readsHead = false;
    // A length where no body may follow is the mark of a server that will send one all the same.
    const isDoubtful = head.status === 204 && head.length !== undefined;
    this.keepAlive = head.keepAlive && framing !== 'until-close' && !isDoubtful;
    this.body.begin(framing, framing === 'length' ? (head.length as number) : 0);
    call.headSeen = true;
    call.handler.onHead(head.copy());
    if (this.call !== call) return -1;
    if (framing !== 'none') return at;
    this.complete(at === size);
    return -1;
  }

  private switchProtocols(call: PooledCall, bytes: Buffer, at: number, size: number): number {
    const { head } = this.pool;
    const asked = call.request.upgrade?.toLowerCase();
    if (asked === undefined || head.upgrade?.toLowerCase() !== asked || call.handler.onUpgrade === undefined) {
      this.fail('invalid_response', 'a switch of protocols that nobody asked for');
      return -1;
    }
    clearDeadline(this);
    this.dead = true;
    this.call = undefined;
    call.finished = true;
    call.headSeen = true;
    this.pool.forget(this);
    this.socket.removeAllListeners('data');
    this.socket.removeAllListeners('end');
    this.socket.removeAllListeners('drain');
    this.socket.pause();
    call.handler.onUpgrade(head.copy(), this.socket, Buffer.from(bytes.subarray(at, size)));
    return -1;
  }

  private readBody(bytes: Buffer, from: number, size: number): void {
    const call = this.call as PooledCall;
    const { body } = this;
    const next = body.read(bytes, from, size);
    if (body.end > body.start && call.handler.onData(bytes.subarray(body.start, body.end)) === false) {
      if (this.call === call) this.pause();
    }
    if (this.call !== call) return;
    if (body.faulty) this.fail('invalid_response', 'malformed chunked body');
    else if (body.done) this.complete(next === size, body.trailers);
  }

  /** The answer is whole. The connection is free before the handler hears of it, so that it can be used at once. */
  private complete(isExact: boolean, trailers?: readonly string[]): void {
    const call = this.call as PooledCall;
    this.call = undefined;
    call.connection = undefined;
    call.finished = true;
    call.streamedBody?.detach(this);
    if (this.paused && this.keepAlive) {
      this.paused = false;
      this.socket.resume();
    }
    const isReusable = isExact && this.isShared && this.keepAlive && this.bodySent && this.socket.writableLength === 0;
    if (isReusable) this.pool.release(this);
    else this.destroy();
    call.handler.onEnd(trailers === undefined ? undefined : readTrailers(trailers));
  }

  private fail(kind: UpstreamFault, message: string): void {
    const { call } = this;
    this.call = undefined;
    call?.streamedBody?.detach(this);
    this.destroy();
    call?.fail(kind, message, this.cause);
  }

  private ended(): void {
    if (this.dead) return;
    if (!this.readsHead && this.body.endsWithConnection && this.call !== undefined) this.complete(false);
    else this.lost();
  }

  /** The other side is gone; if that was a kept-alive connection closing under a request, the request goes over a fresh one. */
  private lost(): void {
    if (this.dead) return;
    const { call } = this;
    if (call === undefined) {
      this.destroy();
      return;
    }
    if (!this.connected) {
      this.fail(this.tcpConnected ? 'tls' : 'connect', this.cause?.message ?? 'no connection');
      return;
    }
    if (this.isReused && !this.bytesSeen && (this.held !== '' || call.mayRepeat)) {
      this.call = undefined;
      this.destroy();
      call.hasRetried = true;
      this.pool.connect(call);
      return;
    }
    const when = this.bytesSeen ? ' in its answer' : '';
    this.fail('reset', this.cause?.message ?? `the upstream closed the connection${when}`);
  }

  private wait(what: Exclude<Waiting, 'idle'>): void {
    this.waiting = what;
    const { request } = this.call as PooledCall;
    const ms =
      what === 'connect' ? request.connectTimeoutMs : what === 'send' ? request.sendTimeoutMs : request.readTimeoutMs;
    if (this.list.ms !== ms) this.list = this.pool.deadlines.list(ms);
    this.list.add(this);
  }
}
