// One client connection: heads in, exchanges out, one at a time and in order. While an exchange runs, further requests stay
// unread in the socket. After anything malformed there is one answer, then nothing of the connection is looked at again.
import type * as net from 'node:net';
import type * as tls from 'node:tls';
import { tlsSessionOf } from '../tls/session.ts';
import { BODY_TOO_LARGE, BodyFeeder, NO_FEED } from './body-feeder.ts';
import { ClientSocket } from './client-socket.ts';
import { clearDeadline } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import { type FaultyRequest, faultAnswer } from './fault-answer.ts';
import { BAD_BYTE, LINE_TOO_LONG, NEED_MORE } from './head-collector.ts';
import { HeadFinder } from './head-finder.ts';
import { type BodySource, NO_BODY, RequestBody } from './request-body.ts';
import { BAD_REQUEST, HEAD_TOO_LARGE, type HeadFault, URI_TOO_LONG } from './request-head.ts';
import type { ConnectionInfo, Http1Server } from './server.ts';
import type { Receive, SharedMemory } from './shared-memory.ts';

const DRAIN_BYTES = 65_536;
const LINGER_BYTES = 1_048_576;
const HELD_BEFORE_UPGRADE = 16_384;
/** The part that looks like a head. */
const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\n';

const REQUEST_TIMEOUT: HeadFault = { status: 408, message: 'Request timeout' };
const TOO_LARGE: HeadFault = { status: 413, message: 'Payload too large' };

export class ServerConnection extends ClientSocket implements BodySource {
  /** Counts the connections of this server from 1. */
  readonly serial: number;
  private readonly server: Http1Server;
  private readonly memory: SharedMemory;
  private exchange: Exchange | undefined = undefined;
  private body: RequestBody = NO_BODY;
  /** Bytes behind the current request. */
  private rest: Buffer | undefined = undefined;
  private restAt = 0;
  private restEnd = 0;
  private readonly finder: HeadFinder;
  private feeder = NO_FEED;
  /** Requests so far, the current one included. */
  requests = 0;
  private discarded = 0;
  private advancing = false;
  private continued = false;
  private halfClosed = false;
  /** No request is read any more; what arrives is thrown away. */
  private lingering = false;
  private detached = false;

  constructor(server: Http1Server, socket: net.Socket | tls.TLSSocket, info: ConnectionInfo) {
    const tlsSession = tlsSessionOf(socket);
    const { memory } = server;
    const receive: Receive = (bytes, size) => this.lent(bytes, size);
    const isPlain = tlsSession === undefined;
    super(isPlain ? memory.adopt(socket, receive) : memory.take(socket, receive), server.waits, info, tlsSession);
    this.server = server;
    this.serial = server.accepted;
    this.memory = memory;
    this.finder = new HeadFinder(server.limits.headBytes, server.limits.lineBytes);
    const own = this.socket;
    own.allowHalfOpen = true;
    own.setNoDelay(true);
    own.on('error', ignore);
    own.on('close', () => this.closed());
    own.on('end', () => this.ended());
    own.on('drain', () => this.drained());
    this.wait('idle');
  }

  /** bytes[0, size) in shared memory: what of it is not used up in this call is copied. */
  private lent(bytes: Buffer, size: number): boolean {
    if (this.detached) return this.socket.push(Buffer.from(bytes.subarray(0, size)));
    this.received(bytes, size);
    const { rest, restAt, restEnd } = this;
    if (rest !== undefined && this.memory.owns(rest)) this.setRest(Buffer.from(rest.subarray(restAt, restEnd)));
    return !this.paused;
  }

  /** No request waits or runs: it ends. If there was none yet, one is likely to be on its way, and gets a moment to arrive. */
  drain(): void {
    if (!this.isIdle) return;
    if (this.requests > 0) this.destroy();
    else this.wait('linger');
  }

  private get isIdle(): boolean {
    return this.exchange === undefined && !this.lingering && !this.finder.isWaiting && this.rest === undefined;
  }

  dateLine(): string {
    return this.server.deadlines.dateLine();
  }

  /** For the exchange, when it starts its answer. */
  mayKeepAlive(exchange: Exchange): boolean {
    if (!exchange.keepAlive || this.server.draining || this.requests >= this.server.limits.requestsPerConnection)
      return false;
    if (this.halfClosed && this.rest === undefined) return false;
    if (this.body.complete) return true;
    if (exchange.expectsContinue && !this.continued) return false;
    return this.feeder.bytesLeft <= DRAIN_BYTES;
  }

  /** For the exchange: its answer is handed over. */
  exchangeEnded(exchange: Exchange): void {
    if (this.detached) return;
    this.exchange = undefined;
    exchange.settle();
    if (this.socket.destroyed) return;
    if (!exchange.keepAlive) {
      this.linger();
      return;
    }
    if (!this.body.complete) {
      this.discarded = 0;
      this.body.discard();
      this.resumeSocket();
      this.wait('linger');
      return;
    }
    this.advance();
  }

