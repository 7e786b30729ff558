// How long each step of one request and each plugin instance took, for whoever may ask. Other requests have no timeline and meet nothing
// of it: instances are watched by standing in for them, not by asking at every call.
import { isPromise } from '../../lib/promise.ts';
import type { Phases } from '../../pdk/index.ts';
import type { PluginInstance } from '../plugins/instances.ts';
import type { Chosen, PhasePlan } from '../plugins/plan.ts';
import type { DebugAsk } from './debug-ask.ts';

/** Steps that follow each other; with several tries the last ones come again. */
export type Stage = 'rewrite' | 'router' | 'access' | 'request_body' | 'balancer' | 'upstream' | 'response';

/** What a stage is made of, beside plugins. */
export type Part = 'dns' | 'connect' | 'time_to_first_byte' | 'streaming';

/** A type, not an interface: it is JSON, and may be logged. */
export type Times = { total_time: number; child?: Record<string, Times> };

const TRUNCATED = 'the plugins are left out here: the whole is in the log, under the request_id';

export type TimelineRecord = Times & { request_id: string; total_time_without_upstream: number };

/** Phases that belong to a step with another name. */
const STEP_OF: Readonly<Partial<Record<keyof Phases, string>>> = {
  ws_handshake: 'access',
  needs_response: 'response',
  upstream_answer: 'upstream',
  retry: 'balancer',
};

export class Timeline {
  readonly #id: string;
  readonly #ask: DebugAsk;
  readonly #startedAt = performance.now();
  #stage: Stage = 'rewrite';
  #stageAt = this.#startedAt;
  #partAt = this.#startedAt;
  /** Milliseconds by step; under `step/part` those of its parts. */
  readonly #times = new Map<string, number>();
  /** By step. */
  readonly #runs = new Map<string, Map<PluginInstance, number>>();
  readonly #watched = new Map<PluginInstance, PluginInstance>();

  #isTruncated = false;

  constructor(id: string, ask: DebugAsk) {
    this.#id = id;
    this.#ask = ask;
  }

  /** What the client was not told for want of room is in the log, whatever it asked for. */
  get logLevel(): DebugAsk['logLevel'] {
    return this.#isTruncated ? 'info' : this.#ask.logLevel;
  }

  /** The step before ends here. */
  enter(stage: Stage): void {
    const now = performance.now();
    add(this.#times, this.#stage, now - this.#stageAt);
    this.#stage = stage;
    this.#stageAt = now;
    this.#partAt = now;
  }

  /** What happened since the step, or its last part, began. */
  part(name: Part): void {
    const now = performance.now();
    add(this.#times, `${this.#stage}/${name}`, now - this.#partAt);
    this.#partAt = now;
  }

  /** A peer for the next try, at once or after its name was resolved. */
  picked(when: 'late' | 'at once'): void {
    if (when === 'late') this.part('dns');
    this.enter('upstream');
  }

  watchAll(instances: readonly PluginInstance[]): readonly PluginInstance[] {
    return instances.map((instance) => this.#watch(instance));
  }

  watchChosen({ access, retry, response, observe, header, body, log, socket }: Chosen): Chosen {
    return {
      access: this.watchAll(access),
      retry: this.watchAll(retry),
      response: this.watchAll(response),
      observe: this.watchAll(observe),
      header: this.watchAll(header),
      body: this.watchAll(body),
      log: this.watchAll(log),
      socket: this.watchAll(socket),
    };
  }

  watchPlan({ fixed, entries }: PhasePlan): PhasePlan {
    const watch = (instance: PluginInstance | undefined) => instance && this.#watch(instance);
    return {
      fixed: fixed && this.watchChosen(fixed),
      entries: entries.map(({ general, forConsumer }) => ({
        general: watch(general),
        forConsumer: forConsumer && ((consumer) => watch(forConsumer(consumer))),
      })),
    };
  }

  /** Up to now, with every instance that ran. */
  record(): TimelineRecord {
    return this.#tell('instances');
  }

  /** The same as one short line of ASCII, for a header; without the plugins where that would be too long. */
  headerText(): string {
    const whole = JSON.stringify(this.record());
    if (whole.length <= this.#ask.maxBytes && isAscii(whole)) return whole;
    this.#isTruncated = true;
    return JSON.stringify({ ...this.#tell('steps'), truncated: true, message: TRUNCATED });
  }

  #tell(depth: 'instances' | 'steps'): TimelineRecord {
    const now = performance.now();
    const times = new Map(this.#times);
    add(times, this.#stage, now - this.#stageAt);
    const child: Record<string, Times> = Object.create(null);
    for (const [name, ms] of times) {
      const [step, part] = name.split('/') as [string, string | undefined];
      child[step] ??= { total_time: 0 };
      if (part === undefined) child[step].total_time = rounded(ms);
      else (child[step].child ??= Object.create(null) as Record<string, Times>)[part] = { total_time: rounded(ms) };
    }
    for (const [step, runs] of this.#runs) {
      const plugins = timesOf(runs);
      child[step] ??= { total_time: plugins.total_time };
      if (depth === 'instances')
        (child[step].child ??= Object.create(null) as Record<string, Times>)['plugins'] = plugins;
    }
    const { steps } = this.#ask;
    if (steps !== undefined) for (const step of Object.keys(child)) if (!steps.has(step)) delete child[step];
    const total = now - this.#startedAt;
    return {
      request_id: this.#id,
      total_time: rounded(total),
      total_time_without_upstream: rounded(total - (times.get('upstream') ?? 0)),
      child,
    };
  }

  #watch(instance: PluginInstance): PluginInstance {
    let watched = this.#watched.get(instance);
    if (watched === undefined) {
      watched = { ...instance, phases: this.#watchPhases(instance) };
      this.#watched.set(instance, watched);
    }
    return watched;
  }

  #watchPhases(instance: PluginInstance): Phases {
    const { phases } = instance;
    // Not of the object itself: that may be frozen, and then nothing could stand in for what it holds.
    return new Proxy<Phases>(
      {},
      {
        get: (_none, name) => {
          const run: unknown = Reflect.get(phases, name, phases);
          if (typeof run !== 'function') return run;
          const step = STEP_OF[name as keyof Phases] ?? String(name);
          return (...args: unknown[]) => this.#time(step, instance, () => Reflect.apply(run, phases, args));
        },
      },
    );
  }

  #time(step: string, instance: PluginInstance, run: () => unknown): unknown {
    const from = performance.now();
    const note = (): void => {
      let runs = this.#runs.get(step);
      if (runs === undefined) {
        runs = new Map();
        this.#runs.set(step, runs);
      }
      add(runs, instance, performance.now() - from);
    };
    let isWaiting = false;
    try {
      const result = run();
      isWaiting = isPromise(result);
      return isWaiting ? (result as Promise<unknown>).finally(note) : result;
    } finally {
      if (!isWaiting) note();
    }
  }
}

/** By name, and below it by instance. */
function timesOf(runs: ReadonlyMap<PluginInstance, number>): Times {
  const child: Record<string, Times> = Object.create(null);
  let total = 0;
  for (const [{ name, entity }, ms] of runs) {
    total += ms;
    child[name] ??= { total_time: 0, child: Object.create(null) as Record<string, Times> };
    child[name].total_time = rounded(child[name].total_time + ms);
    child[name].child![entity.id] = { total_time: rounded(ms) };
  }
  return { total_time: rounded(total), child };
}

function add<K>(times: Map<K, number>, key: K, ms: number): void {
  times.set(key, (times.get(key) ?? 0) + ms);
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Names of a user's own plugins may be anything. */
const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);
