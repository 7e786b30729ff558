// Bytes of a client into frames: the preface, then one frame after the other. A frame that comes in pieces is put together in
// memory of its own, at most one of the largest size that we take.
import { FRAME, FRAME_HEAD_BYTES, MAX_FRAME_BYTES, PREFACE, readUint31 } from './frames.ts';

export interface FrameSink {
  /**
   * bytes[start, end) is the payload.
   * @param isLent the memory is somebody else's as soon as this returns.
   * @returns false when nothing more of the client is to be read.
   */
  onFrame(
    type: number,
    flags: number,
    stream: number,
    bytes: Buffer,
    start: number,
    end: number,
    isLent: boolean,
  ): boolean;
  onBadPreface(): void;
  onTooLarge(): void;
}

const PREFACE_BYTES = Buffer.from(PREFACE, 'latin1');

export class FrameReader {
  readonly #sink: FrameSink;
  #prefaceLeft: number = PREFACE_BYTES.length;
  /** What there is of a frame, its head first. */
  #piece: Buffer<ArrayBufferLike> | undefined = undefined;
  #pieceBytes = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** A frame, or the preface, has begun and is not complete. */
  get isInside(): boolean {
    return this.#piece !== undefined || this.#prefaceLeft > 0;
  }

  /** The frame that has begun is one of data. */
  get isInsideData(): boolean {
    return this.#piece !== undefined && this.#pieceBytes >= FRAME_HEAD_BYTES && this.#piece[3] === FRAME.data;
  }

  /** Bytes there are of a frame of data that has begun on this stream. */
  partOf(stream: number): number {
    return this.isInsideData && readUint31(this.#piece as Buffer, 5) === stream ? this.#pieceBytes : 0;
  }

  /** bytes[0, size) came. */
  read(bytes: Buffer, size: number): void {
    let at = 0;
    if (this.#prefaceLeft > 0) {
      at = this.#readPreface(bytes, size);
      if (at < 0) return this.#sink.onBadPreface();
    }
    if (this.#piece !== undefined) {
      at = this.#goOn(bytes, at, size);
      if (at < 0) return;
    }
    while (size - at >= FRAME_HEAD_BYTES) {
      const length = lengthAt(bytes, at);
      if (length > MAX_FRAME_BYTES) return this.#sink.onTooLarge();
      const start = at + FRAME_HEAD_BYTES;
      const end = start + length;
      if (end > size) break;
      if (!this.#hand(bytes, at, end, true)) return;
      at = end;
    }
    if (at < size) this.#keep(bytes, at, size);
  }

  #readPreface(bytes: Buffer, size: number): number {
    const from = PREFACE_BYTES.length - this.#prefaceLeft;
    const count = Math.min(size, this.#prefaceLeft);
    if (PREFACE_BYTES.compare(bytes, 0, count, from, from + count) !== 0) return -1;
    this.#prefaceLeft -= count;
    return count;
  }

  /** @returns where the rest begins, or -1 when nothing more is to be read for now. */
  #goOn(bytes: Buffer, from: number, size: number): number {
    let at = from;
    let piece: Buffer<ArrayBufferLike> = this.#piece as Buffer;
    if (this.#pieceBytes < FRAME_HEAD_BYTES) {
      const count = Math.min(size - at, FRAME_HEAD_BYTES - this.#pieceBytes);
      bytes.copy(piece, this.#pieceBytes, at, at + count);
      this.#pieceBytes += count;
      at += count;
      if (this.#pieceBytes < FRAME_HEAD_BYTES) return -1;
      piece = this.#makeRoom(piece);
      if (piece.length === 0) return -1;
    }
    const count = Math.min(size - at, piece.length - this.#pieceBytes);
    bytes.copy(piece, this.#pieceBytes, at, at + count);
    this.#pieceBytes += count;
    if (this.#pieceBytes < piece.length) return -1;
    this.#piece = undefined;
    return this.#hand(piece, 0, piece.length, false) ? at + count : -1;
  }

  #keep(bytes: Buffer, at: number, size: number): void {
    const count = size - at;
    let piece: Buffer<ArrayBufferLike> = Buffer.allocUnsafe(FRAME_HEAD_BYTES);
    bytes.copy(piece, 0, at, size);
    this.#pieceBytes = Math.min(count, FRAME_HEAD_BYTES);
    this.#piece = piece;
    if (count < FRAME_HEAD_BYTES) return;
    piece = this.#makeRoom(piece);
    bytes.copy(piece, FRAME_HEAD_BYTES, at + FRAME_HEAD_BYTES, size);
    this.#pieceBytes = count;
  }

  /** For the whole of a frame whose head is known. Empty when there must not be one. */
  #makeRoom(head: Buffer): Buffer<ArrayBufferLike> {
    const length = lengthAt(head, 0);
    if (length > MAX_FRAME_BYTES) {
      this.#piece = undefined;
      this.#sink.onTooLarge();
      return NOTHING;
    }
    const piece = Buffer.allocUnsafeSlow(FRAME_HEAD_BYTES + length);
    head.copy(piece, 0, 0, FRAME_HEAD_BYTES);
    return (this.#piece = piece);
  }

  #hand(bytes: Buffer, at: number, end: number, isLent: boolean): boolean {
    const stream = readUint31(bytes, at + 5);
    const start = at + FRAME_HEAD_BYTES;
    return this.#sink.onFrame(bytes[at + 3] as number, bytes[at + 4] as number, stream, bytes, start, end, isLent);
  }
}

const NOTHING = Buffer.alloc(0);

const lengthAt = (bytes: Buffer, at: number): number =>
  ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
