// The stored form of a password. The id of the consumer is the salt, so a credential cannot move to another consumer.
import { hash } from 'node:crypto';

const NOT_ASCII = /[^\u0000-\u007f]/;

/** @param password text, as the configuration has it */
export const hashPassword = (password: string, consumerId: string): string => hash('sha1', password + consumerId);

/** @param password as a client sent it: bytes that need not be UTF-8, one character each */
export const hashSentPassword = (password: string, consumerId: string): string =>
  NOT_ASCII.test(password)
    ? hash('sha1', Buffer.from(password + consumerId, 'latin1'))
    : hashPassword(password, consumerId);
