// Writes what blocks are made of: integers and raw strings (RFC 7541, 5).

/** For integers below 2^31. */
export const MOST_INTEGER_OCTETS = 6;
const LENGTH_MASK = 0x7f;
/** Shorter strings are copied character by character: that costs less than a call. */
const SHORT = 32;

/** Strings come in so many kinds (cut out, put together, kept) that a method of theirs would be looked up for each character. */
const { charCodeAt } = String.prototype;

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
  if (length > SHORT) out.write(text, start, length, 'latin1');
  else for (let i = 0; i < length; i++) out[start + i] = charCodeAt.call(text, i);
  return start + length;
}
