// Writes what blocks are made of: integers and raw strings (RFC 7541, 5).

/** For integers below 2^31. */
export const MOST_INTEGER_OCTETS = 6;
const LENGTH_MASK = 0x7f;
/** Shorter strings are copied character by character: that costs less than a call. */
const SHORT = 20;

/** Buffer's own writer, without the dispatch on encodings that `write` does on each call. */
interface Writer {
  latin1Write(text: string, at: number, length: number): number;
}

/** @param kind the bits in front of the integer. @param mask those of its first octet that belong to it. Returns the end. */
export function writeInteger(kind: number, mask: number, value: number, out: Buffer, at: number): number {
  if (value < mask) {
    out[at] = kind | value;
    return at + 1;
  }
  out[at] = kind | mask;
  let end = at + 1;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) out[end++] = 0x80 | (rest & 0x7f);
  out[end++] = rest;
  return end;
}

/** Without Huffman's code. Returns the end. */
export function writeString(text: string, out: Buffer, at: number): number {
  const { length } = text;
  const start = writeInteger(0, LENGTH_MASK, length, out, at);
  if (length > SHORT) (out as unknown as Writer).latin1Write(text, start, length);
  else for (let i = 0; i < length; i++) out[start + i] = text.charCodeAt(i);
  return start + length;
}
