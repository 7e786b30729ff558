// Every address has weight/gcd places on a wheel that is shuffled once; picks go around it. Over a whole turn the shares
// are exact, within one the order is random, so that several gateways do not move in step.
import { type Address, includesPeer, ofThisRound, type Peer } from '../address.ts';
import type { Algorithm, Picker, Ring } from './algorithm.ts';

/** Weights whose wheel would be larger are rounded to fit. */
const MAX_WHEEL = 100_000;

export const roundRobin: Algorithm = { build: (ring) => new Wheel(ring) };

class Wheel implements Picker {
  readonly #places: readonly Address[];
  readonly #count: number;
  #at = 0;

  constructor({ addresses }: Ring) {
    const weighted = addresses.filter((address) => address.weight > 0);
    this.#count = weighted.length;
    this.#places = shuffle(fillPlaces(weighted));
  }

  next(tried: readonly Peer[]): Address | undefined {
    const avoid = tried.length === 0 ? tried : ofThisRound(tried, this.#count);
    return this.#turn(avoid) ?? (avoid.length === 0 ? undefined : this.#turn([]));
  }

  #turn(avoid: readonly Peer[]): Address | undefined {
    const places = this.#places;
    let at = this.#at;
    for (let steps = places.length; steps > 0; steps--) {
      const address = places[at]!;
      at = at + 1 === places.length ? 0 : at + 1;
      if (!address.isAvailable || (avoid.length > 0 && includesPeer(avoid, address))) continue;
      this.#at = at;
      return address;
    }
    return undefined;
  }
}

function fillPlaces(addresses: readonly Address[]): Address[] {
  const total = addresses.reduce((sum, { weight }) => sum + weight, 0);
  const unit = Math.max(
    addresses.reduce((divisor, { weight }) => greatestCommonDivisor(divisor, weight), 0),
    total / MAX_WHEEL,
  );
  return addresses.flatMap((address) => Array<Address>(Math.max(1, Math.round(address.weight / unit))).fill(address));
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

function shuffle<T>(items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
