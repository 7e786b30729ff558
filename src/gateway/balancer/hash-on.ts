// What a request is hashed by: the first input that it has, of the two that the upstream names. Without either all such
// requests hash alike and go to one target.
import { randomUUID } from 'node:crypto';
import { xxh32 } from '../../lib/xxh32.ts';
import type { UpstreamConfig } from './config.ts';

/** What hashing may ask a request for. All texts are bytes, as they came. */
export interface HashSource {
  /** Consumer id, or else the credential's. */
  consumer(): string | undefined;
  ip(): string;
  headers(name: string): readonly string[];
  cookie(name: string): string | undefined;
  /** Normalised with nothing escaped, without the query. */
  path(): string;
  /** Every value of the argument; `true` for one without. */
  query(name: string): readonly (string | true)[];
  /** By group name, or number as text. */
  capture(name: string): string | undefined;
}

export interface RequestHash {
  readonly hash: number;
  /** A cookie that the client has to get so that its next request hashes alike. */
  readonly setCookie: string | undefined;
}

/** For retries the same hash has to be used again. */
export function hashRequest(config: UpstreamConfig, source: HashSource): RequestHash {
  const first = readInput(config.hash_on, primaryNames(config), source);
  const input = first ?? readInput(config.hash_fallback, fallbackNames(config), source);
  if (input !== undefined) return { hash: xxh32(input), setCookie: undefined };
  if (config.hash_on !== 'cookie' && config.hash_fallback !== 'cookie')
    return { hash: xxh32(''), setCookie: undefined };
  const value = randomUUID();
  const path = config.hash_on_cookie_path ?? '/';
  return { hash: xxh32(value), setCookie: `${config.hash_on_cookie}=${value}; Path=${path}; Same-Site=Lax; HttpOnly` };
}

interface Names {
  readonly header: string | null | undefined;
  readonly cookie: string | null | undefined;
  readonly query: string | null | undefined;
  readonly capture: string | null | undefined;
}

const primaryNames = (config: UpstreamConfig): Names => ({
  header: config.hash_on_header,
  cookie: config.hash_on_cookie,
  query: config.hash_on_query_arg,
  capture: config.hash_on_uri_capture,
});

const fallbackNames = (config: UpstreamConfig): Names => ({
  header: config.hash_fallback_header,
  cookie: config.hash_on_cookie,
  query: config.hash_fallback_query_arg,
  capture: config.hash_fallback_uri_capture,
});

function readInput(kind: string | null | undefined, names: Names, source: HashSource): string | undefined {
  switch (kind) {
    case 'consumer':
      return source.consumer();
    case 'ip':
      return source.ip();
    case 'path':
      return source.path();
    case 'cookie':
      return source.cookie(names.cookie ?? '');
    case 'header':
      return joined(source.headers(names.header ?? ''), ', ');
    case 'query_arg':
      return joined(
        source
          .query(names.query ?? '')
          .map(String)
          .sort(),
        ',',
      );
    case 'uri_capture':
      return source.capture(names.capture ?? '');
    default:
      return undefined;
  }
}

const joined = (values: readonly string[], separator: string): string | undefined =>
  values.length === 0 ? undefined : values.join(separator);
