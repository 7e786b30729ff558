// One HTTP/2 connection of a client, from its preface to its end: streams become exchanges, frames find their stream, and who
// breaks the protocol or asks for more than he gives is sent away. What each frame means stands in incoming.ts.
import type * as net from 'node:net';
import type * as tls from 'node:tls';
import { ClientSocket, type Waiting } from '../http1/client-socket.ts';
import { clearDeadline } from '../http1/deadlines.ts';
import { HeaderList } from '../http1/headers.ts';
import { sendSoon } from '../http1/outbox.ts';
import type { HeadFault } from '../http1/request-head.ts';
import type { ConnectionInfo, ServerLimits } from '../http1/server.ts';
import { tlsSessionOf } from '../tls/session.ts';
import { Http2Exchange } from './exchange.ts';
import { FrameWriter } from './frame-writer.ts';
import { CODE, DEFAULT_WINDOW, MAX_FRAME_BYTES, MAX_STREAM, SETTING } from './frames.ts';
import { MAX_LIST_BYTES } from './header-blocks.ts';
import { Incoming } from './incoming.ts';
import { Patience } from './patience.ts';
import { RefusedStream } from './refused-stream.ts';
import { readHttp2Head } from './request-head.ts';
import type { Http2Server } from './server.ts';
import type { Http2Stream } from './stream.ts';

export const MAX_HEADER_LINES = 128;
const MAX_STREAMS = 128;
/** Of all streams together; each has its own. */
const RECEIVE_WINDOW = 1_048_576;
/** Held by the system and by us, of what a client does not take: more is not asked for. */
const MAX_BACKLOG = 262_144;
const MAX_LINGER_BYTES = 1_048_576;
/** Of streams that begin after a goodbye: an honest client has heard of it by then. */
const MAX_LATE_STREAMS = 1_000;
const PING_OF_GOODBYE = Buffer.from('goodbye.', 'latin1');
const TOO_LARGE: HeadFault = { status: 413, message: 'Payload too large' };
const FIELDS_TOO_LARGE: HeadFault = { status: 431, message: 'Request header fields too large' };

export class Http2Connection extends ClientSocket {
  readonly serial: number;
  readonly out: FrameWriter;
  readonly streams = new Map<number, Http2Stream>();
  /** Streams that wait for window, or for the socket. */
  readonly hungry = new Set<Http2Stream>();
  readonly patience = new Patience();
  /** What the client grants to new streams, and to all together. */
  initialWindow = DEFAULT_WINDOW;
  sendWindow = DEFAULT_WINDOW;
  /** What we still grant to all together. */
  receiveWindow = RECEIVE_WINDOW;
  /** Bytes of answers so far. */
  sent = 0;
  /** Streams so far. */
  requests = 0;
  lastStream = 0;
  /** Nothing of the client is looked at any more. */
  isOver = false;
  readonly #server: Http2Server;
  readonly #incoming: Incoming;
  /** Begun in the bytes that are being read. */
  #begun: Http2Exchange[] = [];
  #free = 0;
  #isLeaving = false;
  #lateStreams = 0;
  /** It was said which stream is the last. */
  #isLastSaid = false;
  readonly #resetByUs = new Set<number>();
  /** Frames are waiting for the end of the turn. */
  #isHeld = false;
  #lingered = 0;

