// Host names to addresses, answered at once whenever they are known. An answer past its lifetime is still given while a
// new one is fetched, so that after the first request nobody waits for DNS; so is one that cannot be renewed. The hosts file
// is asked first. That a name does not exist is remembered too, and for a moment that nobody could tell.
import { isIP, isIPv6 } from 'node:net';
import { isPromise } from '../../lib/promise.ts';
import { type AnswerKind, NameAnswer, plainEndpoint } from './answer.ts';
import { DnsClient } from './client.ts';
import { type AskedType, type Found, lookUp } from './lookup.ts';
import { DEFAULT_HOSTS_FILE, nameServers, readHosts, readResolvConf } from './system.ts';

export interface Resolver {
  /** Rejects when it could not be found out; an answer without endpoints means that the name has none. */
  answer(host: string): NameAnswer | Promise<NameAnswer>;
  /** Its addresses alone. */
  resolve(host: string): readonly string[] | Promise<readonly string[]>;
  close(): void;
}

/** In the words of kong.conf; times in seconds. */
export interface ResolverOptions {
  /** Name servers; those of the machine when empty. */
  readonly dns_resolver?: readonly string[];
  readonly dns_hostsfile?: string | undefined;
  /** Types of records in the order in which they are asked for; LAST is the one that the name had before. */
  readonly dns_order?: readonly string[];
  /** In place of the lifetimes that records have. */
  readonly dns_valid_ttl?: number | undefined;
  readonly dns_stale_ttl?: number;
  readonly dns_not_found_ttl?: number;
  readonly dns_error_ttl?: number;
  readonly dns_cache_size?: number;
  /** How to look a name up; over the network by default. */
  readonly lookup?: (host: string, types: readonly AskedType[]) => Promise<Found | undefined>;
  /** Milliseconds, any origin. */
  readonly now?: () => number;
}

interface Entry {
  readonly answer: NameAnswer | undefined;
  /** Why there is no answer. */
  readonly error: unknown;
  /** When to ask again. */
  freshUntil: number;
  /** When it is no answer any more. */
  readonly usableUntil: number;
  readonly type: AskedType | undefined;
}

const MIN_TTL_S = 1;
const MAX_TTL_S = 86_400;
const DEFAULT_ORDER = ['LAST', 'SRV', 'A', 'CNAME'];

export function createResolver(options: ResolverOptions = {}): Resolver {
  const conf = readResolvConf();
  const client = new DnsClient({
    servers: nameServers(options.dns_resolver ?? []),
    timeoutMs: conf.timeoutMs,
    attempts: conf.attempts,
  });
  return new CachingResolver(
    options,
    options.lookup ?? ((host, types) => lookUp(client, host, types, conf)),
    readHosts(options.dns_hostsfile ?? DEFAULT_HOSTS_FILE),
    () => client.close(),
  );
}

class CachingResolver implements Resolver {
  readonly #options: ResolverOptions;
  readonly #lookup: NonNullable<ResolverOptions['lookup']>;
  readonly #now: () => number;
  readonly #known = new Map<string, NameAnswer>();
  readonly #stop: () => void;
  readonly #entries = new Map<string, Entry>();
  readonly #underway = new Map<string, Promise<NameAnswer>>();

  constructor(
    options: ResolverOptions,
    lookup: NonNullable<ResolverOptions['lookup']>,
    hosts: ReadonlyMap<string, readonly string[]>,
    stop: () => void,
  ) {
    this.#options = options;
    this.#lookup = lookup;
    this.#now = options.now ?? (() => performance.now());
    this.#stop = stop;
    for (const [name, addresses] of hosts) this.#known.set(name, plainAnswer(addresses));
  }

  answer(host: string): NameAnswer | Promise<NameAnswer> {
    const entry = this.#entries.get(host);
    if (entry !== undefined) {
      const now = this.#now();
      if (now < entry.freshUntil) return settled(entry);
      if (now < entry.usableUntil) {
        this.#fetch(host).catch(() => undefined);
        return settled(entry);
      }
    }
    return this.#withoutAsking(host) ?? this.#fetch(host);
  }

