// What waits to be written. Jobs that came while the database was busy are worked off together: each is judged on the
// state that the ones before it left, and all of them become durable with one transaction.
import { performance } from 'node:perf_hooks';
import { GwctlError } from '../lib/errors.ts';
import type { State } from '../state/state.ts';
import { NO_HASH } from './hash.ts';
import { type Row, rowsBetween, rowsTouched } from './rows.ts';
import { type Changes, type Committed, isEmpty } from './store.ts';

export type Task =
  | { readonly type: 'commit'; readonly changes: Changes }
  | { readonly type: 'replace' | 'fill'; readonly state: State; readonly hash: string };

/** @property written whether the task changed anything. */
export interface Outcome {
  readonly result: Committed;
  readonly written: boolean;
}

export interface Job {
  readonly task: Task;
  readonly since: number;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

export interface Batch {
  /** After all jobs. */
  readonly state: State;
  readonly rows: readonly Row[];
  /** Of the last replacement among the jobs. */
  readonly hash: string | undefined;
  /** Answers every job; to be called once the rows are durable and the state is published. */
  settle(): void;
}

export class JobQueue {
  #jobs: Job[] = [];
  #closed = false;
  readonly #wake: () => void;

  /** @param wake called when there is something to do. */
  constructor(wake: () => void) {
    this.#wake = wake;
  }

  get length(): number {
    return this.#jobs.length;
  }

  commit(changes: Changes): Promise<Committed> {
    return this.#add({ type: 'commit', changes }).then(({ result }) => result);
  }

  replace(state: State, hash: string | undefined): Promise<void> {
    return this.#add({ type: 'replace', state, hash: hash ?? NO_HASH }).then(() => {});
  }

  fill(state: State, hash: string | undefined): Promise<boolean> {
    return this.#add({ type: 'fill', state, hash: hash ?? NO_HASH }).then(({ written }) => written);
  }

  take(): Job[] {
    const jobs = this.#jobs;
    this.#jobs = [];
    return jobs;
  }

  /** Rejects everything that waits and, from now on, whatever comes. */
  close(): void {
    this.#closed = true;
    rejectJobs(this.take(), closedError());
  }

  #add(task: Task): Promise<Outcome> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#jobs.push({ task, since: performance.now(), resolve, reject });
      this.#wake();
    });
  }
}

const closedError = (): GwctlError => new GwctlError('E_STORE_UNAVAILABLE', 'the store is closed', { hint: '' });

export function rejectJobs(jobs: readonly Job[], error: unknown): void {
  for (const job of jobs) job.reject(error);
}

export function runJobs(start: State, jobs: readonly Job[]): Batch {
  let state = start;
  let hash: string | undefined;
  let isReplaced = false;
  const steps: State[] = [];
  const answers: (() => void)[] = [];
  for (const job of jobs) {
    const { task } = job;
    let next: Committed = { ok: true, value: state };
    try {
      if (task.type === 'commit') next = applyChanges(state, task.changes);
      else if (task.type === 'replace' || isEmpty(state)) {
        next = { ok: true, value: task.state };
        hash = task.hash;
        isReplaced = true;
      }
    } catch (error) {
      answers.push(() => job.reject(error));
      continue;
    }
    const written = next.ok && next.value !== state;
    if (next.ok && written) {
      state = next.value;
      steps.push(state);
    }
    answers.push(() => job.resolve({ result: next, written }));
  }
  return {
    state,
    rows: isReplaced ? rowsBetween(start, state) : rowsTouched(steps),
    hash,
    settle: () => {
      for (const answer of answers) answer();
    },
  };
}

function applyChanges(state: State, changes: Changes): Committed {
  const list = typeof changes === 'function' ? changes(state) : changes;
  return list.length === 0 ? { ok: true, value: state } : state.with(list);
}
