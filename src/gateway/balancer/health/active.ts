// Asking addresses how they are. Healthy and unhealthy ones are two lists with an interval each, because a dead address is
// usually asked more often than a living one. A round that is still running is not overtaken by the next.
import type { Address } from '../address.ts';
import type { ActiveChecks } from '../config.ts';
import type { HealthBook } from './book.ts';
import { type Probe, type ProbeTls, runProbe } from './probe.ts';
import { statusSet } from './statuses.ts';

export interface ActiveCheckerParts {
  readonly checks: ActiveChecks;
  /** Takes the place of the target's name in Host. */
  readonly hostHeader: string | undefined;
  readonly book: HealthBook;
  addresses(): readonly Address[];
  /** For probes over TLS; asked for every probe, because certificates change. */
  tls(): ProbeTls;
}

type List = 'healthy' | 'unhealthy';

const NO_TLS: ProbeTls = {};

export class ActiveChecker {
  readonly #parts: ActiveCheckerParts;
  readonly #good: Uint8Array;
  readonly #bad: Uint8Array;
  readonly #timers: Partial<Record<List, NodeJS.Timeout>> = {};
  readonly #aborter = new AbortController();

  constructor(parts: ActiveCheckerParts) {
    this.#parts = parts;
    this.#good = statusSet(parts.checks.healthy.http_statuses);
    this.#bad = statusSet(parts.checks.unhealthy.http_statuses);
    this.#schedule('healthy');
    this.#schedule('unhealthy');
  }

  close(): void {
    this.#aborter.abort();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
  }

  /** One interval after the last round, also when that round belonged to an earlier configuration. */
  #schedule(list: List): void {
    const intervalMs = this.#parts.checks[list].interval * 1000;
    if (intervalMs === 0 || this.#aborter.signal.aborted) return;
    const { probedAt } = this.#parts.book;
    if (probedAt[list] === 0) probedAt[list] = Date.now();
    const delay = Math.min(Math.max(probedAt[list] + intervalMs - Date.now(), 0), intervalMs);
    this.#timers[list] = setTimeout(() => {
      this.#parts.book.probedAt[list] = Date.now();
      void this.#round(list).finally(() => this.#schedule(list));
    }, delay);
    this.#timers[list].unref();
  }

  async #round(list: List): Promise<void> {
    const due = this.#parts
      .addresses()
      .filter((address) => address.weight > 0 && address.isAvailable === (list === 'healthy'));
    const work = async (): Promise<void> => {
      for (let address = due.pop(); address !== undefined; address = due.pop()) {
        if (this.#aborter.signal.aborted) return;
        await this.#check(address);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#parts.checks.concurrency, due.length) }, work));
  }

  async #check(address: Address): Promise<void> {
    const { checks } = this.#parts;
    const outcome = await runProbe(this.#probeOf(address), this.#aborter.signal);
    const { health } = address;
    if (health === undefined || this.#aborter.signal.aborted) return;
    const { healthy, unhealthy } = checks;
    if (outcome.kind === 'tcp') health.reportFailure('tcp', unhealthy.tcp_failures);
    else if (outcome.kind === 'timeout') health.reportFailure('timeout', unhealthy.timeouts);
    else if (outcome.kind === 'invalid') health.reportFailure('http', unhealthy.http_failures);
    else if (outcome.kind === 'connected' || this.#good[outcome.status] === 1) health.reportSuccess(healthy.successes);
    else if (this.#bad[outcome.status] === 1) health.reportFailure('http', unhealthy.http_failures);
  }

  #probeOf(address: Address): Probe {
    const { checks, hostHeader } = this.#parts;
    const host = hostHeader ?? address.hostname;
    return {
      type: checks.type,
      address: address.address,
      port: address.port,
      path: checks.http_path,
      host,
      serverName: checks.https_sni ?? host.replace(/:\d+$/, ''),
      verify: checks.https_verify_certificate,
      tls: checks.type === 'https' || checks.type === 'grpcs' ? this.#parts.tls() : NO_TLS,
      headers: checks.headers ?? {},
      timeoutMs: checks.timeout * 1000,
    };
  }
}
