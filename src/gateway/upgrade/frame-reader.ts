// Frames of a WebSocket (RFC 6455) out of the bytes of one side, put together to whole messages. Nothing is kept beyond the
// largest message; whatever breaks the rules is a fault with the status that its sender is told.
import { isUtf8 } from 'node:buffer';
import { CRUMB_BYTES, Crumbs } from '../http1/crumbs.ts';

export type MessageType = 'text' | 'binary' | 'ping' | 'pong' | 'close';

export interface Message {
  readonly type: MessageType;
  readonly data: Buffer;
}

export interface Fault {
  readonly status: 1002 | 1007 | 1009;
}

const MAX_HEAD_BYTES = 14;
const MAX_CONTROL_BYTES = 125;
const CONTINUATION = 0;
const TYPES: ReadonlyMap<number, MessageType> = new Map([
  [1, 'text'],
  [2, 'binary'],
  [8, 'close'],
  [9, 'ping'],
  [10, 'pong'],
]);
const NOTHING = Buffer.alloc(0);
const PROTOCOL_ERROR: Fault = { status: 1002 };
const NOT_UTF8: Fault = { status: 1007 };
const TOO_LARGE: Fault = { status: 1009 };

export class FrameReader {
  readonly #maxBytes: number;
  /** Clients mask what they send, servers do not. */
  readonly #isMasked: boolean;
  readonly #head = Buffer.alloc(MAX_HEAD_BYTES);
  #headBytes = 0;
  #headNeeds = 2;
  /** Of the current frame, still to come; -1 while its head is read. */
  #left = -1;
  /** Of the current frame. */
  #payload = new Pieces();
  #mask: Buffer | undefined = undefined;
  /** Frames of a message whose last one has not come. */
  #fragments: { readonly type: MessageType; readonly data: Pieces } | undefined = undefined;

  constructor(options: { readonly maxBytes: number; readonly from: 'client' | 'server' }) {
    this.#maxBytes = options.maxBytes;
    this.#isMasked = options.from === 'client';
  }

  /** Adds what is complete to `incoming`. After a fault nothing more is to be read. */
  read(chunk: Buffer, incoming: (Message | Fault)[]): void {
    const fault = this.#readAll(chunk, incoming);
    if (fault !== undefined) incoming.push(fault);
  }

  #readAll(chunk: Buffer, messages: (Message | Fault)[]): Fault | undefined {
    for (let at = 0; at < chunk.length || this.#left === 0; ) {
      if (this.#left < 0) {
        const taken = Math.min(this.#headNeeds - this.#headBytes, chunk.length - at);
        chunk.copy(this.#head, this.#headBytes, at, at + taken);
        this.#headBytes += taken;
        at += taken;
        if (this.#headBytes < this.#headNeeds) continue;
        const fault = this.#readHead();
        if (fault !== undefined) return fault;
      } else {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#payload.add(chunk.subarray(at, at + taken));
        this.#left -= taken;
        at += taken;
        if (this.#left > 0) continue;
        const fault = this.#endFrame(messages);
        if (fault !== undefined) return fault;
      }
    }
    return undefined;
  }

  /** As far as it is there: its second byte says how long it is. */
  #readHead(): Fault | undefined {
    const head = this.#head;
    const shortLength = head[1]! & 0x7f;
    const lengthBytes = shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0;
    this.#headNeeds = 2 + lengthBytes + (this.#isMasked ? 4 : 0);
    if (this.#headBytes === 2) {
      const fault = this.#judgeHead(shortLength);
      if (fault !== undefined) return fault;
    }
    if (this.#headBytes < this.#headNeeds) return undefined;
    const length =
      lengthBytes === 0 ? shortLength : lengthBytes === 2 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
    if (length + (this.#isControl() ? 0 : (this.#fragments?.data.bytes ?? 0)) > this.#maxBytes) return TOO_LARGE;
    this.#mask = this.#isMasked ? Buffer.from(head.subarray(2 + lengthBytes, this.#headNeeds)) : undefined;
    this.#left = length;
    return undefined;
  }

  #judgeHead(shortLength: number): Fault | undefined {
    const [first = 0, second = 0] = this.#head;
    const code = first & 0x0f;
    const isExtended = (first & 0x70) !== 0;
    const isKnown = code === CONTINUATION || TYPES.has(code);
    if (isExtended || !isKnown || ((second & 0x80) !== 0) !== this.#isMasked) return PROTOCOL_ERROR;
    if (this.#isControl()) return (first & 0x80) === 0 || shortLength > MAX_CONTROL_BYTES ? PROTOCOL_ERROR : undefined;
    // A message goes on until its last frame, and none begins before that.
    return (code === CONTINUATION) === (this.#fragments !== undefined) ? undefined : PROTOCOL_ERROR;
  }

  #isControl(): boolean {
    return (this.#head[0]! & 0x08) !== 0;
  }

  #endFrame(messages: (Message | Fault)[]): Fault | undefined {
    const data = this.#payload.join();
    if (this.#mask !== undefined) applyMask(data, this.#mask);
    const first = this.#head[0]!;
    const isFinal = (first & 0x80) !== 0;
    this.#payload = new Pieces();
    this.#left = -1;
    this.#headBytes = 0;
    this.#headNeeds = 2;
    const type = TYPES.get(first & 0x0f);
    if (type === 'close' && !isCloseData(data)) return PROTOCOL_ERROR;
    if (type === 'close' && !isUtf8(data.subarray(2))) return NOT_UTF8;
    if (type !== undefined && (isFinal || type === 'close')) return endMessage(messages, type, data);
    this.#fragments ??= { type: type!, data: new Pieces() };
    this.#fragments.data.add(data);
    if (!isFinal) return undefined;
    const { type: begun, data: pieces } = this.#fragments;
    this.#fragments = undefined;
    return endMessage(messages, begun, pieces.join());
  }
}

function endMessage(messages: (Message | Fault)[], type: MessageType, data: Buffer): Fault | undefined {
  if (type === 'text' && !isUtf8(data)) return NOT_UTF8;
  messages.push({ type, data });
  return undefined;
}

/** Nothing, or a status that may be sent, and a reason. */
const isCloseData = (data: Buffer): boolean =>
  data.length === 0 || (data.length >= 2 && isCloseStatus(data.readUInt16BE(0)));

export const isCloseStatus = (status: number): boolean =>
  (status >= 1000 && status <= 1014 && status !== 1004 && status !== 1005 && status !== 1006) ||
  (status >= 3000 && status <= 4999);

/** Bytes that come bit by bit, in about the memory that they need. */
class Pieces {
  readonly #pieces: Buffer[] = [];
  #crumbs: Crumbs | undefined = undefined;
  bytes = 0;

  add(piece: Buffer): void {
    if (piece.length === 0) return;
    this.bytes += piece.length;
    if (piece.length >= CRUMB_BYTES || this.#pieces.length === 0) this.#pieces.push(piece);
    else (this.#crumbs ??= new Crumbs()).append(this.#pieces, piece);
  }

  /** A buffer of its own. */
  join(): Buffer {
    return this.bytes === 0 ? NOTHING : Buffer.concat(this.#pieces, this.bytes);
  }
}

export function applyMask(data: Buffer, mask: Buffer): void {
  for (let i = 0; i < data.length; i++) data[i]! ^= mask[i & 3]!;
}
