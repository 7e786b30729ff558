// Compares what a client sent with a secret, in a time that does not tell where they differ. Both are hashed first, so that it
// does not tell how long the secret is either.
import { hash } from 'node:crypto';

export const isSameSecret = (sent: string | Uint8Array, secret: string | Uint8Array): boolean =>
  isSameDigest(hash('sha256', sent), hash('sha256', secret));

/**
 * Of what has been hashed already, as text; the length of a digest is no secret. Every character is looked at, whatever the
 * ones before it were: that takes as long for digests that differ in the first as for those that are the same.
 */
export function isSameDigest(sent: string, stored: string): boolean {
  if (sent.length !== stored.length) return false;
  let difference = 0;
  for (let i = 0; i < sent.length; i++) difference |= sent.charCodeAt(i) ^ stored.charCodeAt(i);
  return difference === 0;
}
