// An answer as it is stored: what the upstream sent, before any plugin changed it, so that a hit passes the same filters
// as a fresh answer.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { type Answer, replay } from '../../pdk/index.ts';

export interface CacheEntry {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
  /** Of the body, as the upstream declared it: an answer to HEAD has a length and no body. */
  readonly length: number | undefined;
  /** Milliseconds since the epoch. */
  readonly storedAt: number;
  /** Seconds for which it is fresh. */
  readonly ttl: number;
}

/** Each instance opens the cache of its zone: `environment.openCache<CacheEntry>(cacheName(zone))`. */
export const cacheName = (zone: string): string => `proxy-cache/${zone}`;

/** By this topic processes tell each other what to forget: `{ zone, key }`, everything of the zone when the key is null. */
export const FORGET = 'proxy-cache forget';

/** What an entry takes besides its texts, about. */
const OVERHEAD = 512;

export function sizeOf({ headers, body }: CacheEntry): number {
  let size = OVERHEAD + body.length;
  for (const [name, value] of Object.entries(headers)) {
    size += name.length + (typeof value === 'string' ? value.length : value.join('').length);
  }
  return size;
}

/** Headers that belong to one exchange only. */
const NOT_STORED = new Set([
  'age',
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'trailers',
  'transfer-encoding',
  'upgrade',
]);

export function storedHeaders(lines: Iterable<[string, string]>): CacheEntry['headers'] {
  const byName = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    if (NOT_STORED.has(lower) || lower.includes('ratelimit-remaining')) continue;
    const known = byName.get(lower);
    if (known === undefined) byName.set(lower, { name, values: [value] });
    else known.values.push(value);
  }
  return Object.fromEntries(
    [...byName.values()].map(({ name, values }) => [name, values.length === 1 ? values[0]! : values]),
  );
}

export const answerOf = (entry: CacheEntry): Answer => replay(entry.status, entry.body, entry.headers, entry.length);

/** For people who look into the cache. */
export function describeEntry({ status, headers, body, storedAt, ttl }: CacheEntry): JsonObject {
  const readable = Object.entries(headers).map(([name, value]): [string, Json] => [
    name.toLowerCase(),
    typeof value === 'string' ? bytesToUtf8(value) : value.map(bytesToUtf8),
  ]);
  return {
    status,
    headers: Object.fromEntries(readable),
    body: body.toString('utf8'),
    body_len: body.length,
    timestamp: storedAt / 1000,
    ttl,
    version: 1,
  };
}