  resolve(host: string): readonly string[] | Promise<readonly string[]> {
    const answer = this.answer(host);
    return isPromise<NameAnswer>(answer) ? answer.then(({ addresses }) => addresses) : (answer as NameAnswer).addresses;
  }

  close(): void {
    this.#stop();
    this.#entries.clear();
  }

  /** Addresses, and names that no name server has to be asked for. */
  #withoutAsking(host: string): NameAnswer | undefined {
    const name = host.toLowerCase();
    const literal = literalAddress(name);
    if (literal === undefined) return name.endsWith('.invalid') ? NOWHERE : this.#known.get(name);
    const answer = plainAnswer([literal]);
    const forever = Number.POSITIVE_INFINITY;
    this.#keep(host, { answer, error: undefined, type: undefined, freshUntil: forever, usableUntil: forever });
    return answer;
  }

  #fetch(host: string): Promise<NameAnswer> {
    let underway = this.#underway.get(host);
    if (underway === undefined) {
      underway = this.#ask(host).finally(() => this.#underway.delete(host));
      this.#underway.set(host, underway);
    }
    return underway;
  }

  async #ask(host: string): Promise<NameAnswer> {
    const { dns_error_ttl: errorTtl = 1, dns_stale_ttl: staleTtl = 3600 } = this.#options;
    try {
      const found = await this.#lookup(host, this.#types(this.#entries.get(host)?.type));
      const ttlMs = 1000 * this.#lifetime(found);
      const freshUntil = this.#now() + ttlMs;
      const answer = found === undefined ? plainAnswer([]) : new NameAnswer(found.endpoints, found.type);
      const usableUntil = freshUntil + (found === undefined ? 0 : staleTtl * 1000);
      this.#keep(host, { answer, error: undefined, type: found?.type, freshUntil, usableUntil });
      return answer;
    } catch (error) {
      const freshUntil = this.#now() + errorTtl * 1000;
      const entry = this.#entries.get(host);
      if (entry?.answer !== undefined && this.#now() < entry.usableUntil) {
        // The last good answer serves on; ask again soon.
        entry.freshUntil = freshUntil;
        return entry.answer;
      }
      this.#keep(host, { answer: undefined, error, type: entry?.type, freshUntil, usableUntil: freshUntil });
      throw error;
    }
  }

  #lifetime(found: Found | undefined): number {
    const { dns_not_found_ttl: notFoundTtl = 30, dns_valid_ttl: validTtl } = this.#options;
    if (found === undefined) return notFoundTtl;
    return Math.min(Math.max(validTtl ?? found.ttl, MIN_TTL_S), MAX_TTL_S);
  }

  /** CNAME needs no question of its own: aliases are followed wherever they turn up. */
  #types(last: AskedType | undefined): AskedType[] {
    const order = (this.#options.dns_order ?? DEFAULT_ORDER).map((type) => (type === 'LAST' ? last : type));
    return [...new Set(order)].filter((type) => type === 'SRV' || type === 'A' || type === 'AAAA');
  }

  #keep(host: string, entry: Entry): void {
    const size = this.#options.dns_cache_size ?? 10_000;
    this.#entries.delete(host);
    if (this.#entries.size >= size) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(host, entry);
  }
}

const settled = (entry: Entry): NameAnswer | Promise<NameAnswer> => entry.answer ?? Promise.reject(entry.error);

/** Names that never exist (RFC 6761); no name server has to say so. */
const NOWHERE = new NameAnswer([], 'A');

function plainAnswer(addresses: readonly string[]): NameAnswer {
  const kind: AnswerKind = addresses[0] !== undefined && isIPv6(addresses[0]) ? 'AAAA' : 'A';
  return new NameAnswer(addresses.map(plainEndpoint), kind);
}

function literalAddress(host: string): string | undefined {
  if (host === 'localhost' || host.endsWith('.localhost')) return '127.0.0.1';
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return isIP(bare) === 0 ? undefined : bare;
}
