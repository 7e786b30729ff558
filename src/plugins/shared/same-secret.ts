// Compares what a client sent with a secret, in a time that does not tell where they differ. Both are hashed first, so that it
// does not tell how long the secret is either.
import { hash, timingSafeEqual } from 'node:crypto';

export const isSameSecret = (sent: string | Uint8Array, secret: string | Uint8Array): boolean =>
  isSameDigest(hash('sha256', sent), hash('sha256', secret));

/** Of what has been hashed already, as text; the length of a digest is no secret. */
export function isSameDigest(sent: string, stored: string): boolean {
  const one = Buffer.from(sent, 'utf8');
  const other = Buffer.from(stored, 'utf8');
  return one.length === other.length && timingSafeEqual(one, other);
}
