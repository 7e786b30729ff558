// The parameters of a signature header: username, algorithm, headers and signature, quoted, in this order. Read from left to
// right in one pass, so that a hostile header costs no more than its length.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import { afterScheme } from '../shared/basic-credentials.ts';

export interface SignatureParameters {
  readonly username: string;
  readonly algorithm: string;
  /** Names in the order in which they were signed, as they were spelled. */
  readonly names: readonly string[];
  readonly signature: string;
}

/** No honest request signs more; each of them is hashed with its whole value. */
const MAX_NAMES = 100;
const ORDER = ['username', 'algorithm', 'headers', 'signature'] as const;

export function parseParameters(header: string): SignatureParameters | undefined {
  const text = afterScheme(header, 'hmac');
  if (text === undefined) return undefined;
  const values: string[] = [];
  let at = 0;
  for (const name of ORDER) {
    if (values.length > 0) {
      if (text[at] !== ',') return undefined;
      at += 1;
      while (text[at] === ' ' || text[at] === '\t') at += 1;
    }
    const start = `${name}="`;
    if (!text.startsWith(start, at)) return undefined;
    const end = text.indexOf('"', at + start.length);
    if (end <= at + start.length) return undefined;
    values.push(text.slice(at + start.length, end));
    at = end + 1;
  }
  if (at !== text.length) return undefined;
  const [username = '', algorithm = '', list = '', signature = ''] = values;
  const names = list.split(' ', MAX_NAMES + 1);
  return names.length > MAX_NAMES ? undefined : { username: bytesToUtf8(username), algorithm, names, signature };
}
