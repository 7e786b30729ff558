// Targets and the addresses their names stand for. Names are asked again every few seconds; the resolver keeps to the
// records' lifetimes. Addresses that stay keep their object, and with it what is known of them.
import { isIP } from 'node:net';
import { isPromise } from '../../lib/promise.ts';
import { parseHost } from '../../lib/uri.ts';
import { type AnswerKind, type Endpoint, NameAnswer, plainEndpoint } from '../dns/answer.ts';
import { Address } from './address.ts';
import type { BalancerTarget } from './config.ts';

export type Resolve = (hostname: string) => NameAnswer | Promise<NameAnswer>;

export interface ResolvedTarget {
  readonly target: BalancerTarget;
  readonly hostname: string;
  readonly port: number;
  addresses: readonly Address[];
  /** What kind of records the addresses are from. */
  kind: AnswerKind;
  /** Why there are no addresses. */
  failure: string | undefined;
}

export interface TargetSetOptions {
  readonly resolve: Resolve;
  readonly refreshMs: number;
  /** Peers are called by the names that SRV records point to, not by the target's. */
  readonly usesSrvName: boolean;
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
      if (literal !== undefined) this.#apply(entry, new NameAnswer([plainEndpoint(literal)], familyOf(literal)));
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
    if (!isPromise<NameAnswer>(answer)) {
      this.#accept(entry, answer as NameAnswer);
      return undefined;
    }
    return answer.then(
      (found) => this.#accept(entry, found),
      (error: unknown) => this.#accept(entry, NOBODY, error instanceof Error ? error.message : String(error)),
    );
  }

  #accept(entry: ResolvedTarget, found: NameAnswer, failure = 'no address for this name'): void {
    entry.failure = found.endpoints.length === 0 ? failure : undefined;
    // Whoever opens the set reads it afterwards, and after closing nobody does.
    if (this.#apply(entry, found) && this.#isOpen) this.#options.onChange();
  }

  #apply(entry: ResolvedTarget, found: NameAnswer): boolean {
    const current = entry.addresses;
    const made = new Map<string, Address>();
    let isSame = true;
    for (const endpoint of found.endpoints) {
      const fresh = this.#addressOf(entry, endpoint);
      if (made.has(fresh.key)) continue;
      const kept = current.find(({ key, weight, hostname }) => isAlike(fresh, key, weight, hostname));
      if (kept === undefined) isSame = false;
      made.set(fresh.key, kept ?? this.#adopt(fresh));
    }
    if (isSame && made.size === current.length) return false;
    entry.kind = found.kind;
    entry.addresses = [...made.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return true;
  }

  /** What an SRV record says about port and weight counts, but for a target that gets nothing. */
  #addressOf({ target, hostname, port }: ResolvedTarget, endpoint: Endpoint): Address {
    const name = this.#options.usesSrvName ? (endpoint.name ?? hostname) : hostname;
    const weight = target.weight === 0 ? 0 : (endpoint.weight ?? target.weight);
    const peer = { address: endpoint.address, port: endpoint.port ?? port, hostname: name, targetId: target.id };
    return new Address(peer, weight);
  }

  /** An address that an earlier configuration knew goes on as it was. */
  #adopt(made: Address): Address {
    const earlier = this.#options.known.get(addressKey(made));
    if (earlier === undefined) return made;
    if (earlier.targetId === made.targetId && earlier.weight === made.weight) return earlier;
    made.ewma = earlier.ewma;
    made.touchedAt = earlier.touchedAt;
    return made;
  }
}

const NOBODY = new NameAnswer([], 'A');

const isAlike = (address: Address, key: string, weight: number, hostname: string): boolean =>
  address.key === key && address.weight === weight && address.hostname === hostname;

const familyOf = (address: string): AnswerKind => (isIP(address) === 6 ? 'AAAA' : 'A');

export const addressKey = (address: Address): string => `${address.hostname} ${address.key}`;

function describeTarget(target: BalancerTarget): ResolvedTarget {
  const { name, port } = parseHost(target.target);
  return { target, hostname: name, port: port ?? DEFAULT_PORT, addresses: [], kind: 'A', failure: undefined };
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
