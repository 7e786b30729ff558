// What an upstream that hashes may ask a request for.
import { utf8ToBytes } from '../lib/byte-text.ts';
import { parseQuery } from '../lib/query.ts';
import { decodePath } from '../lib/uri.ts';
import type { HashSource } from './balancer/hash-on.ts';
import type { RequestContext } from './context.ts';

export function hashSource(context: RequestContext): HashSource {
  const { exchange, match } = context;
  return {
    consumer: () => context.consumer?.id ?? (context.credential?.['id'] as string | undefined),
    ip: () => context.clientIp,
    headers: (name) => exchange.headers.getAll(name),
    cookie: (name) => readCookie(exchange.headers.getAll('cookie'), name),
    path: () => decodePath(context.path),
    query(name) {
      const value = parseQuery(context.rawQuery ?? '')[name];
      const list = value === undefined ? [] : Array.isArray(value) ? value : [value];
      return list.map((one) => (one === true ? one : utf8ToBytes(one)));
    },
    capture(name) {
      const captures = match?.captures;
      return /^\d+$/.test(name) ? captures?.unnamed[Number(name)] : captures?.named[name];
    },
  };
}

function readCookie(lines: readonly string[], name: string): string | undefined {
  for (const pair of lines.flatMap((line) => line.split(';'))) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
