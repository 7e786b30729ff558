// Small pieces of a body that somebody waits for as a whole, put together as they come: each by itself would take a hundred
// times the memory that the client sent.

/** A piece of so many bytes is worth its own object. */
export const CRUMB_BYTES = 512;
const MEMORY_BYTES = 16_384;

export class Crumbs {
  #memory: Buffer = Buffer.allocUnsafeSlow(MEMORY_BYTES);
  #start = 0;
  #end = 0;
  /** What was appended last; it grows while it is the last of its list. */
  #piece: Buffer | undefined = undefined;

  append(pieces: Buffer[], chunk: Buffer): void {
    if (MEMORY_BYTES - this.#end < chunk.length) {
      this.#memory = Buffer.allocUnsafeSlow(MEMORY_BYTES);
      this.#end = 0;
      this.#piece = undefined;
    }
    if (this.#piece !== undefined && pieces.at(-1) === this.#piece) pieces.pop();
    else this.#start = this.#end;
    chunk.copy(this.#memory, this.#end);
    this.#end += chunk.length;
    this.#piece = this.#memory.subarray(this.#start, this.#end);
    pieces.push(this.#piece);
  }
}
