// The address that has answered quickest lately, for its weight. Latencies are smoothed with a memory of ten seconds, rise
// at once and fall slowly; an address nobody has asked yet counts as the average of the others.
import { type Address, includesPeer, type Peer } from '../address.ts';
import type { Algorithm, Picker, Ring } from './algorithm.ts';

const MEMORY_MS = 10_000;

export const latency: Algorithm = { build: (ring) => new Quickest(ring) };

/** The logarithm of the latency for the weight, as of the beginning of time: the decay until now is the same for all. */
const slownessOf = ({ ewma, weight, touchedAt }: Address): number =>
  ewma === 0 ? Number.NEGATIVE_INFINITY : Math.log(ewma / weight) + touchedAt / MEMORY_MS;

class Quickest implements Picker {
  readonly #addresses: readonly Address[];

  constructor({ addresses }: Ring) {
    this.#addresses = addresses.filter((address) => address.weight > 0);
    for (const address of this.#addresses) address.slowness = slownessOf(address);
    const known = this.#addresses.filter((address) => address.touchedAt > 0);
    if (known.length === 0) return;
    const mean = known.reduce((sum, { ewma }) => sum + ewma, 0) / known.length;
    for (const address of this.#addresses) {
      if (address.touchedAt > 0) continue;
      address.ewma = mean;
      address.touchedAt = performance.now();
      address.slowness = slownessOf(address);
    }
  }

  end(address: Address, latencyMs: number | undefined): void {
    if (latencyMs === undefined) return;
    const now = performance.now();
    const remembered = Math.exp(-(now - address.touchedAt) / MEMORY_MS);
    const isFirst = address.touchedAt === 0;
    address.ewma =
      isFirst || latencyMs > address.ewma ? latencyMs : address.ewma * remembered + latencyMs * (1 - remembered);
    address.touchedAt = now;
    address.slowness = slownessOf(address);
  }

  /** Nobody, once all were tried. Equals are taken in turn from a random start, so that they share the load. */
  next(tried: readonly Peer[]): Address | undefined {
    const addresses = this.#addresses;
    let best: Address | undefined;
    let least = Number.POSITIVE_INFINITY;
    let at = Math.floor(Math.random() * addresses.length);
    for (let steps = addresses.length; steps > 0; steps--) {
      const address = addresses[at]!;
      at = at + 1 === addresses.length ? 0 : at + 1;
      if (address.slowness >= least || !address.isAvailable) continue;
      if (tried.length > 0 && includesPeer(tried, address)) continue;
      best = address;
      least = address.slowness;
    }
    return best;
  }
}
