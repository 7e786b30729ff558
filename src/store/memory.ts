// The configuration in memory only, gone when the process ends.
import type { Change, State } from '../state/state.ts';
import type { Result, Violation } from '../state/violation.ts';
import type { Store, Unsubscribe } from './store.ts';

export class MemoryStore implements Store {
  #state: State;
  readonly #listeners = new Set<(state: State) => void>();

  constructor(state: State) {
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  commit(changes: readonly Change[]): Promise<Result<State, Violation>> {
    const next = this.#state.with(changes);
    if (next.ok) this.#publish(next.value);
    return Promise.resolve(next);
  }

  replace(state: State): Promise<void> {
    this.#publish(state);
    return Promise.resolve();
  }

  subscribe(listener: (state: State) => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#listeners.clear();
    return Promise.resolve();
  }

  #publish(state: State): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
