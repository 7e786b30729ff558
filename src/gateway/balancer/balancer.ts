// The balancer of one upstream in one configuration: which peer the next try goes to, and what becomes known of peers by
// using them. Picking neither allocates nor waits. A closed balancer still picks, for requests that were there before.
import { Address, type Peer } from './address.ts';
import { algorithmNamed, type Picker } from './algorithms/algorithm.ts';
import type { BalancerTarget, UpstreamConfig } from './config.ts';
import { ActiveChecker } from './health/active.ts';
import type { HealthBook } from './health/book.ts';
import type { HealthStep } from './health/counters.ts';
import { type Outcome, PassiveJudge } from './health/passive.ts';
import type { ProbeTls } from './health/probe.ts';
import { describeTargets, isAboveThreshold, type TargetHealth, type WeightStatus, weigh } from './status.ts';
import { addressKey, type Resolve, TargetSet } from './targets.ts';

export type { Peer } from './address.ts';
export type { BalancerTarget, UpstreamConfig } from './config.ts';
export type { Outcome } from './health/passive.ts';

export interface HealthChange {
  readonly upstream: string;
  /** Without a peer the upstream as a whole. */
  readonly peer: Peer | undefined;
  /** A counter went up, a verdict changed, or somebody set it. */
  readonly kind: 'counted' | 'changed' | 'forced';
  readonly isHealthy: boolean;
  readonly text: string;
  /** What counted; absent where somebody set the verdict, or the upstream as a whole is meant. */
  readonly step?: HealthStep | undefined;
}

export interface BalancerOptions {
  readonly resolve: Resolve;
  readonly refreshMs: number;
  readonly book: HealthBook;
  /** What probes show and trust, given the id of the upstream's own certificate. */
  readonly probeTls?: ((certificateId: string | undefined) => ProbeTls) | undefined;
  /** The balancer whose place this one takes. */
  readonly previous?: UpstreamBalancer | undefined;
  readonly onHealthChange?: ((change: HealthChange) => void) | undefined;
  /** Another process probes, and its verdicts are told to this one. */
  readonly probes?: 'here' | 'elsewhere' | undefined;
}

const DEFAULT_SLOTS = 10_000;
const NOT_TRIED: readonly Peer[] = [];

export class UpstreamBalancer {
  readonly config: UpstreamConfig;
  readonly #book: HealthBook;
  readonly #onHealthChange: BalancerOptions['onHealthChange'];
  readonly #isChecked: boolean;
  readonly #passive: PassiveJudge;
  readonly #active: ActiveChecker | undefined;
  readonly #targets: TargetSet;
  #addresses: readonly Address[] = [];
  #weight: WeightStatus = { total: 0, available: 0, unavailable: 0 };
  #picker!: Picker;
  #isHealthy = false;

