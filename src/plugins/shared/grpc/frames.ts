// Length-prefixed messages of gRPC: a flag, four bytes of length, the message. Pieces of any size go in, whole messages come
// out.

const HEAD = 5;
export const MAX_MESSAGE = 4 * 1024 * 1024;
export const TRAILERS_FLAG = 0x80;
export const COMPRESSED_FLAG = 0x01;

export interface Frame {
  readonly flag: number;
  readonly message: Buffer;
}

export function frame(message: Uint8Array, flag = 0): Buffer {
  const bytes = Buffer.alloc(HEAD + message.length);
  bytes[0] = flag;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, HEAD);
  return bytes;
}

export class FrameReader {
  /** Grows ahead of need: a message may come byte by byte, and is not copied for each. */
  #memory: Buffer = Buffer.alloc(0);
  #size = 0;

  /** Throws when a message is larger than allowed. */
  push(chunk: Uint8Array): Frame[] {
    this.#append(chunk);
    const frames: Frame[] = [];
    const bytes = this.rest;
    let at = 0;
    while (bytes.length - at >= HEAD) {
      const length = bytes.readUInt32BE(at + 1);
      if (length > MAX_MESSAGE) throw new Error(`a message has ${length} bytes`);
      if (bytes.length - at < HEAD + length) break;
      frames.push({ flag: bytes[at]!, message: bytes.subarray(at + HEAD, at + HEAD + length) });
      at += HEAD + length;
    }
    if (at > 0) {
      // The messages keep the memory that they are in.
      this.#memory = Buffer.from(bytes.subarray(at));
      this.#size = this.#memory.length;
    }
    return frames;
  }

  /** What is left of a message that never ended. */
  get rest(): Buffer {
    return this.#memory.subarray(0, this.#size);
  }

  #append(chunk: Uint8Array): void {
    const size = this.#size + chunk.length;
    if (size > this.#memory.length) {
      const larger = Buffer.alloc(this.#size === 0 ? size : Math.max(size, 2 * this.#memory.length));
      larger.set(this.rest);
      this.#memory = larger;
    }
    this.#memory.set(chunk, this.#size);
    this.#size = size;
  }
}

/** Pieces of base64, each padded or not: gRPC-Web clients may send several one after the other. */
export function decodeText(body: Buffer): Buffer | undefined {
  const text = body.toString('latin1').replace(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9+/=]*$/.test(text)) return undefined;
  const parts: Buffer[] = [];
  for (const part of text.split(/=+/)) {
    if (part === '') continue;
    if (part.length % 4 === 1) return undefined;
    parts.push(Buffer.from(part, 'base64'));
  }
  return Buffer.concat(parts);
}
