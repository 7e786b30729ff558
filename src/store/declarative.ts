// DB-less: the configuration of a file or of POST /config, in memory, as one piece. Nobody writes single entities; what
// has expired still goes, which is not a write of anybody.
import { GwctlError } from '../lib/errors.ts';
import type { State } from '../state/state.ts';
import { MemoryStore } from './memory.ts';
import type { Changes, Committed, Store, Unsubscribe } from './store.ts';

export class DeclarativeStore implements Store {
  readonly kind = 'declarative';
  readonly isReadOnly = true;
  readonly isReachable = true;
  readonly #memory: MemoryStore;

  constructor(state: State) {
    this.#memory = new MemoryStore(state);
  }

  get state(): State {
    return this.#memory.state;
  }

  get configurationHash(): string {
    return this.#memory.configurationHash;
  }

  commit(_changes: Changes): Promise<Committed> {
    return Promise.reject(
      new GwctlError('E_STORE_READ_ONLY', 'entities cannot be written one by one when not using a database'),
    );
  }

  replace(state: State, hash?: string): Promise<void> {
    return this.#memory.replace(state, hash);
  }

  fill(state: State, hash?: string): Promise<boolean> {
    return this.#memory.fill(state, hash);
  }

  subscribe(listener: (state: State) => void): Unsubscribe {
    return this.#memory.subscribe(listener);
  }

  close(): Promise<void> {
    return this.#memory.close();
  }
}
