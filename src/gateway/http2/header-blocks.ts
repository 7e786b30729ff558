// Header blocks of a client: a HEADERS frame and what continues it, decoded when the last piece is there. One block at a time,
// and nothing may come in between (RFC 9113 section 4.3).
import { CODE, FLAG, readUint31 } from './frames.ts';
import { HpackDecoder, HpackError } from './hpack/decoder.ts';

/** Of the list that a block unpacks to, as RFC 9113 counts it. */
export const MAX_LIST_BYTES = 65_536;
/** Of the packed block. */
const MAX_BLOCK_BYTES = 65_536;
const MAX_PIECES = 128;
const PRIORITY_BYTES = 5;

export class HeaderBlocks {
  /** Of the block that is read, or was read last. */
  stream = 0;
  endsStream = false;
  /** It depends on itself, which RFC 7540 forbade. */
  isOwnParent = false;
  /** Names and values in turn. */
  lines: string[] = [];
  /** False: the list is larger than we take, and lines has only its beginning. */
  isWhole = true;
  isOpen = false;
  readonly #decoder = new HpackDecoder();
  readonly #maxPairs: number;
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(maxPairs: number) {
    this.#maxPairs = maxPairs;
  }

  /** @returns the error of the connection; 0 is none. When the block is not open any more, its lines are there. */
  begin(flags: number, stream: number, bytes: Buffer, from: number, to: number): number {
    const isPadded = (flags & FLAG.padded) !== 0;
    const hasPriority = (flags & FLAG.priority) !== 0;
    if (to - from < (isPadded ? 1 : 0) + (hasPriority ? PRIORITY_BYTES : 0)) return CODE.frameSizeError;
    let start = from;
    const end = isPadded ? to - (bytes[start++] as number) : to;
    this.isOwnParent = hasPriority && readUint31(bytes, start) === stream;
    if (hasPriority) start += PRIORITY_BYTES;
    if (start > end) return CODE.protocolError;
    this.stream = stream;
    this.endsStream = (flags & FLAG.endStream) !== 0;
    if ((flags & FLAG.endHeaders) !== 0) return this.#decode(bytes, start, end);
    this.isOpen = true;
    this.#pieces = [];
    this.#size = 0;
    return this.#keep(bytes, start, end);
  }

  /** As `begin`, of the next piece. */
  goOn(flags: number, stream: number, bytes: Buffer, start: number, end: number): number {
    if (!this.isOpen || stream !== this.stream) return CODE.protocolError;
    const code = this.#keep(bytes, start, end);
    if (code !== CODE.noError || (flags & FLAG.endHeaders) === 0) return code;
    this.isOpen = false;
    const block = Buffer.concat(this.#pieces, this.#size);
    this.#pieces = [];
    return this.#decode(block, 0, block.length);
  }

  #keep(bytes: Buffer, start: number, end: number): number {
    this.#size += end - start;
    if (this.#size > MAX_BLOCK_BYTES || this.#pieces.length >= MAX_PIECES) return CODE.enhanceYourCalm;
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
    return CODE.noError;
  }

  #decode(bytes: Buffer, start: number, end: number): number {
    this.lines = [];
    try {
      this.isWhole = this.#decoder.decode(bytes, start, end, this.lines, MAX_LIST_BYTES, this.#maxPairs);
      return CODE.noError;
    } catch (error) {
      if (error instanceof HpackError) return CODE.compressionError;
      throw error;
    }
  }
}
