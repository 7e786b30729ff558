// The workers of the primary process: started, told of every change, replaced when they die, ended together. They share
// the listening sockets, so that connections that wait to be accepted outlive any one of them.
import cluster, { type Worker } from 'node:cluster';
import { extname, join } from 'node:path';
import type { Config } from '../../config/load.ts';
import type { SharedVerdict } from '../../gateway/balancer/registry.ts';
import type { Gateway, GatewayCounters } from '../../gateway/gateway.ts';
import type { MetricFamily } from '../../lib/exposition.ts';
import type { Json } from '../../lib/json.ts';
import type { SharedCounters } from '../../pdk/index.ts';
import { createState, type State } from '../../state/state.ts';
import { rowsBetween } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import type { ServeTls } from '../serve/serve-tls.ts';
import type { createServerLog } from '../serve/server-log.ts';
import { packFamilies } from './figures.ts';
import {
  type Call,
  type Place,
  packError,
  type StoreFacts,
  type ToPrimary,
  type ToWorker,
  unpackError,
  type WorkerFigures,
} from './messages.ts';
import type { CommitReply } from './mirror-store.ts';
import { NodeTotals } from './node-totals.ts';

export interface PoolOptions {
  readonly count: number;
  readonly config: Config;
  readonly store: Store;
  /** Of the primary: it probes, counts for all, and proxies nothing. */
  readonly gateway: Gateway;
  readonly tls: ServeTls;
  readonly nodeId: string;
  readonly logLevel: () => string;
  readonly log: ReturnType<typeof createServerLog>;
}

interface Member {
  readonly worker: Worker;
  readonly startedAt: number;
  settled: number;
  /** Another takes its place, whatever becomes of this one; it hears of no changes any more. */
  isOutdated: boolean;
  figures: WorkerFigures | undefined;
  /** Who asked for figures, in the order in which they come. */
  readonly askers: (() => void)[];
}

/** Beside this file, and as it is: source or built. */
const ENTRY = join(import.meta.dirname, `entry${extname(import.meta.filename)}`);
const PATIENCE_MS = 10_000;
const FIGURES_MS = 1000;
/** For requests of a worker whose successor serves already. */
const LEAVING_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

