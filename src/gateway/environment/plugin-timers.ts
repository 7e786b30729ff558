// Work of a plugin instance beside requests. It ends with the instance; what it throws is told under the plugin's name.
import { isPromise } from '../../lib/promise.ts';
import type { Timers } from '../../pdk/index.ts';

export class PluginTimers implements Timers {
  readonly #stops = new Set<() => void>();
  readonly #onError: (error: unknown) => void;
  #isClosed = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  after(ms: number, run: () => void | Promise<void>): () => void {
    if (this.#isClosed) return () => undefined;
    const timer = setTimeout(() => {
      this.#stops.delete(stop);
      this.#run(run);
    }, ms);
    const stop = this.#own(() => clearTimeout(timer));
    timer.unref();
    return stop;
  }

  every(ms: number, run: () => void | Promise<void>): () => void {
    if (this.#isClosed) return () => undefined;
    let isRunning = false;
    const timer = setInterval(() => {
      // One that takes longer than the pause is not begun a second time.
      if (isRunning) return;
      isRunning = true;
      this.#run(run, () => {
        isRunning = false;
      });
    }, ms);
    timer.unref();
    return this.#own(() => clearInterval(timer));
  }

  close(): void {
    this.#isClosed = true;
    for (const stop of [...this.#stops]) stop();
  }

  #own(clear: () => void): () => void {
    const stop = (): void => {
      clear();
      this.#stops.delete(stop);
    };
    this.#stops.add(stop);
    return stop;
  }

  #run(run: () => void | Promise<void>, done: () => void = () => undefined): void {
    try {
      const running = run();
      if (isPromise<void>(running)) void running.catch(this.#onError).finally(done);
      else done();
    } catch (error) {
      this.#onError(error);
      done();
    }
  }
}
