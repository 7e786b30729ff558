// The stored form of a client secret with `hash_secret`: PBKDF2 in the notation `$pbkdf2-sha512$i=…,l=…$salt$hash`.
import { pbkdf2Sync, randomBytes } from 'node:crypto';

const ITERATIONS = 10_000;
const KEY_BYTES = 32;
const SALT_BYTES = 16;

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

export function hashSecret(secret: string): string {
  const salt = randomBytes(SALT_BYTES);
  const hash = pbkdf2Sync(secret, salt, ITERATIONS, KEY_BYTES, 'sha512');
  return `$pbkdf2-sha512$i=${ITERATIONS},l=${KEY_BYTES}$${unpadded(salt)}$${unpadded(hash)}`;
}
