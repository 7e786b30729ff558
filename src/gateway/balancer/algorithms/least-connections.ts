// The address with the fewest requests on their way for its weight. The leader keeps its place until another is really
// better.
import { type Address, includesPeer, ofThisRound, type Peer } from '../address.ts';
import type { Algorithm, Picker, Ring } from './algorithm.ts';

export const leastConnections: Algorithm = { build: (ring) => new LeastConnections(ring) };

const load = (address: Address): number => (address.inflight + 1) / address.weight;

class LeastConnections implements Picker {
  readonly #addresses: readonly Address[];
  #leader: Address | undefined = undefined;

  constructor({ addresses }: Ring) {
    this.#addresses = addresses.filter((address) => address.weight > 0);
  }

  next(tried: readonly Peer[]): Address | undefined {
    const avoid = tried.length === 0 ? tried : ofThisRound(tried, this.#addresses.length);
    return this.#least(avoid) ?? (avoid.length === 0 ? undefined : this.#least([]));
  }

  begin(address: Address): void {
    address.inflight += 1;
    this.#leader = this.#least([]);
  }

  end(address: Address): void {
    if (address.inflight > 0) address.inflight -= 1;
    this.#leader = this.#least([]);
  }

  #least(avoid: readonly Peer[]): Address | undefined {
    const may = (address: Address): boolean =>
      address.isAvailable && !(avoid.length > 0 && includesPeer(avoid, address));
    let best = this.#leader !== undefined && may(this.#leader) ? this.#leader : undefined;
    let bestLoad = best === undefined ? Number.POSITIVE_INFINITY : load(best);
    for (const address of this.#addresses) {
      const its = load(address);
      if (its < bestLoad && may(address)) {
        best = address;
        bestLoad = its;
      }
    }
    return best;
  }
}
