// Huffman decoding (RFC 7541, 5.2). Codes of up to ten bits, which nearly all octets of real headers have, are looked up;
// longer ones are found by their length: in a canonical code the codes of one length are consecutive numbers.
import { CODE_LENGTHS, END_OF_STRING } from './code-lengths.ts';
import { HpackError } from './hpack-error.ts';

const SHORT_BITS = 10;
const SHORT_MASK = (1 << SHORT_BITS) - 1;
const LONGEST = 30;
const SHORTEST = 5;
const FIRST_OCTETS = 4096;
/** What one long string needed is not held after it. */
const MOST_OCTETS = 64 * 1024;

export class HuffmanDecoder {
  /** The octets of the string decoded last. */
  octets = Buffer.allocUnsafeSlow(FIRST_OCTETS);
  /** By the next ten bits: length of the code there, and the octet; 0 when the code is longer. */
  private readonly short = new Uint16Array(1 << SHORT_BITS);
  /** Octets in the order of their codes. */
  private readonly ordered = new Uint16Array(CODE_LENGTHS.length);
  /** By length of the code: the first code, how many there are, and where the first stands among `ordered`. */
  private readonly first = new Uint32Array(LONGEST + 1);
  private readonly count = new Uint16Array(LONGEST + 1);
  private readonly position = new Uint16Array(LONGEST + 1);

  constructor() {
    for (const length of CODE_LENGTHS) this.count[length] = (this.count[length] as number) + 1;
    let code = 0;
    let position = 0;
    for (let length = SHORTEST; length <= LONGEST; length++) {
      const count = this.count[length] as number;
      this.first[length] = code;
      this.position[length] = position;
      position += count;
      code = (code + count) * 2;
    }
    const next = this.position.slice();
    CODE_LENGTHS.forEach((length, octet) => {
      const at = next[length] as number;
      next[length] = at + 1;
      this.ordered[at] = octet;
      if (length > SHORT_BITS) return;
      const bits = (this.first[length] as number) + at - (this.position[length] as number);
      const spare = SHORT_BITS - length;
      this.short.fill((length << 8) | octet, bits << spare, (bits + 1) << spare);
    });
  }

  /** Decodes bytes[start, end) into `octets`; returns how many there are. */
  decode(bytes: Buffer, start: number, end: number): number {
    const octets = this.room(end - start);
    const short = this.short;
    let length = 0;
    let at = start;
    /** The last `held` bits of it are those read and not yet decoded. */
    let bits = 0;
    let held = 0;
    for (;;) {
      if (held < SHORT_BITS) {
        if (at + 1 < end) {
          bits = (bits << 16) | ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
          at += 2;
          held += 16;
        } else if (at < end) {
          bits = (bits << 8) | (bytes[at++] as number);
          held += 8;
          continue;
        } else break;
      }
      const found = short[(bits >>> (held - SHORT_BITS)) & SHORT_MASK] as number;
      if (found !== 0) {
        held -= found >> 8;
        octets[length++] = found;
        continue;
      }
      const from = at * 8 - held;
      const long = this.long(bytes, from, end);
      if (long === 0) throw new HpackError('padding of a Huffman-encoded string is too long');
      octets[length++] = long;
      const next = from + (long >> 8);
      at = (next + 7) >> 3;
      held = at * 8 - next;
      bits = bytes[at - 1] as number;
    }
    while (held > 0) {
      const spare = SHORT_BITS - held;
      const found = short[((bits << spare) | ((1 << spare) - 1)) & SHORT_MASK] as number;
      if (found === 0 || found >> 8 > held) break;
      held -= found >> 8;
      octets[length++] = found;
    }
    const padding = (1 << held) - 1;
    if (held > 7 || (bits & padding) !== padding) throw new HpackError('padding of a Huffman-encoded string is wrong');
    return length;
  }

  /** The code at that bit: its length and octet. 0: the string ends before the code does. */
  private long(bytes: Buffer, from: number, end: number): number {
    const at = from >> 3;
    const skipped = from & 7;
    const high = (octetAt(bytes, at, end) << 24) | (octetAt(bytes, at + 1, end) << 16);
    const low = (octetAt(bytes, at + 2, end) << 8) | octetAt(bytes, at + 3, end);
    const window = ((high | low) << skipped) | (octetAt(bytes, at + 4, end) >> (8 - skipped));
    for (let length = SHORT_BITS + 1; length <= LONGEST; length++) {
      const place = (window >>> (32 - length)) - (this.first[length] as number);
      if (place >= (this.count[length] as number)) continue;
      if (from + length > end * 8) return 0;
      const octet = this.ordered[(this.position[length] as number) + place] as number;
      if (octet === END_OF_STRING) break;
      return (length << 8) | octet;
    }
    throw new HpackError('end of string inside a Huffman-encoded string');
  }

  /** The shortest code has five bits: room for that many octets of them. */
  private room(encoded: number): Buffer {
    const most = Math.ceil((encoded * 8) / SHORTEST);
    const isTooLarge = this.octets.length > MOST_OCTETS && most <= MOST_OCTETS;
    if (most > this.octets.length || isTooLarge) this.octets = Buffer.allocUnsafeSlow(Math.max(most, FIRST_OCTETS));
    return this.octets;
  }
}

/** Behind the end are the ones of the padding. */
const octetAt = (bytes: Buffer, at: number, end: number): number => (at < end ? (bytes[at] as number) : 0xff);

let shared: HuffmanDecoder | undefined;

/** One for all connections: nothing in it outlives a call. Made when the first string asks for it. */
export function huffmanDecoder(): HuffmanDecoder {
  return (shared ??= new HuffmanDecoder());
}
