// Numbers that are counted here and told to the shared counters now and then. A number that nobody counted since the last
// time is forgotten, and asked for again when somebody needs it.
import type { Clock, SharedCounters } from '../../pdk/index.ts';

export interface Fetched {
  readonly key: string;
  /** Of its window, in milliseconds: later nobody asks for it. */
  readonly endsAt: number;
  /** To live. */
  readonly seconds: number;
}

interface Counted {
  readonly endsAt: number;
  readonly seconds: number;
  /** What was there when it was asked for or told last. */
  base: number;
  /** Counted here since. */
  here: number;
}

export class SyncedCounters {
  readonly #shared: SharedCounters;
  readonly #clock: Clock;
  readonly #report: (problem: unknown) => void;
  readonly #counted = new Map<string, Counted>();
  readonly #timer: NodeJS.Timeout;
  #isSyncing = false;

  constructor(shared: SharedCounters, clock: Clock, everySeconds: number, report: (problem: unknown) => void) {
    this.#shared = shared;
    this.#clock = clock;
    this.#report = report;
    this.#timer = setInterval(() => void this.#sync(), everySeconds * 1000);
    this.#timer.unref();
  }

  has(key: string): boolean {
    return this.#counted.has(key);
  }

  /** 0 for one that was not fetched. */
  get(key: string): number {
    const counted = this.#counted.get(key);
    return counted === undefined ? 0 : counted.base + counted.here;
  }

  increment(key: string): void {
    const counted = this.#counted.get(key);
    if (counted !== undefined) counted.here += 1;
  }

  async fetch(wanted: readonly Fetched[]): Promise<void> {
    const counts = await this.#shared.read(wanted.map(({ key }) => key));
    for (const [index, { key, endsAt, seconds }] of wanted.entries()) {
      // Somebody else may have fetched it, and counted, in the meantime.
      if (this.#counted.has(key)) continue;
      this.#counted.set(key, { endsAt, seconds, base: counts[index]!, here: 0 });
    }
  }

  /** What is still to be told is told. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sync();
  }

  async #sync(): Promise<void> {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    const additions = [];
    const now = this.#clock.now();
    for (const [key, { here, seconds, endsAt }] of this.#counted) {
      if (here > 0 && endsAt > now) additions.push({ key, amount: here, seconds });
      else this.#counted.delete(key);
    }
    try {
      if (additions.length > 0) this.#accept(additions, await this.#shared.add(additions));
    } catch (problem) {
      // Nothing was told: it is tried again with the next ones.
      this.#report(problem);
    } finally {
      this.#isSyncing = false;
    }
  }

  #accept(additions: readonly { readonly key: string; readonly amount: number }[], counts: readonly number[]): void {
    for (const [index, { key, amount }] of additions.entries()) {
      const counted = this.#counted.get(key);
      if (counted === undefined) continue;
      counted.base = counts[index]!;
      counted.here -= amount;
    }
  }
}
