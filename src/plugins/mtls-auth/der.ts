// Reads DER (X.690) as far as certificates need it: tags of one byte and definite lengths. Throws DerError where lengths lead
// out of the bytes; whoever parsed the certificate before us would not have taken such a one.

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

export class DerError extends Error {}

export const SEQUENCE = 0x30;
export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const OBJECT_ID = 0x06;

/** The elements that stand one after the other. */
export function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    const first = bytes[at + 1];
    if (first === undefined || (tag & 0x1f) === 0x1f) throw new DerError('no element');
    const sizeBytes = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || sizeBytes > 4 || at + 2 + sizeBytes > bytes.length) throw new DerError('no length');
    const length = sizeBytes === 0 ? first : bytes.readUIntBE(at + 2, sizeBytes);
    const start = at + 2 + sizeBytes;
    if (start + length > bytes.length) throw new DerError('too short');
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
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
