// The stored form of a password. The id of the consumer is the salt, so a credential cannot move to another consumer.
import { createHash } from 'node:crypto';

export const hashPassword = (password: string | Uint8Array, consumerId: string): string =>
  createHash('sha1').update(password).update(consumerId).digest('hex');
