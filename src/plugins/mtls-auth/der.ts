// Reads DER (X.690) as far as certificates need it: tags of one byte and definite lengths. Throws DerError where lengths lead
// out of the bytes; whoever parsed the certificate before us would not have taken such a one.

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length: what signatures and digests are over. */
  readonly raw: Buffer;
}

/** Where the element that begins somewhere has its content. */
export interface Extent {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

export class DerError extends Error {}

export const SEQUENCE = 0x30;
export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const OCTET_STRING = 0x04;
export const OBJECT_ID = 0x06;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
/** Number `n` of a choice or of optional parts, when it is made of further elements. */
export const part = (n: number): number => 0xa0 + n;

export function extentAt(bytes: Buffer, at: number): Extent {
  const tag = bytes[at]!;
  const first = bytes[at + 1];
  if (first === undefined || (tag & 0x1f) === 0x1f) throw new DerError('no element');
  const sizeBytes = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || sizeBytes > 4 || at + 2 + sizeBytes > bytes.length) throw new DerError('no length');
  const length = sizeBytes === 0 ? first : bytes.readUIntBE(at + 2, sizeBytes);
  const start = at + 2 + sizeBytes;
  if (start + length > bytes.length) throw new DerError('too short');
  return { tag, start, end: start + length };
}

/** The elements that stand one after the other. */
export function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { tag, start, end } = extentAt(bytes, at);
    found.push({ tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) });
    at = end;
  }
  return found;
}

/** What is inside the one element that the bytes are. */
export function inside(bytes: Buffer): Element[] {
  const [one] = elements(bytes);
  if (one === undefined) throw new DerError('nothing there');
  return elements(one.content);
}

export function dotted(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (arcs.length === 0) arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)));
    else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

/** The bytes of a string of bits that are whole bytes. */
export function wholeBits({ content }: Element): Buffer {
  if (content[0] !== 0) throw new DerError('no whole bytes');
  return content.subarray(1);
}

const TIMES: Readonly<Record<number, RegExp>> = {
  [UTC_TIME]: /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/,
  [GENERALIZED_TIME]: /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/,
};

export const isTime = ({ tag }: Element): boolean => tag in TIMES;

/** Milliseconds since the epoch. Of years with two digits those from 50 are in the last century (RFC 5280). */
export function readTime({ tag, content }: Element): number {
  const digits = TIMES[tag]?.exec(content.toString('latin1'))?.slice(1).map(Number);
  if (digits === undefined) throw new DerError('no time');
  const [year, month, day, hour, minute, second] = digits as [number, number, number, number, number, number];
  const century = tag === GENERALIZED_TIME ? 0 : year < 50 ? 2000 : 1900;
  return Date.UTC(century + year, month - 1, day, hour, minute, second);
}
