// All balancers of a gateway, across configurations: an upstream whose entities did not change keeps its balancer, any
// other gets a new one that goes on with the verdicts of the old.
import { isEqual } from '../../lib/json.ts';
import {
  type BalancerOptions,
  type BalancerTarget,
  type HealthChange,
  UpstreamBalancer,
  type UpstreamConfig,
} from './balancer.ts';
import { HealthBook } from './health/book.ts';
import type { HealthStep } from './health/counters.ts';
import type { HealthWord, TargetStatus, WeightStatus } from './status.ts';
import type { Resolve } from './targets.ts';

export interface UpstreamWithTargets {
  readonly upstream: UpstreamConfig;
  readonly targets: readonly BalancerTarget[];
}

export interface RegistryOptions {
  readonly resolve: Resolve;
  readonly probeTls?: BalancerOptions['probeTls'];
  readonly onHealthChange?: ((change: HealthChange) => void) | undefined;
  /** How often names of targets are asked for again, milliseconds. */
  readonly refreshMs?: number;
  readonly probes?: BalancerOptions['probes'];
}

/** What one process found out about an address, for the others of the same node. */
export interface SharedVerdict {
  readonly upstream: string;
  readonly hostname: string;
  /** `ip:port`. */
  readonly key: string;
  /** What was counted; absent where the verdict is certain. */
  readonly step?: HealthStep | undefined;
  readonly isHealthy: boolean;
}

interface Kept extends UpstreamWithTargets {
  readonly balancer: UpstreamBalancer;
}

const REFRESH_MS = 3000;

export class BalancerRegistry {
  readonly #options: RegistryOptions;
  readonly #books = new Map<string, HealthBook>();
  #byName = new Map<string, Kept>();
  #byId = new Map<string, Kept>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Takes over a configuration. The result finds balancers of just this one, whatever comes later. */
  update(upstreams: readonly UpstreamWithTargets[]): (host: string) => UpstreamBalancer | undefined {
    const previous = this.#byName;
    const next = new Map<string, Kept>();
    for (const one of upstreams) {
      const { name } = one.upstream;
      const known = previous.get(name);
      const isSame = known !== undefined && isUnchanged(known, one);
      next.set(name, isSame ? known : { ...one, balancer: this.#open(one, known?.balancer) });
      if (known !== undefined && !isSame) known.balancer.close();
    }
    for (const [name, { balancer }] of previous) {
      if (next.has(name)) continue;
      balancer.close();
      this.#books.delete(name);
    }
    this.#byName = next;
    this.#byId = new Map([...next.values()].map((kept) => [kept.upstream.id, kept]));
    return (host) => next.get(host)?.balancer;
  }

  /** By target id. */
  targets(upstreamId: string): Map<string, { readonly health: HealthWord; readonly data: TargetStatus }> {
    const rows = this.#byId.get(upstreamId)?.balancer.health() ?? [];
    return new Map(rows.map(({ targetId, health, data }) => [targetId, { health, data }]));
  }

  /** undefined when nothing judges the addresses of that upstream. */
  upstream(upstreamId: string): { readonly healthy: boolean; readonly details: UpstreamStatus } | undefined {
    const balancer = this.#byId.get(upstreamId)?.balancer;
    if (balancer?.isChecked !== true) return undefined;
    const healthy = balancer.isHealthy;
    const hosts = balancer.health().map(({ data }) => data);
    return { healthy, details: { healthy, weight: { ...balancer.weight }, hosts } };
  }

  /** false when there is no such address or nothing keeps verdicts. */
  setTarget(upstreamId: string, targetId: string, address: string | undefined, healthy: boolean): boolean {
    return this.#byId.get(upstreamId)?.balancer.setHealth(targetId, address, healthy) ?? false;
  }

  /** What another process found out. */
  adopt({ upstream, hostname, key, step, isHealthy }: SharedVerdict): void {
    const addresses = this.#byName.get(upstream)?.balancer.addresses() ?? [];
    const health = addresses.find((one) => one.key === key && one.hostname === hostname)?.health;
    if (health === undefined) return;
    if (step === undefined) health.force(isHealthy);
    else if (step.kind === 'success') health.reportSuccess(step.limit);
    else health.reportFailure(step.kind, step.limit);
  }

  /** Of all addresses that nothing is sent to. */
  bad(): SharedVerdict[] {
    return [...this.#byName].flatMap(([upstream, { balancer }]) =>
      balancer
        .addresses()
        .filter(({ isAvailable }) => !isAvailable)
        .map(({ hostname, key }) => ({ upstream, hostname, key, isHealthy: false })),
    );
  }

  close(): void {
    for (const { balancer } of this.#byName.values()) balancer.close();
  }

  #open({ upstream, targets }: UpstreamWithTargets, previous: UpstreamBalancer | undefined): UpstreamBalancer {
    let book = this.#books.get(upstream.name);
    if (book === undefined) {
      book = new HealthBook();
      this.#books.set(upstream.name, book);
    }
    const { refreshMs = REFRESH_MS } = this.#options;
    return new UpstreamBalancer(upstream, targets, { ...this.#options, refreshMs, book, previous });
  }
}

// A type and not an interface: it has to pass as JSON.
export type UpstreamStatus = {
  readonly healthy: boolean;
  readonly weight: { readonly [key in keyof WeightStatus]: number };
  readonly hosts: TargetStatus[];
};

const isUnchanged = (known: Kept, now: UpstreamWithTargets): boolean =>
  isEqual(known.upstream, now.upstream) && isEqual(known.targets, now.targets);
