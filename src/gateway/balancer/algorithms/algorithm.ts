// What a balancing algorithm is, and the one table that names them. Algorithms skip addresses that are not available and,
// within a request, those that were tried, until all were.
import type { Address, Peer } from '../address.ts';
import { consistentHashing } from './consistent-hashing.ts';
import { latency } from './latency.ts';
import { leastConnections } from './least-connections.ts';
import { roundRobin } from './round-robin.ts';
import { stickySessions } from './sticky-sessions.ts';

export interface Picker {
  /** `tried` are the peers of earlier tries of the same request, oldest first; `hash` is the same for all of them. */
  next(tried: readonly Peer[], hash: number): Address | undefined;
  /** A try went to the address. */
  begin?(address: Address): void;
  /** It ended; the latency is known when there was an answer. */
  end?(address: Address, latencyMs: number | undefined): void;
}

export interface Ring {
  /** Sorted by host name, port and address. */
  readonly addresses: readonly Address[];
  readonly targetCount: number;
  readonly slots: number;
}

export interface Algorithm {
  build(ring: Ring): Picker;
}

const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  'consistent-hashing': consistentHashing,
  latency,
  'least-connections': leastConnections,
  'round-robin': roundRobin,
  'sticky-sessions': stickySessions,
};

export const algorithmNamed = (name: string): Algorithm => ALGORITHMS[name] ?? roundRobin;
