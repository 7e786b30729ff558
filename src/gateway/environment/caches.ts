// Named caches of this node. What a cache holds is bounded in bytes: room is made by dropping what was not used for longest.
// Entries that nobody asks for any more are dropped by one sweep.
import type { Cache, Clock, Made } from '../../pdk/index.ts';

const SWEEP_MS = 10_000;

interface Slot {
  readonly value: object;
  readonly bytes: number;
  readonly expiresAt: number;
}

/** The order of the map is the order of use. */
class MemoryCache implements Cache<object> {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #slots = new Map<string, Slot>();
  /** Under way. */
  readonly #loads = new Map<string, Promise<object>>();
  #bytes = 0;

  constructor(clock: Clock, maxBytes: number) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): object | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    this.#slots.delete(key);
    if (slot.expiresAt <= this.#clock.now()) {
      this.#bytes -= slot.bytes;
      return undefined;
    }
    this.#slots.set(key, slot);
    return slot.value;
  }

  set(key: string, value: object, size: { readonly bytes: number; readonly ttlSeconds: number }): boolean {
    this.delete(key);
    if (size.bytes > this.#maxBytes) return false;
    for (const oldest of this.#slots.keys()) {
      if (this.#bytes + size.bytes <= this.#maxBytes) break;
      this.delete(oldest);
    }
    this.#bytes += size.bytes;
    this.#slots.set(key, { value, bytes: size.bytes, expiresAt: this.#clock.now() + size.ttlSeconds * 1000 });
    return true;
  }

  load(key: string, make: () => Promise<Made<object>>): Promise<object> {
    const kept = this.get(key);
    if (kept !== undefined) return Promise.resolve(kept);
    const known = this.#loads.get(key);
    if (known !== undefined) return known;
    const load = make()
      .then(({ value, ...size }) => {
        if (this.#loads.get(key) === load) this.set(key, value, size);
        return value;
      })
      .finally(() => {
        if (this.#loads.get(key) === load) this.#loads.delete(key);
      });
    this.#loads.set(key, load);
    return load;
  }

  delete(key: string): boolean {
    this.#loads.delete(key);
    const slot = this.#slots.get(key);
    if (slot === undefined) return false;
    this.#slots.delete(key);
    this.#bytes -= slot.bytes;
    return slot.expiresAt > this.#clock.now();
  }

  clear(): void {
    this.#slots.clear();
    this.#loads.clear();
    this.#bytes = 0;
  }

  sweep(): void {
    const now = this.#clock.now();
    for (const [key, slot] of this.#slots) if (slot.expiresAt <= now) this.delete(key);
  }
}

export class NamedCaches {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #caches = new Map<string, MemoryCache>();
  #timer: NodeJS.Timeout | undefined = undefined;

  /** @param maxBytes of each cache */
  constructor(clock: Clock, maxBytes: number) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  /** Who keeps what under a name agrees on the type of its entries. */
  open<V extends object>(name: string): Cache<V> {
    let cache = this.#caches.get(name);
    if (cache === undefined) {
      cache = new MemoryCache(this.#clock, this.#maxBytes);
      this.#caches.set(name, cache);
      this.#timer ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    }
    return cache as Cache<object> as Cache<V>;
  }

  /** By name. */
  sizes(): { readonly name: string; readonly bytes: number; readonly maxBytes: number }[] {
    return [...this.#caches]
      .map(([name, { bytes }]) => ({ name, bytes, maxBytes: this.#maxBytes }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  close(): void {
    clearInterval(this.#timer);
    for (const cache of this.#caches.values()) cache.clear();
  }

  #sweep(): void {
    for (const cache of this.#caches.values()) cache.sweep();
  }
}
