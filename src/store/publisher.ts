// The state that a store shows to the outside, and who hears of a new one: in the order in which they subscribed.
import type { State } from '../state/state.ts';
import type { Unsubscribe } from './store.ts';

export class Publisher {
  #state: State;
  readonly #listeners = new Set<(state: State) => void>();

  constructor(state: State) {
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  publish(state: State): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) {
      try {
        listener(state);
      } catch (error) {
        // The change is made, so the others must hear of it; the defect shows as an uncaught error.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  subscribe(listener: (state: State) => void): Unsubscribe {
    // A wrapper of its own, so that one function may subscribe twice.
    const entry = (state: State): void => listener(state);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  close(): void {
    this.#listeners.clear();
  }
}
