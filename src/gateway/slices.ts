// Runs long work in short slices, so that requests are answered in between.

export interface SlicedWork {
  /** Whether it came to its end; false when it was stopped. */
  readonly done: Promise<boolean>;
  stop(): void;
}

/** Where turns of others are long, a slice may last this part of one. */
const SHARE = 0.25;
const LONGEST_MS = 5;

/** At least `sliceMs` of work, then everybody else's turn. */
export function runInSlices(steps: Generator<void, void>, sliceMs: number): SlicedWork {
  let immediate: NodeJS.Immediate | undefined;
  let finish: (isDone: boolean) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const done = new Promise<boolean>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  let endedAt = performance.now();
  const slice = (): void => {
    const startedAt = performance.now();
    const end = startedAt + Math.min(Math.max(sliceMs, (startedAt - endedAt) * SHARE), LONGEST_MS);
    try {
      while (performance.now() < end) if (steps.next().done === true) return finish(true);
    } catch (error) {
      return fail(error);
    }
    endedAt = performance.now();
    immediate = setImmediate(slice);
  };
  immediate = setImmediate(slice);
  return {
    done,
    stop() {
      clearImmediate(immediate);
      finish(false);
    },
  };
}
