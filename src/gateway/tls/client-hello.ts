// The server name in the first message of a TLS client, read before the handshake begins: the certificate must be chosen
// before there is a TLS socket, because the runtime can give only one key pair to a socket that exists. Every byte is looked
// at once, however many chunks and records it comes in. What is no ClientHello is left to OpenSSL to refuse.
export type HelloName =
  | { readonly state: 'more' }
  /** Longer than any that is meant well. */
  | { readonly state: 'too long' }
  /** As far as we read it; undefined when there is none, or no hello. */
  | { readonly state: 'read'; readonly serverName: string | undefined };

const MORE: HelloName = { state: 'more' };
const TOO_LONG: HelloName = { state: 'too long' };
const NO_NAME: HelloName = { state: 'read', serverName: undefined };

/** What a client is told whose hello is too long: fatal, illegal_parameter, as OpenSSL says it. */
export const TOO_LONG_ALERT = Uint8Array.of(21, 3, 1, 0, 2, 2, 47);

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const MESSAGE_HEAD = 4;
/** Of the message. Hellos with the largest key shares in use have 2 KiB. */
const MAX_HELLO = 16_384;
/** With the heads of records, of which a message in tiny pieces has many. */
const MAX_BYTES = 2 * MAX_HELLO;

export class ClientHelloReader {
  #message = Buffer.allocUnsafe(1_024);
  #length = 0;
  #bytes = 0;
  /** Of the head of the current record. */
  #headBytes = 0;
  #highByte = 0;
  #recordLeft = 0;

  /** The next chunk. Nothing is to be read after another verdict than `more`. */
  read(chunk: Buffer): HelloName {
    this.#bytes += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      if (this.#recordLeft === 0) {
        if (!this.#readHeadByte(chunk[at++] as number)) return this.#verdictSoFar() ?? NO_NAME;
        continue;
      }
      const end = Math.min(chunk.length, at + this.#recordLeft);
      this.#recordLeft -= end - at;
      this.#keep(chunk, at, end);
      at = end;
      const verdict = this.#verdictSoFar();
      if (verdict !== undefined) return verdict;
    }
    return this.#bytes > MAX_BYTES ? TOO_LONG : MORE;
  }

  /** False when this is no record of a handshake. */
  #readHeadByte(byte: number): boolean {
    switch (this.#headBytes++) {
      case 0:
        return byte === HANDSHAKE_RECORD;
      case 1:
        return byte === 3;
      case 2:
        return true;
      case 3:
        this.#highByte = byte;
        return true;
      default:
        this.#headBytes = 0;
        this.#recordLeft = (this.#highByte << 8) | byte;
        return true;
    }
  }

  #keep(chunk: Buffer, from: number, to: number): void {
    const needed = Math.min(this.#length + to - from, MESSAGE_HEAD + MAX_HELLO);
    if (needed > this.#message.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#message.length));
      this.#message.copy(larger, 0, 0, this.#length);
      this.#message = larger;
    }
    this.#length += chunk.copy(this.#message, this.#length, from, from + needed - this.#length);
  }

  #verdictSoFar(): HelloName | undefined {
    const message = this.#message;
    if (this.#length < MESSAGE_HEAD) return undefined;
    if (message[0] !== CLIENT_HELLO) return NO_NAME;
    const length = message.readUIntBE(1, 3);
    if (length > MAX_HELLO) return TOO_LONG;
    if (this.#length < MESSAGE_HEAD + length) return undefined;
    try {
      return { state: 'read', serverName: nameIn(message.subarray(MESSAGE_HEAD, MESSAGE_HEAD + length)) };
    } catch (error) {
      // Lengths that lead out of the message.
      if (error instanceof RangeError) return NO_NAME;
      throw error;
    }
  }
}

/** Throws a RangeError where the lengths are wrong. */
function nameIn(hello: Buffer): string | undefined {
  let at = 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  if (at >= hello.length) return undefined;
  const end = at + 2 + hello.readUInt16BE(at);
  for (at += 2; at + 4 <= end; ) {
    const type = hello.readUInt16BE(at);
    const length = hello.readUInt16BE(at + 2);
    if (type === SERVER_NAME) {
      if (length < 5 || hello.readUInt8(at + 6) !== HOST_NAME) return undefined;
      const size = hello.readUInt16BE(at + 7);
      return at + 9 + size > hello.length ? undefined : hello.toString('latin1', at + 9, at + 9 + size);
    }
    at += 4 + length;
  }
  return undefined;
}
