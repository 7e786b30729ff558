// Chunks read from an upstream are lent: the memory is read into again as soon as the callback returns. Who needs a chunk for
// longer copies it, or calls keepBytes() in the same call, and the connection then takes fresh memory for its next read.

/** More than one: what a plugin made of a chunk may be kept in the same call. */
const kept = new WeakSet<ArrayBufferLike>();
let isAnyKept = false;

/** The chunk stays valid after this turn. */
export function keepBytes(chunk: Uint8Array): void {
  kept.add(chunk.buffer);
  isAnyKept = true;
}

/** For the lender: was this memory kept since the last question? */
export function wereBytesKept(memory: Uint8Array): boolean {
  if (!isAnyKept) return false;
  isAnyKept = false;
  return kept.delete(memory.buffer);
}
