// Reads what blocks are made of: integers and strings (RFC 7541, 5).
import { latin1 } from '../../http1/latin1.ts';
import { HpackError } from './hpack-error.ts';
import { huffmanDecoder } from './huffman.ts';

/** Enough for 2^31: what they make is far from where numbers wrap or lose digits, and above the limits of all that ask. */
const MOST_CONTINUED = 5;
const HUFFMAN = 0x80;
const LENGTH_MASK = 0x7f;
/** Shorter strings are put together of their characters: that costs less than a call. */
const SHORT = 4;
const EMPTY = Buffer.alloc(0);

export class BlockReader {
  at = 0;
  end = 0;
  private bytes: Buffer = EMPTY;

  begin(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** The bytes are not held. */
  finish(): void {
    this.bytes = EMPTY;
  }

  octet(): number {
    if (this.at >= this.end) throw new HpackError('the block ends inside a field');
    return this.bytes[this.at++] as number;
  }

  /** An integer whose first octet has been read. @param mask the bits of that octet which belong to the integer. */
  integer(first: number, mask: number): number {
    const prefix = first & mask;
    return prefix === mask ? this.continued(mask) : prefix;
  }

  /** @param isWanted false: the string is judged and not made. */
  string(isWanted: boolean): string {
    const first = this.octet();
    const length = this.integer(first, LENGTH_MASK);
    const start = this.at;
    if (length > this.end - start) throw new HpackError('the block ends inside a string');
    this.at = start + length;
    if (first < HUFFMAN) return isWanted ? text(this.bytes, start, this.at) : '';
    const huffman = huffmanDecoder();
    const count = huffman.decode(this.bytes, start, this.at);
    return isWanted ? text(huffman.octets, 0, count) : '';
  }

  private continued(mask: number): number {
    let value = mask;
    let scale = 1;
    for (let i = 0; i < MOST_CONTINUED; i++) {
      const octet = this.octet();
      value += (octet & 0x7f) * scale;
      scale *= 0x80;
      if (octet < 0x80) return value;
    }
    throw new HpackError('an integer is too large');
  }
}

function text(bytes: Buffer, start: number, end: number): string {
  if (end - start > SHORT) return latin1(bytes, start, end);
  let characters = '';
  for (let i = start; i < end; i++) characters += String.fromCharCode(bytes[i] as number);
  return characters;
}
