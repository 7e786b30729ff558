// Identifiers: random and name-based UUIDs, random keys, and request ids. Randomness is always the cryptographic kind.
import { hash, randomBytes, randomFillSync, randomUUID } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => text.length === 36 && UUID.test(text);

export const newUuid = (): string => randomUUID();

/** RFC 9562 version 5: the same namespace and name give the same id everywhere. */
export function uuidV5(namespace: string, name: string): string {
  const hex = hash('sha1', Buffer.concat([Buffer.from(namespace.replaceAll('-', ''), 'hex'), Buffer.from(name)]));
  const variant = VARIANTS[Number.parseInt(hex[16]!, 16) & 0x3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const VARIANTS = '89ab';

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

const IDS_PER_FILL = 256;
const ID_BYTES = 16;

/** Makes 32-hex request ids; the random bytes of many are drawn and written as text at once. */
export function createRequestIds(): () => string {
  const bytes = Buffer.alloc(IDS_PER_FILL * ID_BYTES);
  let text = '';
  let offset = 0;
  return () => {
    if (offset === text.length) {
      text = randomFillSync(bytes).toString('hex');
      offset = 0;
    }
    offset += ID_BYTES * 2;
    return text.slice(offset - ID_BYTES * 2, offset);
  };
}