  /** For the exchange: the client must notice that the answer is not whole. */
  breakOff(isDelimitedByClose: boolean): void {
    this.exchange = undefined;
    this.sendNow();
    if (isDelimitedByClose && !this.encrypted) this.socket.resetAndDestroy();
    else this.socket.destroy();
  }

  /** For the exchange: the socket is somebody else's from now on. */
  detach(): { socket: net.Socket; bytes: Buffer } {
    this.sendNow();
    this.detached = true;
    clearDeadline(this);
    const { socket } = this;
    for (const event of ['data', 'end', 'drain']) socket.removeAllListeners(event);
    socket.pause();
    const bytes =
      this.rest === undefined ? Buffer.alloc(0) : Buffer.from(this.rest.subarray(this.restAt, this.restEnd));
    this.rest = undefined;
    return { socket, bytes };
  }

  pauseReading(): void {
    if (!this.body.complete) this.pauseSocket();
    if (this.waiting === 'body') clearDeadline(this);
  }

  resumeReading(): void {
    if (this.body.complete || this.lingering) return;
    this.resumeSocket();
    this.mark = this.body.bytesRead;
    this.wait('body');
  }

  bodyWanted(): void {
    const { exchange } = this;
    if (exchange === undefined || !exchange.expectsContinue || this.continued || exchange.answered) return;
    this.continued = true;
    this.writeText('HTTP/1.1 100 Continue\r\n\r\n');
  }

  override onDeadline(): void {
    switch (this.waiting) {
      case 'head':
        this.reject(REQUEST_TIMEOUT, undefined);
        return;
      case 'body':
        if (this.isReadingTooSlow(this.body.bytesRead, this.server.limits.bodyStallTimeoutMs)) {
          this.rejectBody(REQUEST_TIMEOUT);
        } else this.resumeReading();
        return;
      case 'send':
        if (this.isSendingTooSlow(this.server.limits.sendStallTimeoutMs)) this.socket.destroy();
        else this.waitForSending();
        return;
      default:
        this.socket.destroy();
    }
  }

  private received(chunk: Buffer, size: number): void {
    if (this.lingering) {
      this.discarded += size;
      if (this.discarded > LINGER_BYTES) this.socket.destroy();
      return;
    }
    if (!this.body.complete) {
      const isOver = this.exchange === undefined;
      const next = this.feeder.feed(chunk.subarray(0, size), 0);
      if (next < 0) {
        this.rejectBody(next === BODY_TOO_LARGE ? TOO_LARGE : BAD_REQUEST);
        return;
      }
      if (isOver) {
        this.discarded += size;
        if (!this.body.complete && this.discarded > DRAIN_BYTES) {
          this.linger();
          return;
        }
      } else if (this.body.complete && this.waiting === 'body') clearDeadline(this);
      if (next < size) this.keepRest(chunk, next, size);
      if (this.exchange === undefined && this.body.complete) this.advance();
      return;
    }
    this.keepRest(chunk, 0, size);
    if (this.exchange === undefined) this.advance();
  }

  private keepRest(chunk: Buffer, from: number, to: number): void {
    if (this.rest === undefined) {
      this.rest = chunk;
      this.restAt = from;
      this.restEnd = to;
    } else this.setRest(Buffer.concat([this.rest.subarray(this.restAt, this.restEnd), chunk.subarray(from, to)]));
    if (this.exchange !== undefined) this.pauseSocket();
  }

  private setRest(bytes: Buffer): void {
    this.rest = bytes;
    this.restAt = 0;
    this.restEnd = bytes.length;
  }

  /** Reads requests out of what is there, until one waits for its answer or the bytes are used up. */
  private advance(): void {
    if (this.advancing) return;
    this.advancing = true;
    while (this.exchange === undefined && this.rest !== undefined && this.body.complete && !this.lingering) {
      // The next request is not read while the last answer is stuck.
      this.sendNow();
      if (this.isCongested()) break;
      this.readHead();
    }
    this.advancing = false;
    if (this.exchange !== undefined || this.lingering || this.detached || !this.body.complete) return;
    if (this.rest !== undefined) {
      this.pauseSocket();
      this.waitForSending();
      return;
    }
    if (this.halfClosed || (this.server.draining && !this.finder.isWaiting)) return this.linger();
    this.resumeSocket();
    if (this.isCongested()) this.waitForSending();
    else if (!this.finder.isWaiting) this.wait('idle');
  }

  private readHead(): void {
    const chunk = this.rest as Buffer;
    const { restEnd: end } = this;
    this.rest = undefined;
    const { finder } = this;
    const wasWaiting = finder.isWaiting;
    const next = finder.find(chunk, this.restAt, end);
    if (next === NEED_MORE) {
      if (!wasWaiting) this.wait('head');
    } else if (next < 0) {
      this.reject(next === BAD_BYTE ? BAD_REQUEST : next === LINE_TOO_LONG ? URI_TOO_LONG : HEAD_TOO_LARGE, undefined);
    } else this.begin(chunk, next, end);
  }

