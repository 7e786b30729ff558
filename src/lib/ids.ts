// Identifiers: random and name-based UUIDs, random keys, and request ids. Randomness is always the cryptographic kind.
import { createHash, randomBytes, randomFillSync, randomUUID } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => text.length === 36 && UUID.test(text);

export const newUuid = (): string => randomUUID();

/** RFC 9562 version 5: the same namespace and name give the same id everywhere. */
export function uuidV5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const ALPHANUMERICS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** 32 random alphanumerics, what Kong gives an absent auto string (a key, a secret). */
export function newRandomKey(length = 32): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) {
      // 248 = 4 × 62: a larger byte would make some letters likelier.
      if (byte < 248 && text.length < length) text += ALPHANUMERICS[byte % 62];
    }
  }
  return text;
}

const POOL_BYTES = 16 * 256;
const HEX_BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Makes 32-hex request ids from a pre-filled random pool: a system call for every 256 ids instead of one each. */
export function createRequestIds(): () => string {
  const pool = new Uint8Array(POOL_BYTES);
  let offset = POOL_BYTES;
  return () => {
    if (offset === POOL_BYTES) {
      randomFillSync(pool);
      offset = 0;
    }
    let id = '';
    for (let i = 0; i < 16; i++) id += HEX_BYTES[pool[offset + i]!];
    offset += 16;
    return id;
  };
}
