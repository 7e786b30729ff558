// What is known of one address's health: four counters and the verdict they lead to. Reports that change nothing, which is
// nearly all of them, end at the first comparison.

export type HealthState = 'healthy' | 'mostly_healthy' | 'mostly_unhealthy' | 'unhealthy';
export type FailureKind = 'http' | 'tcp' | 'timeout';

/** What a report did: counted up, or changed the verdict. */
export interface HealthStep {
  readonly kind: 'success' | FailureKind;
  readonly count: number;
  readonly limit: number;
}

export class AddressHealth {
  state: HealthState = 'healthy';
  /** The verdict: the first two states. */
  isHealthy = true;
  /** Milliseconds since the epoch when the last balancer let go of it; 0 while one holds it. */
  releasedAt = 0;
  /** Told of every report that counted; `hasChanged` when the verdict did. Set by the balancer that holds it. */
  onStep: ((step: HealthStep | undefined, hasChanged: boolean) => void) | undefined = undefined;
  #success = 0;
  readonly #failures: Record<FailureKind, number> = { http: 0, tcp: 0, timeout: 0 };

  /** `limit` successes in a row make it healthy; 0 means that successes do not count. */
  reportSuccess(limit: number): void {
    if (this.state === 'healthy' || limit === 0) return;
    this.#clearFailures();
    this.#success += 1;
    const step = { kind: 'success', count: this.#success, limit } as const;
    if (this.#success >= limit) this.#decide(true, step);
    else {
      if (this.state === 'unhealthy') this.state = 'mostly_unhealthy';
      this.onStep?.(step, false);
    }
  }

  /** Failures of each kind are counted apart; `limit` of one kind make it unhealthy, 0 means that they do not count. */
  reportFailure(kind: FailureKind, limit: number): void {
    if (this.state === 'unhealthy' || limit === 0) return;
    this.#success = 0;
    this.#failures[kind] += 1;
    const step = { kind, count: this.#failures[kind], limit };
    if (step.count >= limit) this.#decide(false, step);
    else {
      if (this.state === 'healthy') this.state = 'mostly_healthy';
      this.onStep?.(step, false);
    }
  }

  /** By hand: at once and with fresh counters. */
  force(isHealthy: boolean): void {
    this.#decide(isHealthy, undefined);
  }

  #decide(isHealthy: boolean, step: HealthStep | undefined): void {
    const hasChanged = this.isHealthy !== isHealthy;
    this.state = isHealthy ? 'healthy' : 'unhealthy';
    this.isHealthy = isHealthy;
    this.#success = 0;
    this.#clearFailures();
    this.onStep?.(step, hasChanged);
  }

  #clearFailures(): void {
    this.#failures.http = 0;
    this.#failures.tcp = 0;
    this.#failures.timeout = 0;
  }
}