  constructor(server: Http2Server, socket: net.Socket | tls.TLSSocket, info: ConnectionInfo) {
    super(
      server.adopt(socket, (bytes, size) => this.received(bytes, size)),
      server.waits,
      info,
      tlsSessionOf(socket),
    );
    this.#server = server;
    this.serial = server.accepted;
    this.#incoming = new Incoming(this, Math.max(MAX_HEADER_LINES, server.headLimits.headerCount) + 8);
    const own = this.socket;
    this.out = new FrameWriter(own);
    own.setNoDelay(true);
    own.on('error', ignore);
    own.on('close', () => this.#closed());
    // Who has said his last will not read the rest either.
    own.on('end', () => this.destroy());
    own.on('drain', () => this.#drained());
    this.out.settings([
      [SETTING.maxConcurrentStreams, MAX_STREAMS],
      [SETTING.maxHeaderListSize, MAX_LIST_BYTES],
    ]);
    this.out.windowUpdate(0, RECEIVE_WINDOW - DEFAULT_WINDOW);
    this.sendSoon();
    this.wait('head');
  }

  get limits(): ServerLimits {
    return this.#server.limits;
  }
  /** The socket takes nothing more for now. */
  get isFull(): boolean {
    return this.socket.writableNeedDrain;
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

  /** The client can send more of its bodies: not all that may come is held by us. */
  get hasRoomToReceive(): boolean {
    return this.receiveWindow >= MAX_FRAME_BYTES;
  }
  /** Bytes there are of a piece of a body that is not whole yet. */
  partOf(stream: number): number {
    return this.#incoming.partOf(stream);
  }

  /** For the frames: a head is complete. @returns the error of the connection. */
  open(id: number, lines: readonly string[], isWhole: boolean, isLast: boolean): number {
    if (this.#isLastSaid || this.streams.size >= MAX_STREAMS) {
      this.reset(id, CODE.refusedStream);
      return this.patience.bearsEmpty() ? CODE.noError : CODE.enhanceYourCalm;
    }
    this.requests++;
    const { limits, headLimits } = this.#server;
    const read = readHttp2Head(lines, headLimits);
    if (!isWhole) this.#reject(id, FIELDS_TOO_LARGE, new HeaderList(), isLast);
    else if (!read.ok && read.fault === undefined) return this.refuse(id, CODE.protocolError);
    else if (!read.ok) this.#reject(id, read.fault, read.headers, isLast);
    else if (isLast && (read.head.length ?? 0) > 0) return this.refuse(id, CODE.protocolError);
    else if (limits.bodyBytes > 0 && (read.head.length ?? 0) > limits.bodyBytes)
      this.#reject(id, TOO_LARGE, read.head.headers, isLast);
    else {
      const exchange = new Http2Exchange(this, id, read.head, !isLast);
      this.streams.set(id, exchange);
      this.#begun.push(exchange);
    }
    if (this.#isLeaving && ++this.#lateStreams > MAX_LATE_STREAMS) this.#sayLast();
    if (this.requests >= limits.requestsPerConnection) this.close();
    return CODE.noError;
  }

  /** Now, and not when all that was read with it is dealt with. */
  begin(exchange: Http2Exchange): void {
    const index = this.#begun.indexOf(exchange);
    if (index < 0) return;
    this.#begun.splice(index, 1);
    this.#server.handle(exchange);
  }

  #reject(id: number, { status, message }: HeadFault, request: HeaderList, isLast: boolean): void {
    const { headers, body } = this.renderError(status, message, request);
    const stream = new RefusedStream(this, id, isLast);
    this.streams.set(id, stream);
    stream.answer(status, headers, body);
    const { remoteAddress, serverName } = this;
    this.#server.rejected({ status, message, remoteAddress, serverName, bytesOut: body.length });
  }

  /** For the frames: a stream that never became one. @returns the error of the connection. */
  refuse(id: number, code: number): number {
    this.reset(id, code);
    return this.countReset();
  }

  /** The client is to blame. */
  resetProvoked(stream: Http2Stream, code: number): void {
    this.reset(stream.id, code);
    stream.drop();
    const fault = code === CODE.noError ? CODE.noError : this.countReset();
    if (fault !== CODE.noError) this.fail(fault);
  }

  reset(id: number, code: number): void {
    if (this.isOver) return;
    this.out.reset(id, code);
    this.sendSoon();
    this.#resetByUs.add(id);
    // The oldest: by now the client has heard of it.
    if (this.#resetByUs.size > MAX_STREAMS) this.#resetByUs.delete(this.#resetByUs.values().next().value as number);
  }

  /** What the client sends on it was on its way. */
  wasReset(id: number): boolean {
    return this.#resetByUs.has(id);
  }

  /** @returns the error of the connection, if that was one too many. */
  countReset(): number {
    return this.patience.bearsReset(this.requests) ? CODE.noError : CODE.enhanceYourCalm;
  }

  /** For the streams: that is no more. */
  forgetStream(stream: Http2Stream): void {
    this.hungry.delete(stream);
    if (!this.streams.delete(stream.id) || this.streams.size > 0 || this.isOver) return;
    if (this.#isLastSaid) this.#end();
    else this.#waitForClient(false);
  }

  /** For the streams: so much of what came is used up. */
  credit(size: number): void {
    this.#free += size;
    // Half of what is not held: who is not read must not hold up those who are.
    if (this.#free < this.receiveWindow || this.#free === 0 || this.isOver) return;
    this.out.windowUpdate(0, this.#free);
    this.sendSoon();
    this.receiveWindow += this.#free;
    this.#free = 0;
  }

  /** For the streams: it goes on when there is window and room. */
  wantsToSend(stream: Http2Stream): void {
    this.hungry.add(stream);
  }

  /** The windows have grown: everybody in turn, a frame each. */
  feed(): void {
    for (const stream of this.hungry) {
      if (this.isFull) return;
      stream.goOn();
    }
  }

  /** Its own window has grown. */
  feedOne(stream: Http2Stream): void {
    while (!this.isFull && this.hungry.has(stream) && stream.goOn());
  }

  sendSoon(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    sendSoon(this);
  }

  override sendNow(): void {
    this.#isHeld = false;
    this.out.flush();
    if (this.isFull) this.#waitForRoom();
  }

  get #isSending(): boolean {
    return this.waiting === 'send' && this.deadlineList !== undefined;
  }

  /** What is added meanwhile gets no more time. */
  #waitForRoom(): void {
    if (!this.#isSending) this.waitForSending();
    if (this.socket.writableLength > MAX_BACKLOG) this.pauseSocket();
  }

  #drained(): void {
    if (this.isOver) return;
    this.resumeSocket();
    clearDeadline(this);
    this.#waitForClient(true);
    this.feed();
  }

  /** It has to finish in time what it began, and must not be idle for too long. @param hasMoved it finished something. */
  #waitForClient(hasMoved: boolean): void {
    if (this.isOver || this.#isSending) return;
    const hasStreams = this.streams.size > 0;
    const incoming = this.#incoming;
    let what: Waiting;
    if (!hasStreams && this.#isLeaving) what = 'linger';
    else if (hasStreams ? incoming.isInsideOther : incoming.isInside) what = 'head';
    else if (hasStreams) return clearDeadline(this);
    else what = 'idle';
    const isWaited = this.waiting === what && this.deadlineList !== undefined;
    if (!isWaited || (hasMoved && what !== 'linger')) this.wait(what);
  }

  /** Takes no more streams; ends when the last one does. The client is told twice, so that what is on its way is still served. */
  close(): void {
    if (this.#isLeaving || this.isOver) return;
    this.#isLeaving = true;
    this.out.goaway(MAX_STREAM, CODE.noError);
    this.out.ping(false, PING_OF_GOODBYE, 0);
    this.sendSoon();
    this.#waitForClient(false);
  }

  /** For the frames: the client has read what we sent before this. */
  heardBack(bytes: Buffer, start: number): void {
    if (this.#isLeaving && PING_OF_GOODBYE.compare(bytes, start, start + 8) === 0) this.#sayLast();
  }

  /** For the frames: it opens no more streams. */
  clientLeaves(): void {
    this.#isLeaving = true;
    this.#sayLast();
  }

  #sayLast(): void {
    if (this.#isLastSaid || this.isOver) return;
    this.#isLastSaid = true;
    this.out.goaway(this.lastStream, CODE.noError);
    this.sendSoon();
    if (this.streams.size === 0) this.#end();
  }

  /** The client broke the protocol: its streams are over, and it is told why. */
  fail(code: number): void {
    if (this.isOver) return;
    this.out.goaway(this.lastStream, code);
    this.#end();
  }

  /** Nothing more is said; the client gets a moment to read the last of it. */
  #end(): void {
    this.isOver = true;
    this.#dropStreams();
    this.out.flush();
    this.resumeSocket();
    // What was answered last may be on its way for long.
    if (this.socket.writableLength === 0) this.wait('linger');
    else this.waitForSending();
    this.socket.end(() => {
      if (!this.socket.destroyed) this.wait('linger');
    });
  }

  override destroy(): void {
    if (!this.isOver) {
      this.isOver = true;
      this.out.goaway(this.lastStream, CODE.noError);
      this.out.flush();
    }
    this.#dropStreams();
    this.socket.destroy();
  }

  override onDeadline(): void {
    if (this.waiting === 'send' && !this.isSendingTooSlow(this.limits.sendStallTimeoutMs)) this.waitForSending();
    else if (this.streams.size === 0 && (this.waiting === 'idle' || this.waiting === 'linger') && !this.isOver)
      this.#sayLast();
    else this.destroy();
  }

  /** bytes[0, size) came. False to stop reading. */
  received(bytes: Buffer, size: number): boolean {
    if (this.isOver) {
      this.#lingered += size;
      if (this.#lingered > MAX_LINGER_BYTES) this.socket.destroy();
      return true;
    }
    const incoming = this.#incoming;
    const before = incoming.finished;
    incoming.read(bytes, size);
    for (let exchange = this.#begun.shift(); exchange !== undefined; exchange = this.#begun.shift()) {
      if (!exchange.finished) this.#server.handle(exchange);
    }
    // What is read next could be answered, too.
    if (!this.isOver && this.isFull) this.#waitForRoom();
    this.#waitForClient(incoming.finished !== before);
    return !this.paused;
  }

  #dropStreams(): void {
    for (const stream of [...this.streams.values()]) stream.drop();
    this.#begun = [];
  }

  #closed(): void {
    this.isOver = true;
    clearDeadline(this);
    this.#dropStreams();
    this.#server.forget(this);
  }
}

/** Every error of a socket is followed by its close event. */
function ignore(): void {}
