// The address with the fewest requests on their way for its weight. Addresses are kept in a heap, so that a thousand cost
// little more than ten; who leads keeps the lead until another is really better.
import { type Address, includesPeer, ofThisRound, type Peer } from '../address.ts';
import type { Algorithm, Picker, Ring } from './algorithm.ts';

export const leastConnections: Algorithm = { build: (ring) => new LeastConnections(ring) };

interface Item {
  readonly address: Address;
  load: number;
  /** Its place in the heap. */
  at: number;
}

const loadOf = (address: Address): number => (address.inflight + 1) / address.weight;

class LeastConnections implements Picker {
  readonly #heap: Item[] = [];
  readonly #items = new Map<Address, Item>();

  constructor({ addresses }: Ring) {
    for (const address of addresses) {
      if (address.weight === 0) continue;
      const item = { address, load: loadOf(address), at: this.#heap.length };
      this.#items.set(address, item);
      this.#heap.push(item);
      this.#up(item);
      // Addresses outlive configurations: whoever sends to them, the newest heap is told.
      address.onLoad = (changed) => this.#update(changed);
    }
  }

  next(tried: readonly Peer[]): Address | undefined {
    const avoid = tried.length === 0 ? tried : ofThisRound(tried, this.#heap.length);
    return this.#least(avoid) ?? (avoid.length === 0 ? undefined : this.#least([]));
  }

  begin(address: Address): void {
    address.inflight += 1;
    address.onLoad?.(address);
  }

  end(address: Address): void {
    if (address.inflight > 0) address.inflight -= 1;
    address.onLoad?.(address);
  }

  /** From the top: below one that cannot be taken, both that come next may be the least. */
  #least(avoid: readonly Peer[]): Address | undefined {
    const heap = this.#heap;
    if (heap.length === 0) return undefined;
    this.#settleTop();
    if (mayTake(heap[0]!.address, avoid)) return heap[0]!.address;
    const open = [0];
    while (open.length > 0) {
      let best = 0;
      for (let i = 1; i < open.length; i++) if (heap[open[i]!]!.load < heap[open[best]!]!.load) best = i;
      const [at] = open.splice(best, 1) as [number];
      if (mayTake(heap[at]!.address, avoid)) return heap[at]!.address;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < heap.length) open.push(child);
    }
    return undefined;
  }

  /** In a heap that is not the newest one the leader may have got more to do unheard. */
  #settleTop(): void {
    for (let top = this.#heap[0]!; top.load !== loadOf(top.address); top = this.#heap[0]!) this.#update(top.address);
  }

  #update(address: Address): void {
    const item = this.#items.get(address);
    if (item === undefined) return;
    item.load = loadOf(address);
    this.#up(item);
    this.#down(item);
  }

  #up(item: Item): void {
    while (item.at > 0) {
      const parent = this.#heap[(item.at - 1) >> 1]!;
      if (item.load >= parent.load) return;
      this.#swap(item, parent);
    }
  }

  #down(item: Item): void {
    for (;;) {
      const left = this.#heap[2 * item.at + 1];
      const right = this.#heap[2 * item.at + 2];
      const lighter = right !== undefined && left !== undefined && right.load < left.load ? right : left;
      if (lighter === undefined || lighter.load >= item.load) return;
      this.#swap(item, lighter);
    }
  }

  #swap(a: Item, b: Item): void {
    const { at } = a;
    a.at = b.at;
    b.at = at;
    this.#heap[a.at] = a;
    this.#heap[b.at] = b;
  }
}

const mayTake = (address: Address, avoid: readonly Peer[]): boolean =>
  address.isAvailable && !(avoid.length > 0 && includesPeer(avoid, address));
