// Named numbers of this node. Expired ones are dropped by one sweep, not by a timer each; the number of counters is bounded
// so that a client who can choose their names cannot fill the memory.
import type { Clock, Counters } from '../../pdk/index.ts';

const SWEEP_MS = 10_000;
const MAX_COUNTERS = 1_000_000;

interface Counter {
  value: number;
  expiresAt: number;
}

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
    const now = this.#clock.now();
    const counter = this.#counters.get(key);
    if (counter !== undefined && counter.expiresAt > now) {
      counter.value += by;
      return counter.value;
    }
    if (counter === undefined && this.#counters.size >= MAX_COUNTERS) this.#dropOldest();
    this.#counters.set(key, { value: by, expiresAt: now + ttlSeconds * 1000 });
    return by;
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
