// Chunks read from an upstream are lent: the memory is read into again as soon as the callback returns. Who needs a chunk for
// longer copies it, or calls keepBytes() in the same call, and the connection then takes fresh memory for its next read.

let kept: ArrayBufferLike | undefined;

/** The chunk stays valid after this turn. */
export function keepBytes(chunk: Uint8Array): void {
  kept = chunk.buffer;
}

/** For the lender: was this memory kept since the last question? */
export function wereBytesKept(memory: Uint8Array): boolean {
  const answer = kept === memory.buffer;
  kept = undefined;
  return answer;
}
