// The memory that an upstream socket reads into: the same again for every read, fresh where a chunk was kept by somebody,
// larger once one was filled. It starts small, for most answers are.
const FIRST_BYTES = 16_384;
const LARGE_BYTES = 65_536;

export class ReadMemory {
  bytes: Buffer;
  private size = FIRST_BYTES;
  private isKept = false;
  private isUnused = true;

  /** @param isInUse some sockets bring chunks of their own. */
  constructor(isInUse: boolean) {
    this.bytes = Buffer.allocUnsafeSlow(isInUse ? FIRST_BYTES : 0);
  }

  /** What the next read goes into, by the contract of `onread.buffer`: undefined is the same as before. */
  next(): Buffer | undefined {
    if (this.isUnused) {
      this.isUnused = false;
      return this.bytes;
    }
    if (!this.isKept && this.size <= this.bytes.length) return undefined;
    this.isKept = false;
    this.bytes = Buffer.allocUnsafeSlow(this.size);
    return this.bytes;
  }

  /** So many bytes were read into it. */
  filled(size: number): void {
    if (size === this.bytes.length) this.size = LARGE_BYTES;
  }

  /** Somebody holds on to what was read. */
  keep(): void {
    this.isKept = true;
  }
}
