// A ring of points, each belonging to an address; a request goes to the point at or below its hash. The ring depends only
// on the targets, never on their health, so that a target that comes back gets the same requests again.
import { xxh32 } from '../../../lib/xxh32.ts';
import { type Address, includesPeer, ofThisRound, type Peer } from '../address.ts';
import type { Algorithm, Picker, Ring } from './algorithm.ts';

const MIN_POINTS = 1000;
const POINTS_PER_TARGET = 160;

export const consistentHashing: Algorithm = { build: (ring) => new Continuum(ring) };

class Continuum implements Picker {
  /** For every slot the address of the nearest point at or below it. */
  readonly #owners: readonly (Address | undefined)[];
  readonly #count: number;

  constructor(ring: Ring) {
    this.#owners = spread(fillPoints(ring));
    this.#count = ring.addresses.filter((address) => address.weight > 0).length;
  }

  next(tried: readonly Peer[], hash: number): Address | undefined {
    const avoid = tried.length === 0 ? tried : ofThisRound(tried, this.#count);
    return this.#below(hash, avoid) ?? (avoid.length === 0 ? undefined : this.#below(hash, []));
  }

  #below(hash: number, avoid: readonly Peer[]): Address | undefined {
    const owners = this.#owners;
    let at = hash % owners.length;
    for (let steps = owners.length; steps > 0; steps--) {
      const address = owners[at];
      if (address?.isAvailable === true && !(avoid.length > 0 && includesPeer(avoid, address))) return address;
      at = at === 0 ? owners.length - 1 : at - 1;
    }
    return undefined;
  }
}

function spread(points: readonly (Address | undefined)[]): (Address | undefined)[] {
  const owners = [...points];
  let owner = owners.findLast((address) => address !== undefined);
  for (let at = 0; at < owners.length; at++) {
    owner = owners[at] ?? owner;
    owners[at] = owner;
  }
  return owners;
}

/** Undefined where no address has a point. */
export function fillPoints({ addresses, targetCount, slots }: Ring): (Address | undefined)[] {
  const points = Array<Address | undefined>(Math.max(slots, MIN_POINTS)).fill(undefined);
  const totalWeight = addresses.reduce((sum, { weight }) => sum + weight, 0);
  let free = points.length;
  for (const address of addresses) {
    if (address.weight === 0) continue;
    const share = Math.floor((address.weight / totalWeight) * targetCount * POINTS_PER_TARGET);
    let missing = Math.max(share, 1);
    // Places that are taken are passed over; the numbering goes on.
    for (let i = 1; missing > 0 && free > 0; i++) {
      const at = xxh32(`${address.address}::${address.port} ${i}`) % points.length;
      if (points[at] !== undefined) continue;
      points[at] = address;
      missing -= 1;
      free -= 1;
    }
  }
  return points;
}