  constructor(config: UpstreamConfig, targets: readonly BalancerTarget[], options: BalancerOptions) {
    this.config = config;
    // Not all of the options: the previous balancer among them would be kept, with all that came before it.
    this.#book = options.book;
    this.#onHealthChange = options.onHealthChange;
    const { probeTls } = options;
    const { active, passive } = config.healthchecks;
    this.#isChecked = hasChecks(config);
    this.#passive = new PassiveJudge(passive);
    this.#targets = new TargetSet(targets, {
      resolve: options.resolve,
      refreshMs: options.refreshMs,
      usesSrvName: config.use_srv_name === true,
      known: new Map(options.previous?.addresses().map((address) => [addressKey(address), address])),
      onChange: () => this.#rebuild(),
    });
    this.#rebuild();
    const hasIntervals = active.healthy.interval > 0 || active.unhealthy.interval > 0;
    this.#active =
      hasIntervals && options.probes !== 'elsewhere'
        ? new ActiveChecker({
            checks: active,
            hostHeader: config.host_header ?? undefined,
            book: options.book,
            addresses: () => this.#addresses,
            tls: () => probeTls?.(config.client_certificate?.id) ?? {},
          })
        : undefined;
  }

  /** Fixed Host header for all peers. */
  get hostHeader(): string | null | undefined {
    return this.config.host_header;
  }

  /** Are names of targets still to be answered for the first time? Then a pick that found nothing is worth repeating. */
  get pending(): Promise<void> | undefined {
    return this.#targets.pending;
  }

  /** undefined: nobody can be asked. `hash` counts for consistent-hashing only; see hash-on.ts. */
  pick(tried: readonly Peer[] = NOT_TRIED, hash = 0): Peer | undefined {
    if (!this.#isHealthy) return undefined;
    const address = this.#picker.next(tried, hash);
    if (address !== undefined) this.#picker.begin?.(address);
    return address;
  }

  /** Once for every try, as soon as it is known how it went. */
  report(peer: Peer, outcome: Outcome): void {
    if (peer instanceof Address) this.#passive.report(peer, outcome);
  }

  /** Once for every pick, when the try is over in every respect; the latency if there was an answer. */
  release(peer: Peer, latencyMs?: number): void {
    if (peer instanceof Address) this.#picker.end?.(peer, latencyMs);
  }

  addresses(): readonly Address[] {
    return this.#addresses;
  }

  /** Does anything judge the addresses? */
  get isChecked(): boolean {
    return this.#isChecked;
  }

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  get weight(): WeightStatus {
    return this.#weight;
  }

  health(): TargetHealth[] {
    return describeTargets(this.#targets, this.#isChecked);
  }

  /** All addresses of a target, or the one named `ip` or `ip:port`. false when there is none, or nothing keeps verdicts. */
  setHealth(targetId: string, address: string | undefined, isHealthy: boolean): boolean {
    const meant = this.#addresses.filter(
      (one) => one.targetId === targetId && (address === undefined || one.key === address || one.address === address),
    );
    if (!this.#isChecked || meant.length === 0) return false;
    for (const one of meant) one.health?.force(isHealthy);
    return true;
  }

  close(): void {
    this.#active?.close();
    this.#targets.close();
  }

  #rebuild(): void {
    const book = this.#book;
    this.#addresses = this.#targets.addresses();
    book.releaseAll();
    for (const address of this.#addresses) {
      address.health = this.#isChecked && address.weight > 0 ? book.hold(address) : undefined;
      if (address.health === undefined) continue;
      address.health.onStep = (step, hasChanged) => this.#note(address, step, hasChanged);
    }
    book.forgetOld();
    this.#picker = algorithmNamed(this.config.algorithm ?? 'round-robin').build({
      addresses: this.#addresses,
      targetCount: this.#targets.all.length,
      slots: this.config.slots ?? DEFAULT_SLOTS,
    });
    this.#weighAgain();
  }

  #weighAgain(): void {
    this.#weight = weigh(this.#addresses);
    this.#isHealthy = isAboveThreshold(this.#weight, this.config.healthchecks.threshold);
  }

  #note(address: Address, step: HealthStep | undefined, hasChanged: boolean): void {
    const wasHealthy = this.#isHealthy;
    this.#weighAgain();
    const onHealthChange = this.#onHealthChange;
    if (onHealthChange === undefined) return;
    const upstream = this.config.name;
    const isHealthy = address.health?.isHealthy === true;
    const kind = step === undefined ? 'forced' : hasChanged ? 'changed' : 'counted';
    onHealthChange({ upstream, peer: address, kind, isHealthy, text: describeStep(address, step, isHealthy), step });
    if (wasHealthy === this.#isHealthy) return;
    const text = `balancer ${upstream} reported health status changed to ${wordFor(this.#isHealthy)}`;
    onHealthChange({ upstream, peer: undefined, kind: 'changed', isHealthy: this.#isHealthy, text });
  }
}

function hasChecks({ healthchecks: { active, passive } }: UpstreamConfig): boolean {
  const { http_failures, tcp_failures, timeouts } = passive.unhealthy;
  return active.healthy.interval + active.unhealthy.interval + http_failures + tcp_failures + timeouts > 0;
}

const wordFor = (isHealthy: boolean): string => (isHealthy ? 'HEALTHY' : 'UNHEALTHY');

function describeStep(address: Address, step: HealthStep | undefined, isHealthy: boolean): string {
  const whom = `'${address.hostname}(${address.key})'`;
  if (step === undefined) return `${wordFor(isHealthy)} forced for ${whom}`;
  const kind = step.kind === 'success' ? 'healthy SUCCESS' : `unhealthy ${step.kind.toUpperCase()}`;
  return `${kind} increment (${step.count}/${step.limit}) for ${whom}`;
}