export class WorkerPool {
  readonly #options: PoolOptions;
  /** Forked, and not heard of yet. */
  readonly #coming = new Set<Member>();
  readonly #members = new Map<number, Member>();
  /** Told to end, for another has taken their place. */
  readonly #leaving = new Set<Member>();
  readonly #unsubscribe: () => void;
  #state: State;
  #sequence = 0;
  #hasStarted = false;
  #isEnding = false;
  #deaths = 0;
  #settling: { readonly sequence: number; readonly resolve: () => void }[] = [];
  readonly #totals = new NodeTotals();
  #timers = new Set<NodeJS.Timeout>();
  addresses: readonly Place[] = [];
  streamAddresses: readonly Place[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#state = options.store.state;
    this.#unsubscribe = options.store.subscribe((state) => this.#tell(state));
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ exec: ENTRY, args: [] });
  }

  /** The first alone, because it finds out whether the addresses are free. */
  async start(): Promise<void> {
    await this.#fork();
    this.#hasStarted = true;
    await Promise.all(Array.from({ length: this.#options.count - 1 }, () => this.#fork()));
  }

  /**
   * Replaces all workers, because the change is one that a running process cannot take up. Each serves what it knows until its
   * successor is ready, and then ends what it has begun.
   */
  async renew(change: () => Promise<void>): Promise<void> {
    const outdated = [...this.#coming, ...this.#members.values()];
    for (const member of outdated) member.isOutdated = true;
    await this.refresh();
    try {
      await change();
    } finally {
      // Also where it fails: they have missed what was told meanwhile.
      await this.#replace(outdated.length);
    }
  }

  /** One after the other. One that cannot start is tried again later, like one that dies. */
  async #replace(count: number): Promise<void> {
    for (let left = count; left > 0 && !this.#isEnding; left--) {
      await this.#fork().catch((error: Error) => this.#tellFailure(error));
    }
  }

  get pids(): number[] {
    return [...this.#members.values()].map(({ worker }) => worker.process.pid!);
  }

  /** Resolves when all workers serve what the store told until now; one that takes too long is not waited for. */
  settled(): Promise<void> {
    const sequence = this.#sequence;
    if (this.#isSettled(sequence)) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#later(resolve, PATIENCE_MS);
      this.#settling.push({
        sequence,
        resolve: () => {
          clearTimeout(timer);
          this.#timers.delete(timer);
          resolve();
        },
      });
    });
  }

  /** Told by the primary's own checks and by its Admin API. */
  tellVerdict(verdict: SharedVerdict): void {
    this.#tellOthers(undefined, { type: 'verdict', verdict });
  }

  /** Told by plugins of the primary. */
  tellEvent(topic: string, message: Json): void {
    this.#tellOthers(undefined, { type: 'event', topic, message });
  }

  tellLogLevel(level: string): void {
    this.#tellOthers(undefined, { type: 'logLevel', level });
  }

  reopen(): void {
    this.#tellOthers(undefined, { type: 'reopen' });
  }

  /** Asks every worker for its figures. */
  async refresh(): Promise<void> {
    await Promise.all(
      [...this.#members.values()].map(
        (member) =>
          new Promise<void>((resolve) => {
            const timer = this.#later(resolve, FIGURES_MS);
            member.askers.push(() => {
              clearTimeout(timer);
              this.#timers.delete(timer);
              resolve();
            });
            post(member.worker, { type: 'figures' });
          }),
      ),
    );
  }

  /** As of the last `refresh`. */
  counters(): GatewayCounters {
    return this.#totals.counters(this.#figures());
  }

  /** As of the last `refresh`, with the primary's own. */
  families(): Promise<readonly MetricFamily[]> {
    return this.#totals.families(packFamilies(this.#options.gateway.metrics()), this.#figures());
  }

  #figures(): WorkerFigures[] {
    const all = [...this.#members.values(), ...this.#leaving].map(({ figures }) => figures);
    return all.filter((figures) => figures !== undefined);
  }

  async stop(graceMs: number): Promise<void> {
    this.#isEnding = true;
    this.#unsubscribe();
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(
      [...this.#members.values(), ...this.#leaving].map(({ worker }) => {
        const ended = new Promise<void>((resolve) => worker.process.once('exit', () => resolve()));
        post(worker, { type: 'stop', graceMs });
        // One that hangs does not keep the others from ending.
        const timer = setTimeout(() => worker.process.kill('SIGKILL'), graceMs + PATIENCE_MS);
        return ended.then(() => clearTimeout(timer));
      }),
    );
  }

  #fork(): Promise<void> {
    const worker = cluster.fork();
    const member: Member = {
      worker,
      startedAt: Date.now(),
      settled: 0,
      isOutdated: false,
      figures: undefined,
      askers: [],
    };
    this.#coming.add(member);
    return new Promise((resolve, reject) => {
      worker.on('error', () => undefined);
      worker.on('message', (message: ToPrimary) => {
        if (message.type === 'ready') {
          this.addresses = message.addresses;
          this.streamAddresses = message.streamAddresses;
          if (!member.isOutdated) this.#dismissOne();
          resolve();
        } else if (message.type === 'failed') reject(unpackError(message.error));
        else this.#hear(member, message);
      });
      worker.once('exit', (code, signal) => {
        reject(new Error(`a worker ended before it was ready (${signal ?? code})`));
        this.#bury(member, signal ?? `code ${code}`);
      });
    });
  }

  #hear(member: Member, message: ToPrimary): void {
    switch (message.type) {
      case 'up':
        return this.#begin(member);
      case 'settled':
        member.settled = message.sequence;
        return this.#resume();
      case 'event':
        this.#options.gateway.adoptEvent(message.topic, message.message);
        return this.#tellOthers(member, message);
      case 'verdict':
        this.#options.gateway.adoptVerdict(message.verdict);
        return this.#tellOthers(member, { type: 'verdict', verdict: message.verdict });
      case 'figures':
        member.figures = message.figures;
        return member.askers.shift()?.();
      case 'call':
        return this.#answer(member, message.id, message.call);
      default:
        return undefined;
    }
  }

  /** Those that are about to end may still serve. */
  #tellOthers(member: Member | undefined, message: ToWorker): void {
    for (const other of [...this.#members.values(), ...this.#leaving]) {
      if (other !== member) post(other.worker, message);
    }
  }

  #begin(member: Member): void {
    if (this.#isEnding) {
      member.worker.process.kill('SIGKILL');
      return;
    }
    const { config, nodeId, tls, gateway, logLevel } = this.#options;
    const rows = rowsBetween(createState(this.#state.schemas), this.#state);
    member.settled = this.#sequence;
    this.#coming.delete(member);
    this.#members.set(member.worker.id, member);
    post(member.worker, {
      type: 'start',
      config,
      nodeId,
      tls,
      news: { sequence: this.#sequence, rows, facts: this.#facts() },
      verdicts: gateway.balancers.bad(),
      logLevel: logLevel(),
    });
  }

  #tell(state: State): void {
    const listening = [...this.#members.values()].filter(({ isOutdated }) => !isOutdated);
    const rows = listening.length === 0 ? [] : rowsBetween(this.#state, state);
    this.#state = state;
    this.#sequence += 1;
    const news = { sequence: this.#sequence, rows, facts: this.#facts() };
    for (const { worker } of listening) post(worker, { type: 'news', news });
  }

  /** A new one is ready, so one that is outdated may go. */
  #dismissOne(): void {
    const member = [...this.#members.values()].find(({ isOutdated }) => isOutdated);
    if (member === undefined) return;
    this.#members.delete(member.worker.id);
    this.#leaving.add(member);
    post(member.worker, { type: 'stop', graceMs: LEAVING_MS });
    this.#resume();
  }

  #facts(): StoreFacts {
    const { store } = this.#options;
    const { kind, isReadOnly, isReachable, configurationHash, counters } = store;
    return { kind, isReadOnly, isReachable, hash: configurationHash, hasSharedCounters: counters !== undefined };
  }

  #answer({ worker }: Member, id: number, call: Call): void {
    this.#run(call).then(
      (value) => post(worker, { type: 'reply', id, value }),
      (error: unknown) => post(worker, { type: 'reply', id, error: packError(error) }),
    );
  }

  #run(call: Call): Promise<unknown> {
    if (call.method === 'commit') return this.#commit(call);
    const { store, gateway } = this.#options;
    const counters: SharedCounters = (call.of === 'store' ? store.counters : undefined) ?? gateway.heldCounters;
    switch (call.method) {
      case 'takeOne':
        return Promise.all(call.calls.map((wanted) => counters.takeOne(wanted)));
      case 'read':
        return counters.read(call.keys);
      case 'add':
        return counters.add(call.additions);
    }
  }

  /** Changes were found on a certain state, and are made to that one only. */
  async #commit({ sequence, changes }: Extract<Call, { method: 'commit' }>): Promise<CommitReply> {
    let isStale = false;
    const committed = await this.#options.store.commit((latest) => {
      isStale = latest !== this.#state || sequence !== this.#sequence;
      return isStale ? [] : changes;
    });
    if (!committed.ok) return { outcome: 'refused', error: committed.error };
    return { outcome: isStale ? 'stale' : 'done' };
  }

  #bury(member: Member, reason: string): void {
    const { worker, startedAt, figures, askers } = member;
    this.#coming.delete(member);
    this.#members.delete(worker.id);
    this.#leaving.delete(member);
    if (figures !== undefined) this.#totals.keep(figures);
    for (const tell of askers) tell();
    this.#resume();
    // Where none could start, whoever asked for them is told.
    if (this.#isEnding || member.isOutdated || !this.#hasStarted) return;
    this.#deaths = Date.now() - startedAt > LONGEST_PAUSE_MS ? 0 : this.#deaths + 1;
    const pause = this.#deaths <= 1 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (this.#deaths - 2), LONGEST_PAUSE_MS);
    this.#options.log('error', `worker ${worker.process.pid} ended unasked (${reason}): another one is started`, {
      pause_ms: pause,
    });
    this.#later(() => {
      // When it fails, its own end is heard of in the same way.
      this.#fork().catch((error: Error) => this.#tellFailure(error));
    }, pause);
  }

  #tellFailure({ message }: Error): void {
    this.#options.log('error', `a worker could not start: ${message}`);
  }

  #later(run: () => void, ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }

  #isSettled(sequence: number): boolean {
    return [...this.#members.values()].every(({ settled }) => settled >= sequence);
  }

  #resume(): void {
    const settling = this.#settling;
    this.#settling = settling.filter(({ sequence }) => !this.#isSettled(sequence));
    for (const one of settling) if (!this.#settling.includes(one)) one.resolve();
  }
}

/** One that is just ending cannot be told anything. */
function post(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
