// Named numbers of this node. Expired ones are dropped by one sweep, not by a timer each; the number of counters is bounded
// so that a client who can choose their names cannot fill the memory.
import type { Clock, Counter, Counters } from '../../pdk/index.ts';

const SWEEP_MS = 10_000;
const MAX_COUNTERS = 1_000_000;

export class LocalCounters implements Counters {
  readonly #clock: Clock;
  readonly #counters = new Map<string, Counter>();
  readonly #timer: NodeJS.Timeout;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  get(key: string): number {
    const counter = this.#counters.get(key);
    return counter === undefined || counter.expiresAt <= this.#clock.now() ? 0 : counter.value;
  }

  increment(key: string, by: number, ttlSeconds: number): number {
    const counter = this.open(key, ttlSeconds);
    counter.value += by;
    return counter.value;
  }

  open(key: string, ttlSeconds: number): Counter {
    const now = this.#clock.now();
    const known = this.#counters.get(key);
    if (known !== undefined && known.expiresAt > now) return known;
    if (known === undefined && this.#counters.size >= MAX_COUNTERS) this.#dropOldest();
    const counter = { value: 0, expiresAt: now + ttlSeconds * 1000 };
    this.#counters.set(key, counter);
    return counter;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#counters.clear();
  }

  #dropOldest(): void {
    const { value } = this.#counters.keys().next();
    if (value !== undefined) this.#counters.delete(value);
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const [key, counter] of this.#counters) if (counter.expiresAt <= now) this.#counters.delete(key);
  }
}
