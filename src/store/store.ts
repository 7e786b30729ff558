// Where the configuration lives. Whoever holds a store reads its current state, commits changes, and hears of every new
// state before the commit is answered.
import type { SharedCounters } from '../pdk/shared-counters.ts';
import type { Change, State } from '../state/state.ts';
import type { Result, Violation } from '../state/violation.ts';

export type Unsubscribe = () => void;

/**
 * Changes, or how to find them. Between reading `state` and committing, somebody else may have written: what depends on the
 * state belongs into a function, which is called with the state that the changes will be made to. No changes, no commit.
 */
export type Changes = readonly Change[] | ((latest: State) => readonly Change[]);

export type Committed = Result<State, Violation>;

/** For what an operator should know and nobody asked for: a database that went away, and came back. */
export type StoreReport = (level: 'debug' | 'info' | 'warn' | 'error', message: string) => void;

export interface Store {
  readonly kind: 'memory' | 'declarative' | 'sqlite' | 'postgres';
  /** The last committed state that this process knows. */
  readonly state: State;
  /** Entities cannot be written one by one: `commit` is refused, only `replace` changes anything. */
  readonly isReadOnly: boolean;
  /** Whether the last attempt to write or to hear of news reached the database. */
  readonly isReachable: boolean;
  /** Counters that all nodes of this store share; absent where one node has it for itself. */
  readonly counters?: SharedCounters;
  /** Of what was given to `replace` or `fill` last; NO_HASH before. */
  readonly configurationHash: string;
  /**
   * All of the changes or none. Resolves after they are kept and every subscriber has been told. Rejects with
   * E_STORE_UNAVAILABLE when the database is out of reach, with E_STORE_READ_ONLY when the store is read-only.
   */
  commit(changes: Changes): Promise<Committed>;
  /** Puts a whole other state in place of the current one (a changed file, a pushed configuration). */
  replace(state: State, hash?: string): Promise<void>;
  /** `replace`, if the store is empty; answers whether it was. */
  fill(state: State, hash?: string): Promise<boolean>;
  subscribe(listener: (state: State) => void): Unsubscribe;
  close(): Promise<void>;
}

export const isEmpty = (state: State): boolean =>
  [...state.schemas.entities.keys()].every((kind) => state.count(kind) === 0);
