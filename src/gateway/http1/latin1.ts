// Bytes to text, one character a byte, by the shortest way: Buffer's own slicer, without the dispatch on encodings that
// toString does on each call.

interface Slicer {
  latin1Slice(start: number, end: number): string;
}

export function latin1(bytes: Buffer, start = 0, end = bytes.length): string {
  return (bytes as unknown as Slicer).latin1Slice(start, end);
}

export function latin1Of(bytes: Uint8Array): string {
  return latin1(bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
