// A client stays with the address that its cookie names, as long as that is available; who has none is served in turn. The
// cookie is a number that says nothing about the address; unlike a place on a ring it does not move when others come or go.
import { xxh32 } from '../../../lib/xxh32.ts';
import { type Address, includesPeer, type Peer } from '../address.ts';
import type { Algorithm, Picker, Ring } from './algorithm.ts';
import { roundRobin } from './round-robin.ts';

export const stickySessions: Algorithm = { build: (ring) => new StickySessions(ring) };

/** What the cookie carries, as a number. */
export const sessionOf = ({ hostname, key }: Peer): number => xxh32(`${hostname} ${key}`);

class StickySessions implements Picker {
  readonly #turns: Picker;
  readonly #bySession = new Map<number, Address>();

  constructor(ring: Ring) {
    this.#turns = roundRobin.build(ring);
    for (const address of ring.addresses) if (address.weight > 0) this.#bySession.set(sessionOf(address), address);
  }

  /** `session` is what `hash` is to other algorithms. */
  next(tried: readonly Peer[], session: number): Address | undefined {
    const own = this.#bySession.get(session);
    if (own?.isAvailable === true && !includesPeer(tried, own)) return own;
    return this.#turns.next(tried, session);
  }
}
