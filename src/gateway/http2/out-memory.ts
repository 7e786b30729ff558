// The memory that frames are written into until they leave: pieces of a slab that all connections share. What has been used is
// not used again, because the system may still have to read it; a slab goes when the last write from it is done.

const SLAB_BYTES = 65_536;

class OutMemory {
  slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #used = 0;

  /** slab[start, start + size) is the caller's. */
  take(size: number): number {
    if (this.#used + size > this.slab.length) {
      this.slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, size));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += size;
    return start;
  }

  /** slab[from, to) was not needed. */
  giveBack(slab: Buffer, from: number, to: number): void {
    if (slab === this.slab && to === this.#used) this.#used = from;
  }
}

export const outMemory = new OutMemory();
