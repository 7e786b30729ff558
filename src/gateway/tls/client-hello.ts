// The server name in the first message of a TLS client, read before the handshake begins: the certificate must be chosen
// before there is a TLS socket, because the runtime can give only one key pair to a socket that exists. Pure: bytes in,
// verdict out. What is no ClientHello is left to OpenSSL to refuse.
export type HelloName =
  | { readonly state: 'more' }
  /** As far as we read it; undefined when there is none, or no hello. */
  | { readonly state: 'read'; readonly serverName: string | undefined };

const MORE: HelloName = { state: 'more' };
const NO_NAME: HelloName = { state: 'read', serverName: undefined };

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
/** OpenSSL takes no larger one either. */
const MAX_HELLO = 131_072;

export function readServerName(bytes: Buffer): HelloName {
  const message = handshakeBytes(bytes);
  if (message === undefined) return NO_NAME;
  if (message.length < 4) return MORE;
  if (message[0] !== CLIENT_HELLO) return NO_NAME;
  const length = message.readUIntBE(1, 3);
  if (length > MAX_HELLO) return NO_NAME;
  if (message.length < 4 + length) return MORE;
  try {
    return { state: 'read', serverName: nameIn(message.subarray(4, 4 + length)) };
  } catch (error) {
    // Lengths that lead out of the message.
    if (error instanceof RangeError) return NO_NAME;
    throw error;
  }
}

/** The content of the records that are there, whole or not; undefined when they are no handshake. */
function handshakeBytes(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== HANDSHAKE_RECORD) return at === 0 ? undefined : Buffer.concat(parts);
    if (bytes.length > at + 1 && bytes[at + 1] !== 3) return undefined;
    if (bytes.length < at + 5) break;
    const length = bytes.readUInt16BE(at + 3);
    parts.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
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
