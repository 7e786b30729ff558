// One stream of a client's connection, without its HTTP: what may be sent and received (flow control), what waits to be sent, and
// the two ends of it. Bytes that find no window are kept until there is one.
import { Expiring } from '../http1/deadlines.ts';
import { keepBytes } from '../http1/lent-bytes.ts';
import type { Http2Connection } from './connection.ts';
import { DEFAULT_WINDOW, MAX_FRAME_BYTES, MAX_WINDOW } from './frames.ts';

/** To copy so much costs less than fresh memory for whoever lent it. */
const COPIED_BYTES = 4096;
const NO_QUEUE: Uint8Array[] = [];

export abstract class Http2Stream extends Expiring {
  readonly id: number;
  /** The client has said everything. */
  remoteClosed: boolean;
  /** We have. */
  localClosed = false;
  /** Waits for window. */
  unsent = 0;
  protected readonly connection: Http2Connection;
  /** What the client takes; below zero when it took some back. */
  #sendWindow: number;
  #queue: Uint8Array[] = NO_QUEUE;
  /** Where the first of the queue goes on. */
  #queueAt = 0;
  #isEndQueued = false;
  #trailers: readonly string[] | undefined = undefined;
  #receiveWindow = DEFAULT_WINDOW;
  /** Received and still held by us. */
  #held = 0;
  /** Not held any more, and not granted anew. */
  #free = 0;

  constructor(connection: Http2Connection, id: number, remoteClosed: boolean) {
    super();
    this.connection = connection;
    this.id = id;
    this.remoteClosed = remoteClosed;
    this.#sendWindow = connection.initialWindow;
  }

  /** For the connection: the payload is `chunk`, which is the stream's to keep when it is not lent. */
  abstract onData(chunk: Buffer, isLent: boolean, isLast: boolean): void;
  /** For the connection: names and values in turn; they end the client's side. */
  abstract onTrailers(lines: readonly string[]): void;
  /** It was reset, by whomever, or its connection is lost. Nothing follows. */
  protected abstract onDropped(): void;
  /** Everything that had to wait is sent, and the connection takes more. */
  protected abstract onSent(): void;

  /** For the connection: so much more has come. False: more than was granted. */
  receive(size: number): boolean {
    if (size > this.#receiveWindow) return false;
    this.#receiveWindow -= size;
    this.#held += size;
    return true;
  }

  /** Nothing of what came is held any more: the client may send as much again. */
  protected grant(): void {
    if (this.#held === 0) return;
    this.connection.credit(this.#held);
    this.#free += this.#held;
    this.#held = 0;
    if (this.remoteClosed || this.localClosed || this.#free < DEFAULT_WINDOW / 2) return;
    this.connection.out.windowUpdate(this.id, this.#free);
    this.connection.sendSoon();
    this.#receiveWindow += this.#free;
    this.#free = 0;
  }

  /** For the connection: the client takes so much more, or less. False: more than there can be. */
  widen(size: number): boolean {
    this.#sendWindow += size;
    return this.#sendWindow <= MAX_WINDOW;
  }

  /** The client's window for this stream is open: what holds it up holds up the whole connection. */
  protected get hasWindow(): boolean {
    return this.#sendWindow > 0;
  }

  protected sendHead(lines: readonly string[], isLast: boolean): void {
    if (this.localClosed) return;
    this.connection.out.headers(this.id, lines, isLast);
    this.connection.sendSoon();
    if (isLast) this.#closeLocal();
  }

  /** @returns false to wait for onSent(). The chunk may be written over as soon as this returns. */
  protected sendData(chunk: Uint8Array, isLast: boolean): boolean {
    if (this.localClosed || this.#isEndQueued) return true;
    let at = 0;
    if (this.unsent === 0) {
      while (at < chunk.length) {
        const size = Math.min(chunk.length - at, this.#room());
        if (size <= 0) break;
        at += size;
        this.#send(chunk, at - size, at, isLast && at === chunk.length);
      }
      if (at === chunk.length) {
        if (chunk.length === 0 && isLast) this.#send(chunk, 0, 0, true);
        if (!this.connection.isFull || this.localClosed) return true;
        this.connection.wantsToSend(this);
        return false;
      }
    }
    if (this.#queue === NO_QUEUE) this.#queue = [];
    this.#queue.push(lasting(at === 0 ? chunk : chunk.subarray(at)));
    this.unsent += chunk.length - at;
    this.#isEndQueued = isLast;
    this.connection.wantsToSend(this);
    return false;
  }

  /** Behind all data. */
  protected sendEnd(trailers: readonly string[] | undefined): void {
    if (this.localClosed || this.#isEndQueued) return;
    if (this.unsent > 0) {
      this.#isEndQueued = true;
      this.#trailers = trailers;
    } else if (trailers !== undefined) this.sendHead(trailers, true);
    else this.#send(NOTHING, 0, 0, true);
  }

  /** For the connection: sends at most one frame of what waits, and goes to the end of the queue. False: it is not its turn. */
  goOn(): boolean {
    const { hungry } = this.connection;
    if (this.unsent > 0) {
      const chunk = this.#queue[0] as Uint8Array;
      const from = this.#queueAt;
      const size = Math.min(chunk.length - from, this.#room());
      if (size <= 0) return false;
      hungry.delete(this);
      this.unsent -= size;
      this.#queueAt += size;
      if (this.#queueAt === chunk.length) {
        this.#queue.shift();
        this.#queueAt = 0;
      }
      const isWhole = this.unsent === 0 && this.#isEndQueued;
      this.#send(chunk, from, from + size, isWhole && this.#trailers === undefined);
      if (this.unsent > 0) {
        hungry.add(this);
        return true;
      }
      if (isWhole && this.#trailers !== undefined) this.sendHead(this.#trailers, true);
    }
    hungry.delete(this);
    this.onSent();
    return true;
  }

  /** Nothing more is sent but this, and nothing more of the client is looked at. */
  protected reset(code: number): void {
    if (this.localClosed && this.remoteClosed) return;
    this.connection.reset(this.id, code);
    this.drop();
  }

  /** For the connection: it is over, whatever was to be sent. */
  drop(): void {
    this.localClosed = true;
    this.remoteClosed = true;
    this.#queue = NO_QUEUE;
    this.unsent = 0;
    this.connection.credit(this.#held);
    this.#held = 0;
    this.connection.forgetStream(this);
    this.onDropped();
  }

  /** For the connection: the client's last frame has been dealt with. */
  endRemote(): void {
    if (this.localClosed) this.#gone();
  }

  #closeLocal(): void {
    this.localClosed = true;
    if (this.remoteClosed) this.#gone();
  }

  #gone(): void {
    this.grant();
    this.connection.forgetStream(this);
  }

  /** Of one frame. */
  #room(): number {
    if (this.connection.isFull) return 0;
    return Math.min(this.#sendWindow, this.connection.sendWindow, MAX_FRAME_BYTES);
  }

  #send(chunk: Uint8Array, from: number, to: number, isLast: boolean): void {
    this.#sendWindow -= to - from;
    this.connection.sendWindow -= to - from;
    this.connection.sent += to - from;
    this.connection.out.data(this.id, chunk, from, to, isLast);
    this.connection.sendSoon();
    if (isLast) this.#closeLocal();
  }
}

const NOTHING = new Uint8Array(0);

/** The chunk is sent later than in this turn. */
function lasting(chunk: Uint8Array): Uint8Array {
  if (chunk.length <= COPIED_BYTES) return Buffer.from(chunk);
  keepBytes(chunk);
  return chunk;
}
