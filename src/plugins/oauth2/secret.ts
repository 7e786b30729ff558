// The stored form of a client secret with `hash_secret`: PBKDF2 in the notation `$pbkdf2-sha512$i=…,l=…$salt$hash`.
import { pbkdf2, pbkdf2Sync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { isSameSecret } from '../shared/same-secret.ts';

const ITERATIONS = 10_000;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const STORED = /^\$pbkdf2-sha512\$i=(\d{1,7}),l=(\d{1,3})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

export function hashSecret(secret: string): string {
  const salt = randomBytes(SALT_BYTES);
  const hash = pbkdf2Sync(secret, salt, ITERATIONS, KEY_BYTES, 'sha512');
  return `$pbkdf2-sha512$i=${ITERATIONS},l=${KEY_BYTES}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Computes beside the event loop. False for a stored text of another form. */
export async function matchesHash(sent: string, stored: string): Promise<boolean> {
  const [, iterations = '', length = '', salt = '', hash = ''] = STORED.exec(stored) ?? [];
  if (Number(iterations) < 1 || Number(length) < 1) return false;
  const computed = await promisify(pbkdf2)(
    sent,
    Buffer.from(salt, 'base64'),
    Number(iterations),
    Number(length),
    'sha512',
  );
  return isSameSecret(computed, Buffer.from(hash, 'base64'));
}

/** For few secrets at a time. Undefined for what was not hashed here: others may have made it costly to find out. */
export function isHashOf(stored: string, written: string): boolean | undefined {
  const [, iterations, length, salt = '', hash = ''] = STORED.exec(stored) ?? [];
  if (Number(iterations) !== ITERATIONS || Number(length) !== KEY_BYTES) return undefined;
  if (STORED.test(written)) return stored === written ? true : undefined;
  const computed = pbkdf2Sync(written, Buffer.from(salt, 'base64'), ITERATIONS, KEY_BYTES, 'sha512');
  return isSameSecret(computed, Buffer.from(hash, 'base64'));
}
