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
  #rest: Buffer = Buffer.alloc(0);

  /** Throws when a message is larger than allowed. */
  push(chunk: Uint8Array): Frame[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#rest.length - at >= HEAD) {
      const length = this.#rest.readUInt32BE(at + 1);
      if (length > MAX_MESSAGE) throw new Error(`a message has ${length} bytes`);
      if (this.#rest.length - at < HEAD + length) break;
      frames.push({ flag: this.#rest[at]!, message: this.#rest.subarray(at + HEAD, at + HEAD + length) });
      at += HEAD + length;
    }
    this.#rest = this.#rest.subarray(at);
    return frames;
  }

  /** What is left of a message that never ended. */
  get rest(): Buffer {
    return this.#rest;
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
