// Two WebSocket connections joined message by message, for routes whose plugins look at messages. Each direction keeps its order:
// while a plugin thinks about a message, nothing more is read from its side. A fault of one side ends both, as plugins may.
import type { Socket } from 'node:net';
import { isPromise } from '../../lib/promise.ts';
import type { FrameStep, WebSocketClosing, WebSocketEnd, WebSocketFrame } from '../../pdk/index.ts';
import { clearDeadline, Expiring } from '../http1/deadlines.ts';
import { Frame } from './frame.ts';
import { type Fault, FrameReader, isCloseStatus, type Message } from './frame-reader.ts';
import { closeData, frameBytes } from './frame-writer.ts';
import type { TunnelEnd, TunnelOptions } from './tunnel.ts';

export type Side = 'client' | 'server';

export interface FrameTunnelOptions extends TunnelOptions {
  /** Largest message that a side may send. */
  readonly maxBytes: Readonly<Record<Side, number>>;
  /** What plugins make of a frame from this side. */
  onFrame(from: Side, frame: WebSocketFrame): FrameStep | Promise<FrameStep>;
  /** A close frame came from this side. */
  onClosing(from: Side, closing: WebSocketClosing): void;
}

/** For the last bytes and the far ends, once the tunnel has ended both. */
const CLOSE_MS = 5000;
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;
const MAX_REASON_BYTES = 123;

export class FrameTunnel extends Expiring {
  readonly #options: FrameTunnelOptions;
  readonly #sides: Readonly<Record<Side, Direction>>;
  /** Close frames that were passed on. */
  #farewells = 0;
  #isClosing = false;
  #isOver = false;

  constructor(options: FrameTunnelOptions) {
    super();
    this.#options = options;
    const { client, upstream, maxBytes } = options;
    const direction = (name: Side, end: TunnelEnd): Direction => ({
      name,
      socket: end.socket,
      reader: new FrameReader({ maxBytes: maxBytes[name], from: name }),
      waiting: [],
      isBusy: false,
      isHeldUp: false,
      isClosed: false,
      hasEnded: false,
    });
    this.#sides = { client: direction('client', client), server: direction('server', upstream) };
    upstream.socket.setNoDelay(true);
    this.#join(this.#sides.server, upstream.bytes);
    this.#join(this.#sides.client, client.bytes);
    this.#wait();
  }

  override onDeadline(): void {
    for (const { socket } of Object.values(this.#sides)) socket.destroy();
  }

  /** @param bytes came behind the head. */
  #join(side: Direction, bytes: Buffer): void {
    const { socket } = side;
    socket.allowHalfOpen = true;
    this.#take(side, bytes);
    socket.on('data', (chunk: Buffer) => this.#take(side, chunk));
    const end = (): void => {
      side.hasEnded = true;
      this.#endOther(side);
    };
    if (socket.readableEnded) end();
    else socket.on('end', end);
    socket.on('close', () => {
      if (this.#isOver) return clearDeadline(this);
      this.#isOver = true;
      // What the other side was sent it may still take, but not for ever.
      this.#other(side).socket.destroySoon();
      if (!this.#isClosing) this.#options.deadlines.list(this.#options.sendMs).add(this);
      this.#options.onEnd();
    });
    this.#resume(side);
  }

  #other({ name }: Direction): Direction {
    return this.#sides[name === 'client' ? 'server' : 'client'];
  }

  /** What was sent before the end goes first. */
  #endOther(side: Direction): void {
    if (side.hasEnded && !side.isBusy) this.#other(side).socket.end();
  }

  #take(side: Direction, chunk: Buffer): void {
    this.#wait();
    if (this.#isClosing || side.isClosed) return;
    side.reader.read(chunk, side.waiting);
    if (!side.isBusy) this.#work(side);
  }

  /** Goes on with what has come, in its order. */
  #work(side: Direction): void {
    while (side.waiting.length > 0 && !this.#isClosing) {
      const next = side.waiting.shift()!;
      if ('status' in next) return this.#close(side, { status: next.status, peer: { status: GOING_AWAY } });
      const frame = new Frame(next);
      if (frame.type === 'close') {
        side.isClosed = true;
        this.#options.onClosing(side.name, { status: frame.status, reason: frame.data.toString() });
      }
      const step = this.#options.onFrame(side.name, frame);
      if (!isPromise<FrameStep>(step)) {
        this.#pass(side, frame, step);
        continue;
      }
      side.isBusy = true;
      side.socket.pause();
      void step.then((later) => {
        side.isBusy = false;
        if (this.#isOver) return;
        this.#pass(side, frame, later);
        this.#work(side);
        if (side.isBusy) return;
        this.#resume(side);
        this.#endOther(side);
      });
      return;
    }
  }

  #pass(side: Direction, frame: Frame, step: FrameStep): void {
    if (this.#isClosing) return;
    if (typeof step === 'object') return this.#close(side, step);
    if (step === 'drop' && frame.type !== 'close') return;
    this.#send(this.#other(side), frame.type, frame.payload);
    if (frame.type === 'close' && ++this.#farewells === 2) this.#end();
  }

  #send({ name, socket }: Direction, type: Message['type'], data: Buffer): void {
    if (socket.destroyed || socket.writableEnded) return;
    const bytes = frameBytes(type, data, name);
    if (name === 'client') this.#options.onSent(bytes.length);
    const from = name === 'client' ? this.#sides.server : this.#sides.client;
    if (socket.write(bytes) || from.isHeldUp) return;
    from.isHeldUp = true;
    from.socket.pause();
    socket.once('drain', () => {
      from.isHeldUp = false;
      this.#resume(from);
      this.#wait();
    });
  }

  #resume({ socket, isBusy, isHeldUp }: Direction): void {
    if (!isBusy && !isHeldUp) socket.resume();
  }

  /** Both are told, and nothing of them is looked at any more. */
  #close(
    side: Direction,
    { status, reason, peer = { status, ...(reason !== undefined && { reason }) } }: WebSocketEnd,
  ): void {
    const other = this.#other(side);
    this.#send(side, 'close', farewell(status, reason));
    this.#send(other, 'close', farewell(peer.status, peer.reason));
    this.#end();
  }

  #end(): void {
    this.#isClosing = true;
    for (const { socket } of Object.values(this.#sides)) {
      socket.end();
      socket.resume();
    }
    this.#options.deadlines.list(CLOSE_MS).add(this);
  }

  #wait(): void {
    const { deadlines, idleMs, sendMs } = this.#options;
    if (this.#isOver || this.#isClosing) return;
    const isHeldUp = this.#sides.client.isHeldUp || this.#sides.server.isHeldUp;
    deadlines.list(isHeldUp ? sendMs : idleMs).add(this);
  }
}

/** What cannot be said in a close frame is left out. */
function farewell(status: number, reason = ''): Buffer {
  const text = Buffer.alloc(MAX_REASON_BYTES);
  const { written } = new TextEncoder().encodeInto(reason, text);
  return closeData(isCloseStatus(status) ? status : INTERNAL_ERROR, text.subarray(0, written));
}

interface Direction {
  readonly name: Side;
  readonly socket: Socket;
  readonly reader: FrameReader;
  /** Messages that came and were not passed on; behind the last one perhaps a fault. */
  readonly waiting: (Message | Fault)[];
  /** A plugin thinks about a message. */
  isBusy: boolean;
  /** The other side does not take what is sent. */
  isHeldUp: boolean;
  /** Its close frame came: what follows is not for anybody. */
  isClosed: boolean;
  hasEnded: boolean;
}
