// The configuration in memory only, gone when the process ends.
import type { State } from '../state/state.ts';
import { NO_HASH } from './hash.ts';
import { Publisher } from './publisher.ts';
import { type Changes, type Committed, isEmpty, type Store, type Unsubscribe } from './store.ts';

export class MemoryStore implements Store {
  readonly kind = 'memory';
  readonly isReadOnly = false;
  readonly isReachable = true;
  #hash = NO_HASH;
  readonly #publisher: Publisher;

  constructor(state: State) {
    this.#publisher = new Publisher(state);
  }

  get state(): State {
    return this.#publisher.state;
  }

  get configurationHash(): string {
    return this.#hash;
  }

  async commit(changes: Changes): Promise<Committed> {
    const list = typeof changes === 'function' ? changes(this.state) : changes;
    if (list.length === 0) return { ok: true, value: this.state };
    const next = this.state.with(list);
    if (next.ok) this.#publisher.publish(next.value);
    return next;
  }

  replace(state: State, hash = NO_HASH): Promise<void> {
    this.#hash = hash;
    this.#publisher.publish(state);
    return Promise.resolve();
  }

  fill(state: State, hash = NO_HASH): Promise<boolean> {
    if (!isEmpty(this.state)) return Promise.resolve(false);
    return this.replace(state, hash).then(() => true);
  }

  subscribe(listener: (state: State) => void): Unsubscribe {
    return this.#publisher.subscribe(listener);
  }

  close(): Promise<void> {
    this.#publisher.close();
    return Promise.resolve();
  }
}
