// What authorities said, kept until it is time to ask again. Who asks meanwhile waits for the same answer. An authority that cannot be
// reached has not changed its mind: what it said holds to the end that it named itself. That it was not reached is not kept.
import type { Cache, Clock } from '../../pdk/index.ts';

export interface Statement {
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export interface Kept<S extends Statement> {
  readonly statement: S;
  readonly heardAt: number;
}

export interface Heard<S extends Statement> extends Kept<S> {
  /** It was time to ask again, and nothing new could be had. */
  readonly isOld: boolean;
}

export interface Hearing<S extends Statement> {
  readonly key: string;
  /** After which it is asked for again. */
  readonly maxAgeMs: number;
  ask(): Promise<{ readonly statement: S; readonly bytes: number }>;
}

export class Statements<S extends Statement> {
  readonly #cache: Cache<Kept<S>>;
  readonly #clock: Clock;
  readonly #asking = new Map<string, Promise<Kept<S>>>();

  constructor(cache: Cache<Kept<S>>, clock: Clock) {
    this.#cache = cache;
    this.#clock = clock;
  }

  async hear({ key, maxAgeMs, ask }: Hearing<S>): Promise<Heard<S>> {
    const kept = this.#cache.get(key);
    if (kept !== undefined && this.#clock.now() < kept.heardAt + maxAgeMs) return { ...kept, isOld: false };
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#askFor(key, ask).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    try {
      return { ...(await asking), isOld: false };
    } catch (problem) {
      if (kept !== undefined && this.#clock.now() < kept.statement.until) return { ...kept, isOld: true };
      throw problem;
    }
  }

  async #askFor(key: string, ask: Hearing<S>['ask']): Promise<Kept<S>> {
    const { statement, bytes } = await ask();
    const heardAt = this.#clock.now();
    const kept = { statement, heardAt };
    this.#cache.set(key, kept, { bytes: bytes + key.length, ttlSeconds: (statement.until - heardAt) / 1000 });
    return kept;
  }
}
