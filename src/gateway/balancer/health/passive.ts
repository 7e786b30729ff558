// Judging addresses by how real requests fared.
import type { Address } from '../address.ts';
import type { PassiveChecks } from '../config.ts';
import { statusSet } from './statuses.ts';

/** How a try ended: a status from the upstream, or none. */
export interface Outcome {
  readonly status?: number;
  readonly failure?: 'tcp' | 'timeout';
  /** All that can be said of a connection that is passed through as it is. */
  readonly isConnected?: boolean;
}

export class PassiveJudge {
  readonly #checks: PassiveChecks;
  readonly #good: Uint8Array;
  readonly #bad: Uint8Array;

  constructor(checks: PassiveChecks) {
    this.#checks = checks;
    this.#good = statusSet(checks.healthy.http_statuses);
    this.#bad = statusSet(checks.unhealthy.http_statuses);
  }

  report(address: Address, { status, failure, isConnected }: Outcome): void {
    const { health } = address;
    if (health === undefined || address.weight === 0) return;
    const { healthy, unhealthy } = this.#checks;
    if (failure === 'tcp') health.reportFailure('tcp', unhealthy.tcp_failures);
    else if (failure === 'timeout') health.reportFailure('timeout', unhealthy.timeouts);
    else if (isConnected === true) health.reportSuccess(healthy.successes);
    else if (status === undefined) return;
    else if (this.#good[status] === 1) health.reportSuccess(healthy.successes);
    else if (this.#bad[status] === 1) health.reportFailure('http', unhealthy.http_failures);
  }
}
