// Targets and the addresses their names stand for. Names are asked again every few seconds; the resolver keeps to the
// records' lifetimes. Addresses that stay keep their object, and with it what is known of them.
import { isIP } from 'node:net';
import { isPromise } from '../../lib/promise.ts';
import { parseHost } from '../../lib/uri.ts';
import { Address } from './address.ts';
import type { BalancerTarget } from './config.ts';

export type Resolve = (hostname: string) => readonly string[] | Promise<readonly string[]>;

export interface ResolvedTarget {
  readonly target: BalancerTarget;
  readonly hostname: string;
  readonly port: number;
  addresses: readonly Address[];
  /** Why there are no addresses. */
  failure: string | undefined;
}

export interface TargetSetOptions {
  readonly resolve: Resolve;
  readonly refreshMs: number;
  /** Addresses of earlier configurations by `hostname ip:port`, to go on with. */
  readonly known: ReadonlyMap<string, Address>;
  onChange(): void;
}

const DEFAULT_PORT = 8000;

export class TargetSet {
  readonly all: readonly ResolvedTarget[];
  /** Settles when every name was answered once; undefined from then on. */
  pending: Promise<void> | undefined = undefined;
  readonly #options: TargetSetOptions;
  #timer: NodeJS.Timeout | undefined = undefined;
  #isOpen = false;

  constructor(targets: readonly BalancerTarget[], options: TargetSetOptions) {
    this.#options = options;
    this.all = targets.map(describeTarget).sort(byName);
    const waits: Promise<void>[] = [];
    for (const entry of this.all) {
      const literal = literalAddress(entry.hostname);
      if (literal !== undefined) this.#apply(entry, [literal]);
      else {
        const wait = this.#ask(entry);
        if (wait !== undefined) waits.push(wait);
      }
    }
    if (waits.length > 0) {
      this.pending = Promise.all(waits).then(() => {
        this.pending = undefined;
      });
    }
    if (this.all.some(({ hostname }) => literalAddress(hostname) === undefined)) this.#keepFresh();
    this.#isOpen = true;
  }

  /** In ring order: by host name, port and address. */
  addresses(): Address[] {
    return this.all.flatMap((entry) => entry.addresses);
  }

  close(): void {
    this.#isOpen = false;
    clearInterval(this.#timer);
  }

  #keepFresh(): void {
    this.#timer = setInterval(() => {
      for (const entry of this.all) {
        if (literalAddress(entry.hostname) === undefined) void this.#ask(entry);
      }
    }, this.#options.refreshMs);
    this.#timer.unref();
  }

  #ask(entry: ResolvedTarget): Promise<void> | undefined {
    const answer = this.#options.resolve(entry.hostname);
    if (!isPromise<readonly string[]>(answer)) {
      this.#accept(entry, answer);
      return undefined;
    }
    return answer.then(
      (found) => this.#accept(entry, found),
      (error: unknown) => this.#accept(entry, [], error instanceof Error ? error.message : String(error)),
    );
  }

  #accept(entry: ResolvedTarget, found: readonly string[], failure = 'no address for this name'): void {
    entry.failure = found.length === 0 ? failure : undefined;
    // Whoever opens the set reads it afterwards, and after closing nobody does.
    if (this.#apply(entry, found) && this.#isOpen) this.#options.onChange();
  }

  #apply(entry: ResolvedTarget, found: readonly string[]): boolean {
    const ips = [...new Set(found)];
    const current = entry.addresses;
    if (current.length === ips.length && ips.every((ip) => current.some(({ address }) => address === ip))) return false;
    const { hostname, port, target } = entry;
    const added = ips.map((ip) => {
      const kept = current.find(({ address }) => address === ip);
      if (kept !== undefined) return kept;
      const made = new Address({ address: ip, port, hostname, targetId: target.id }, target.weight);
      const earlier = this.#options.known.get(addressKey(made));
      if (earlier === undefined) return made;
      if (earlier.targetId === made.targetId && earlier.weight === made.weight) return earlier;
      made.ewma = earlier.ewma;
      made.touchedAt = earlier.touchedAt;
      return made;
    });
    entry.addresses = added.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return true;
  }
}

export const addressKey = (address: Address): string => `${address.hostname} ${address.key}`;

function describeTarget(target: BalancerTarget): ResolvedTarget {
  const { name, port } = parseHost(target.target);
  return { target, hostname: name, port: port ?? DEFAULT_PORT, addresses: [], failure: undefined };
}

function byName(a: ResolvedTarget, b: ResolvedTarget): number {
  if (a.hostname !== b.hostname) return a.hostname < b.hostname ? -1 : 1;
  return a.port - b.port;
}

/** The IP that a target names outright. */
function literalAddress(hostname: string): string | undefined {
  if (hostname === 'localhost') return '127.0.0.1';
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}
