// The Connection header: what it says about the connection, and which other headers it names for removal. Fields that frame or
// route a message may not be named: removing them would change what the message is.
import { isToken } from './headers.ts';

export interface ConnectionTokens {
  close: boolean;
  keepAlive: boolean;
  upgrade: boolean;
  /** Lower-case names of headers to remove. */
  named: string[];
}

const NEVER_NAMED = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'content-range',
  'expect',
]);

/** Adds one line's tokens. False when it is not a list of tokens, has too many, or names what must stay. */
export function readConnectionTokens(value: string, into: ConnectionTokens, limit: number): boolean {
  if (value === 'keep-alive') {
    into.keepAlive = true;
    return true;
  }
  for (const part of value.split(',')) {
    const token = part.trim().toLowerCase();
    if (token === '') continue;
    if (token === 'close') into.close = true;
    else if (token === 'keep-alive') into.keepAlive = true;
    else if (token === 'upgrade') into.upgrade = true;
    else if (!isToken(token) || NEVER_NAMED.has(token) || into.named.push(token) > limit) return false;
  }
  return true;
}
