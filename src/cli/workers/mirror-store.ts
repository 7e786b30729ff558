// The store as a worker sees it: a copy of what the primary holds. Writes are found on the copy and kept by the primary, if
// the copy was the newest; else they are found again on newer news.
import type { SharedCounters } from '../../pdk/index.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import type { State } from '../../state/state.ts';
import type { Violation } from '../../state/violation.ts';
import { Publisher } from '../../store/publisher.ts';
import { adoptRows, stateOfRows } from '../../store/rows.ts';
import type { Changes, Committed, Store, Unsubscribe } from '../../store/store.ts';
import type { Calls } from './calls.ts';
import type { StateNews, StoreFacts } from './messages.ts';

/** What the primary answers to a write; `stale` when it knows of later states. */
export type CommitReply =
  | { readonly outcome: 'done' | 'stale' }
  | { readonly outcome: 'refused'; readonly error: Violation };

export interface MirrorOptions {
  readonly schemas: SchemaSet;
  readonly news: StateNews;
  readonly calls: Calls;
  /** Those that all nodes of the store share. */
  readonly counters: SharedCounters | undefined;
}

const PLACE = 'the primary process';
const NEWS_MS = 1000;

export class MirrorStore implements Store {
  readonly counters?: SharedCounters;
  readonly #calls: Calls;
  readonly #publisher: Publisher;
  #facts: StoreFacts;
  #sequence: number;
  #waiting: (() => void)[] = [];

  constructor({ schemas, news, calls, counters }: MirrorOptions) {
    this.#calls = calls;
    this.#facts = news.facts;
    this.#sequence = news.sequence;
    this.#publisher = new Publisher(stateOfRows(schemas, news.rows, PLACE));
    if (counters !== undefined) this.counters = counters;
  }

  get kind(): Store['kind'] {
    return this.#facts.kind;
  }

  get isReadOnly(): boolean {
    return this.#facts.isReadOnly;
  }

  get isReachable(): boolean {
    return this.#facts.isReachable;
  }

  get configurationHash(): string {
    return this.#facts.hash;
  }

  get state(): State {
    return this.#publisher.state;
  }

  take({ sequence, rows, facts }: StateNews): void {
    this.#facts = facts;
    this.#sequence = sequence;
    // Rows that do not fit end this process: its successor begins with all that there is.
    this.#publisher.publish(adoptRows(this.state, rows, PLACE));
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  async commit(changes: Changes): Promise<Committed> {
    for (;;) {
      const list = typeof changes === 'function' ? changes(this.state) : changes;
      if (list.length === 0) return { ok: true, value: this.state };
      const sequence = this.#sequence;
      const reply = (await this.#calls.ask({ method: 'commit', sequence, changes: list })) as CommitReply;
      // News are sent before the answer, so the copy holds the change by now.
      if (reply.outcome === 'done') return { ok: true, value: this.state };
      if (reply.outcome === 'refused') return { ok: false, error: reply.error };
      if (this.#sequence === sequence) await this.#news();
    }
  }

  /** For a while: what the primary knows more may be nothing that it has to tell. */
  #news(): Promise<void> {
    return new Promise((resume) => {
      const timer = setTimeout(resume, NEWS_MS);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resume();
      });
    });
  }

  replace(): Promise<void> {
    return Promise.reject(new Error('a worker cannot replace the configuration'));
  }

  fill(): Promise<boolean> {
    return Promise.reject(new Error('a worker cannot fill the store'));
  }

  subscribe(listener: (state: State) => void): Unsubscribe {
    return this.#publisher.subscribe(listener);
  }

  close(): Promise<void> {
    this.#publisher.close();
    return Promise.resolve();
  }
}
