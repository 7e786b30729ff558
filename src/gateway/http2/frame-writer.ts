// Frames to a client, put one behind the other into memory until the turn ends: many small frames are one write.
import type * as net from 'node:net';
import { FLAG, FRAME, FRAME_HEAD_BYTES, MAX_FRAME_BYTES, writeFrameHead, writeUint32 } from './frames.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { outMemory } from './out-memory.ts';

/** So much is reserved at once; a frame of data needs more. */
const PIECE_BYTES = 4_096;
const SETTING_BYTES = 6;
const NO_MEMORY = Buffer.alloc(0);

export class FrameWriter {
  readonly encoder = new HpackEncoder();
  readonly #socket: net.Socket;
  /** memory[start, at) waits to be written, memory[at, end) is free. */
  #memory: Buffer = NO_MEMORY;
  #start = 0;
  #at = 0;
  #end = 0;

  constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  get isEmpty(): boolean {
    return this.#at === this.#start;
  }

  /** Hands everything to the socket. */
  flush(): void {
    const memory = this.#memory;
    if (memory === NO_MEMORY) return;
    const bytes = this.isEmpty ? undefined : memory.subarray(this.#start, this.#at);
    outMemory.giveBack(memory, this.#at, this.#end);
    this.#memory = NO_MEMORY;
    this.#start = this.#at = this.#end = 0;
    if (bytes === undefined || this.#socket.destroyed) return;
    // What has to wait behind other bytes may wait for long, and little must not hold a whole slab.
    const isAlone = bytes.length < PIECE_BYTES && this.#socket.writableLength > 0;
    this.#socket.write(isAlone ? ownCopy(bytes) : bytes);
  }

  settings(pairs: readonly (readonly [number: number, value: number])[]): void {
    let at = this.#begin(pairs.length * SETTING_BYTES, FRAME.settings, 0, 0);
    for (const [number, value] of pairs) {
      this.#memory[at] = number >>> 8;
      this.#memory[at + 1] = number;
      writeUint32(this.#memory, at + 2, value);
      at += SETTING_BYTES;
    }
  }

  settingsAck(): void {
    this.#begin(0, FRAME.settings, FLAG.ack, 0);
  }

  ping(isAck: boolean, bytes: Buffer, start: number): void {
    const at = this.#begin(8, FRAME.ping, isAck ? FLAG.ack : 0, 0);
    bytes.copy(this.#memory, at, start, start + 8);
  }

  goaway(lastStream: number, code: number): void {
    const at = this.#begin(8, FRAME.goaway, 0, 0);
    writeUint32(this.#memory, at, lastStream);
    writeUint32(this.#memory, at + 4, code);
  }

  reset(stream: number, code: number): void {
    const at = this.#begin(4, FRAME.reset, 0, stream);
    writeUint32(this.#memory, at, code);
  }

  windowUpdate(stream: number, size: number): void {
    const at = this.#begin(4, FRAME.windowUpdate, 0, stream);
    writeUint32(this.#memory, at, size);
  }

  /** Chunk[from, to), which fits into one frame. */
  data(stream: number, chunk: Uint8Array, from: number, to: number, isLast: boolean): void {
    const at = this.#begin(to - from, FRAME.data, isLast ? FLAG.endStream : 0, stream);
    // Of small ones a view costs more than the copy.
    if (to - from > 64) this.#memory.set(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to), at);
    else for (let i = from; i < to; i++) this.#memory[at + i - from] = chunk[i] as number;
  }

  /** Lines: names and values in turn. More than fits into one frame goes on in others. */
  headers(stream: number, lines: readonly string[], isLast: boolean): void {
    const { encoder } = this;
    const room = encoder.roomFor(lines);
    this.#reserve(FRAME_HEAD_BYTES + room);
    const head = this.#at;
    const start = head + FRAME_HEAD_BYTES;
    const end = encoder.encode(lines, this.#memory, start);
    const flags = isLast ? FLAG.endStream : 0;
    if (end - start <= MAX_FRAME_BYTES) {
      writeFrameHead(this.#memory, head, end - start, FRAME.headers, flags | FLAG.endHeaders, stream);
      this.#at = end;
      return;
    }
    this.#inPieces(stream, Buffer.from(this.#memory.subarray(start, end)), flags);
  }

  #inPieces(stream: number, block: Buffer, flags: number): void {
    for (let at = 0; at < block.length; at += MAX_FRAME_BYTES) {
      const end = Math.min(block.length, at + MAX_FRAME_BYTES);
      const type = at === 0 ? FRAME.headers : FRAME.continuation;
      const ending = end === block.length ? FLAG.endHeaders : 0;
      const to = this.#begin(end - at, type, (at === 0 ? flags : 0) | ending, stream);
      block.copy(this.#memory, to, at, end);
    }
  }

  /** @returns where the payload goes. */
  #begin(length: number, type: number, flags: number, stream: number): number {
    this.#reserve(FRAME_HEAD_BYTES + length);
    const at = this.#at;
    writeFrameHead(this.#memory, at, length, type, flags, stream);
    this.#at = at + FRAME_HEAD_BYTES + length;
    return at + FRAME_HEAD_BYTES;
  }

  #reserve(size: number): void {
    if (this.#end - this.#at >= size) return;
    this.flush();
    const room = Math.max(PIECE_BYTES, size);
    this.#start = this.#at = outMemory.take(room);
    this.#end = this.#start + room;
    this.#memory = outMemory.slab;
  }
}

function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
