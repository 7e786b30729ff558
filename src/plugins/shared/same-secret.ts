// Compares what a client sent with a secret. Both sides are hashed first, so that the time taken tells neither where they
// differ nor how long the secret is.
import { hash, timingSafeEqual } from 'node:crypto';

export const isSameSecret = (sent: string | Uint8Array, secret: string | Uint8Array): boolean =>
  timingSafeEqual(hash('sha256', sent, 'buffer'), hash('sha256', secret, 'buffer'));
