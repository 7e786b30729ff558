// Verdicts of one upstream's addresses. Outlives the balancers of single configurations, so that a change does not make
// a dead address look alive; an address that is gone is remembered for five minutes.
import type { Address } from '../address.ts';
import { AddressHealth } from './counters.ts';

const REMEMBER_MS = 300_000;

export class HealthBook {
  readonly #entries = new Map<string, AddressHealth>();
  /** When each of the two lists was probed last, milliseconds since the epoch; 0 for never. */
  readonly probedAt = { healthy: 0, unhealthy: 0 };

  /** The first half of a change of addresses: those that stay are held again. */
  releaseAll(): void {
    const now = Date.now();
    for (const entry of this.#entries.values()) {
      if (entry.releasedAt === 0) entry.releasedAt = now;
      // Who is not held again must not keep the balancer that held him.
      entry.onStep = undefined;
    }
  }

  hold(address: Address): AddressHealth {
    const key = `${address.hostname} ${address.key}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = new AddressHealth();
      this.#entries.set(key, entry);
    }
    entry.releasedAt = 0;
    return entry;
  }

  forgetOld(): void {
    const now = Date.now();
    for (const [key, { releasedAt }] of this.#entries) {
      if (releasedAt > 0 && now - releasedAt > REMEMBER_MS) this.#entries.delete(key);
    }
  }
}
