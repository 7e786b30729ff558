// Where the configuration lives. Whoever holds a store reads its current state, commits changes, and hears of every new
// state before the commit is answered.
import type { Change, State } from '../state/state.ts';
import type { Result, Violation } from '../state/violation.ts';

export type Unsubscribe = () => void;

export interface Store {
  /** The last committed state. */
  readonly state: State;
  /** All of the changes or none. Resolves after every subscriber has been told. */
  commit(changes: readonly Change[]): Promise<Result<State, Violation>>;
  /** Puts a whole other state in place of the current one (a changed file, a pushed configuration). */
  replace(state: State): Promise<void>;
  subscribe(listener: (state: State) => void): Unsubscribe;
  close(): Promise<void>;
}
