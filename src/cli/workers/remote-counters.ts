// Counters that the primary holds. All questions of one turn travel together. A refusal needs no question: once a window is
// used up nothing in it can pass, so what was answered is still true; it is asked again now and then all the same.
import type { Addition, SharedCounters, Wanted } from '../../pdk/index.ts';
import type { Calls } from './calls.ts';
import type { CountersOf } from './messages.ts';

const BELIEVED_MS = 1000;
const MAX_BELIEVED = 10_000;

interface Pending {
  readonly wanted: readonly Wanted[];
  resolve(counts: readonly number[]): void;
  reject(error: unknown): void;
}

export class RemoteCounters implements SharedCounters {
  readonly #calls: Calls;
  readonly #of: CountersOf;
  readonly #usedUp = new Map<string, { readonly counts: readonly number[]; readonly until: number }>();
  #pending: Pending[] = [];

  constructor(calls: Calls, of: CountersOf) {
    this.#calls = calls;
    this.#of = of;
  }

  takeOne(wanted: readonly Wanted[]): Promise<readonly number[]> {
    const name = nameOf(wanted);
    const known = this.#usedUp.get(name);
    if (known !== undefined) {
      if (known.until > performance.now()) return Promise.resolve(known.counts);
      this.#usedUp.delete(name);
    }
    return new Promise((resolve, reject) => {
      this.#pending.push({ wanted, resolve, reject });
      if (this.#pending.length === 1) setImmediate(() => void this.#flush());
    });
  }

  read(keys: readonly string[]): Promise<readonly number[]> {
    return this.#calls.ask({ method: 'read', of: this.#of, keys }) as Promise<readonly number[]>;
  }

  add(additions: readonly Addition[]): Promise<readonly number[]> {
    return this.#calls.ask({ method: 'add', of: this.#of, additions }) as Promise<readonly number[]>;
  }

  async #flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    try {
      const calls = pending.map(({ wanted }) => wanted);
      const answers = (await this.#calls.ask({ method: 'takeOne', of: this.#of, calls })) as readonly number[][];
      for (const [i, { wanted, resolve }] of pending.entries()) {
        this.#remember(wanted, answers[i]!);
        resolve(answers[i]!);
      }
    } catch (error) {
      for (const { reject } of pending) reject(error);
    }
  }

  #remember(wanted: readonly Wanted[], counts: readonly number[]): void {
    if (!wanted.some(({ limit }, i) => counts[i]! >= limit)) return;
    if (this.#usedUp.size >= MAX_BELIEVED) this.#usedUp.clear();
    this.#usedUp.set(nameOf(wanted), { counts, until: performance.now() + BELIEVED_MS });
  }
}

const nameOf = (wanted: readonly Wanted[]): string => wanted.map(({ key, limit }) => `${key}=${limit}`).join(' ');
