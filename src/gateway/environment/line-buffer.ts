// Lines gathered as bytes, in memory that is used again and again: while one half is being written, the other fills. Turning
// a line into bytes at once costs less than keeping thousands of texts until they are written.

const FIRST_BYTES = 64 * 1024;

export class LineBuffer {
  readonly #maxBytes: number;
  #filling: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #resting: Buffer | undefined = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;
  #lines = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#lines === 0;
  }

  /** False when there is no room for it. */
  add(line: string | Uint8Array): boolean {
    // A UTF-16 unit takes three bytes at most.
    const needed = this.#length + (typeof line === 'string' ? line.length * 3 : line.length);
    if (needed > this.#filling.length && !this.#grow(needed)) return false;
    if (typeof line === 'string') this.#length += this.#filling.write(line, this.#length, 'utf8');
    else {
      this.#filling.set(line, this.#length);
      this.#length += line.length;
    }
    this.#lines += 1;
    return true;
  }

  /** Everything so far; its memory is this buffer's again once `giveBack` is called. */
  take(): { readonly bytes: Buffer; readonly lines: number } {
    const memory = this.#filling;
    const taken = { bytes: memory.subarray(0, this.#length), lines: this.#lines };
    this.#filling = this.#resting ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#resting = undefined;
    this.#length = 0;
    this.#lines = 0;
    return taken;
  }

  giveBack(bytes: Buffer): void {
    this.#resting = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.buffer.byteLength - bytes.byteOffset);
  }

  #grow(needed: number): boolean {
    if (needed > this.#maxBytes) return false;
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, Math.max(needed, this.#filling.length * 2)));
    this.#filling.copy(larger, 0, 0, this.#length);
    this.#filling = larger;
    return true;
  }
}
