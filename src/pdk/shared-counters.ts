// Numbers that several nodes count together, somewhere outside. Each call is one step: nobody counts between what it reads
// and what it writes. A counter disappears `seconds` after it was made.

export interface Wanted {
  readonly key: string;
  readonly limit: number;
  readonly seconds: number;
  /** To count; 1 when absent. */
  readonly amount?: number;
}

export interface Addition {
  readonly key: string;
  readonly amount: number;
  readonly seconds: number;
}

/** Answers are in the order of what was asked; a call rejects when there is no answer in time. */
export interface SharedCounters {
  /** Counts one more (or the amount) under every key, unless any has reached its limit. Answers what was there before. */
  takeOne(wanted: readonly Wanted[]): Promise<readonly number[]>;
  read(keys: readonly string[]): Promise<readonly number[]>;
  /** Answers what is there then. */
  add(additions: readonly Addition[]): Promise<readonly number[]>;
}