  /** The finder has a head; what follows it is bytes[at, end). */
  private begin(bytes: Buffer, at: number, end: number): void {
    const { finder } = this;
    const headBytes = finder.end - finder.start;
    clearDeadline(this);
    this.requests++;
    const { head, limits } = this.server;
    const fault = head.read(finder.bytes as Buffer, finder.start, finder.end, finder.text);
    const isPreface = fault !== undefined && this.isPreface(finder.text);
    finder.release();
    if (isPreface) return this.passOn(bytes.subarray(at, end));
    if (fault !== undefined) return this.reject(fault, head);
    if (limits.bodyBytes > 0 && head.bodyLength > limits.bodyBytes) return this.reject(TOO_LARGE, head);
    let next = at;
    if (head.bodyKind === 'none') this.body = NO_BODY;
    else {
      this.continued = false;
      this.body = new RequestBody(head.bodyKind, head.bodyKind === 'length' ? head.bodyLength : undefined, this);
      this.feeder = new BodyFeeder(this.body, limits, this.memory);
      next = this.feeder.feed(bytes.subarray(0, end), at);
      if (next < 0) return this.reject(next === BODY_TOO_LARGE ? TOO_LARGE : BAD_REQUEST, head);
    }
    if (this.halfClosed && !this.body.complete) return this.destroy();
    // What a client says before it knows that the protocol changes; an honest one says nothing.
    if (head.upgrade !== undefined && end - next > HELD_BEFORE_UPGRADE) return this.reject(BAD_REQUEST, head);
    const exchange = new Exchange(this, head, this.body, headBytes);
    this.exchange = exchange;
    if (next < end) this.keepRest(bytes, next, end);
    this.server.handle(exchange);
  }

  private isPreface(text: string): boolean {
    return this.requests === 1 && !this.encrypted && this.server.speaksHttp2 && text.startsWith(HTTP2_PREFACE);
  }

  /** The client speaks HTTP/2; it has sent the first half of its preface. */
  private passOn(rest: Buffer): void {
    this.rest = undefined;
    const { socket } = this.detach();
    socket.removeAllListeners('close');
    const { serverName, announcedAddress } = this;
    const bytes = Buffer.concat([Buffer.from(HTTP2_PREFACE, 'latin1'), rest]);
    this.server.passOn(this, socket, bytes, { serverName, announcedAddress });
  }

  /** One answer for something that never became an exchange. */
  private reject(fault: HeadFault, head: FaultyRequest | undefined): void {
    const bytesOut = this.answerFault(fault, head);
    const { remoteAddress, serverName } = this;
    this.server.rejected({ ...fault, remoteAddress, serverName, bytesOut });
  }

  private answerFault(fault: HeadFault, head: FaultyRequest | undefined): number {
    const text = faultAnswer(this.server, fault, head);
    this.rest = undefined;
    this.finder.reset();
    this.writeText(text);
    this.linger();
    return text.length;
  }

  /** The body turned out faulty or slow while the exchange was on its way. */
  private rejectBody(fault: HeadFault): void {
    const { exchange } = this;
    const wasAnswered = exchange === undefined || exchange.answered;
    this.exchange = undefined;
    if (exchange !== undefined && !wasAnswered) exchange.status = fault.status;
    if (exchange === undefined || wasAnswered) this.linger();
    else exchange.bytesOut = this.answerFault(fault, exchange);
    exchange?.lose();
    if (wasAnswered && exchange !== undefined) this.destroy();
  }

  /** Ends our side and throws away what the client still sends, for a moment, so that the answer is not lost in a reset. */
  private linger(): void {
    if (this.lingering) return;
    this.lingering = true;
    this.discarded = 0;
    this.rest = undefined;
    this.sendNow();
    if (this.halfClosed) {
      this.waitForSending();
      this.socket.destroySoon();
      return;
    }
    this.resumeSocket();
    if (this.socket.writableLength === 0) this.wait('linger');
    else this.waitForSending();
    this.socket.end(() => this.wait('linger'));
  }

  private ended(): void {
    this.halfClosed = true;
    if (this.lingering || !this.body.complete || this.finder.isWaiting) {
      this.exchange?.lose();
      this.exchange = undefined;
      if (this.lingering) this.socket.destroySoon();
      else this.destroy();
      return;
    }
    if (this.exchange === undefined && this.rest === undefined) this.linger();
  }

  private closed(): void {
    clearDeadline(this);
    this.server.forget(this);
    this.rest = undefined;
    const { exchange } = this;
    this.exchange = undefined;
    if (exchange === undefined) return;
    if (this.detached) {
      exchange.finished = true;
      exchange.settle();
    } else exchange.lose();
  }

  private drained(): void {
    if (this.waiting === 'send') clearDeadline(this);
    if (this.detached) return;
    if (this.exchange !== undefined) this.exchange.onDrain?.();
    else if (!this.lingering) this.advance();
  }
}

/** Every error of a socket is followed by its close event, where the work is done. */
function ignore(): void {}
