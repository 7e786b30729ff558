// Host names to addresses, answered at once whenever they are known. An answer past its lifetime is still given while a
// new one is fetched, so that after the first request nobody waits for DNS. The system's lookup decides (it honours the
// hosts file and search domains); a DNS query beside it only tells how long the answer may be kept.
import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';

export interface Resolver {
  /** Empty when the name has no address. Rejects when that could not be found out. IPv4 first; IPv6 only without it. */
  resolve(host: string): readonly string[] | Promise<readonly string[]>;
  close(): void;
}

export interface ResolverOptions {
  /** The addresses of a name in one family; rejects with code ENOTFOUND when it has none. */
  readonly lookup?: (host: string, family: 4 | 6) => Promise<readonly string[]>;
  /** Lifetime of the A records of a name, seconds; undefined when it cannot be told. */
  readonly lookupTtl?: (host: string) => Promise<number | undefined>;
  /** Milliseconds, any origin. */
  readonly now?: () => number;
}

interface Entry {
  addresses: readonly string[];
  /** When to ask again. */
  freshUntil: number;
  /** When it is no answer any more. */
  usableUntil: number;
}

const MAX_NAMES = 10_000;
const MAX_ANSWERS = 64;
const DEFAULT_TTL_MS = 10_000;
const MIN_TTL_MS = 1000;
const MAX_TTL_MS = 3_600_000;
const STALE_MS = 3_600_000;
const NOT_FOUND_MS = 5000;
const RETRY_MS = 1000;

export function createResolver(options: ResolverOptions = {}): Resolver {
  const client = new dns.Resolver({ timeout: 2000, tries: 2 });
  return new CachingResolver(
    {
      lookup: options.lookup ?? systemLookup,
      lookupTtl: options.lookupTtl ?? ((host) => ttlOf(client, host)),
      now: options.now ?? (() => performance.now()),
    },
    () => client.cancel(),
  );
}

class CachingResolver implements Resolver {
  readonly #sources: Required<ResolverOptions>;
  readonly #cancel: () => void;
  readonly #entries = new Map<string, Entry>();
  readonly #underway = new Map<string, Promise<readonly string[]>>();

  constructor(sources: Required<ResolverOptions>, cancel: () => void) {
    this.#sources = sources;
    this.#cancel = cancel;
  }

  resolve(host: string): readonly string[] | Promise<readonly string[]> {
    const entry = this.#entries.get(host);
    if (entry !== undefined) {
      const now = this.#sources.now();
      if (now < entry.freshUntil) return entry.addresses;
      if (now < entry.usableUntil) {
        this.#fetch(host).catch(() => undefined);
        return entry.addresses;
      }
    }
    const literal = literalAddress(host);
    return literal === undefined ? this.#fetch(host) : this.#keep(host, [literal], Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#cancel();
    this.#entries.clear();
  }

  #fetch(host: string): Promise<readonly string[]> {
    let underway = this.#underway.get(host);
    if (underway === undefined) {
      underway = this.#ask(host).finally(() => this.#underway.delete(host));
      this.#underway.set(host, underway);
    }
    return underway;
  }

  async #ask(host: string): Promise<readonly string[]> {
    const { lookup, now } = this.#sources;
    try {
      const found = await lookup(host, 4).catch((error: unknown) => {
        if (isNotFound(error)) return lookup(host, 6);
        throw error;
      });
      const addresses = this.#keep(host, found.slice(0, MAX_ANSWERS), DEFAULT_TTL_MS);
      void this.#learnTtl(host);
      return addresses;
    } catch (error) {
      if (isNotFound(error)) return this.#keep(host, [], NOT_FOUND_MS);
      // The last good answer serves on; ask again soon.
      const entry = this.#entries.get(host);
      if (entry === undefined || now() >= entry.usableUntil) throw error;
      entry.freshUntil = now() + RETRY_MS;
      return entry.addresses;
    }
  }

  async #learnTtl(host: string): Promise<void> {
    const seconds = await this.#sources.lookupTtl(host).catch(() => undefined);
    const entry = this.#entries.get(host);
    if (seconds === undefined || entry === undefined) return;
    entry.freshUntil = this.#sources.now() + Math.min(Math.max(seconds * 1000, MIN_TTL_MS), MAX_TTL_MS);
    entry.usableUntil = entry.freshUntil + STALE_MS;
  }

  #keep(host: string, addresses: readonly string[], ttlMs: number): readonly string[] {
    if (this.#entries.size >= MAX_NAMES && !this.#entries.has(host)) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
    const freshUntil = this.#sources.now() + ttlMs;
    const staleMs = addresses.length === 0 ? 0 : STALE_MS;
    this.#entries.set(host, { addresses, freshUntil, usableUntil: freshUntil + staleMs });
    return addresses;
  }
}

function literalAddress(host: string): string | undefined {
  if (host === 'localhost' || host.endsWith('.localhost')) return '127.0.0.1';
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return isIP(bare) === 0 ? undefined : bare;
}

async function systemLookup(host: string, family: 4 | 6): Promise<readonly string[]> {
  const found = await dns.lookup(host, { family, all: true });
  return found.map(({ address }) => address);
}

async function ttlOf(client: dns.Resolver, host: string): Promise<number | undefined> {
  const records = await client.resolve4(host, { ttl: true });
  return records.length === 0 ? undefined : Math.min(...records.map(({ ttl }) => ttl));
}

const NOT_FOUND: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA']);

const isNotFound = (error: unknown): boolean => error instanceof Error && 'code' in error && NOT_FOUND.has(error.code);
