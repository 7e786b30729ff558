// Keeps the snapshot equal to the store. A change is compiled before the next request is routed, so that whoever was told
// that his write is done is also routed by it; while nobody asks, compiling waits until writes pause.
import type { State } from '../state/state.ts';
import type { Store, Unsubscribe } from '../store/store.ts';
import { type CompileParts, compileSnapshot, type Snapshot } from './snapshot.ts';

/** Compiling ahead of requests may take at most one part in five of the time. */
const PAUSE_FACTOR = 4;

export class Reloader {
  readonly #parts: CompileParts;
  readonly #unsubscribe: Unsubscribe;
  #snapshot: Snapshot;
  #pending: State | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #lastCompileMs = 0;

  constructor(store: Store, parts: CompileParts) {
    this.#parts = parts;
    this.#snapshot = compileSnapshot(store.state, undefined, parts);
    this.#unsubscribe = store.subscribe((state) => this.#notice(state));
  }

  /** What the next request is served by. */
  current(): Snapshot {
    if (this.#pending !== undefined) this.#compile();
    return this.#snapshot;
  }

  close(): void {
    this.#unsubscribe();
    clearTimeout(this.#timer);
  }

  #notice(state: State): void {
    this.#pending = state;
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#pending !== undefined) this.#compile();
    }, this.#lastCompileMs * PAUSE_FACTOR);
    this.#timer.unref();
  }

  #compile(): void {
    const state = this.#pending!;
    this.#pending = undefined;
    const startedAt = performance.now();
    try {
      this.#snapshot = compileSnapshot(state, this.#snapshot, this.#parts);
    } catch (error) {
      // The last good snapshot goes on serving; the state itself is valid, so this is a defect of ours.
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#parts.log('error', `the new configuration could not be compiled, the old one keeps serving: ${text}`);
    }
    this.#lastCompileMs = performance.now() - startedAt;
  }
}
