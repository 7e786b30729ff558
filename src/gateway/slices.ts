// Runs long work in short slices, so that requests are answered in between.

export interface SlicedWork {
  /** Whether it came to its end; false when it was stopped. */
  readonly done: Promise<boolean>;
  stop(): void;
}

/** `sliceMs` of work, then everybody else's turn. */
export function runInSlices(steps: Generator<void, void>, sliceMs: number): SlicedWork {
  let immediate: NodeJS.Immediate | undefined;
  let finish: (isDone: boolean) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const done = new Promise<boolean>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  const slice = (): void => {
    const end = performance.now() + sliceMs;
    try {
      while (performance.now() < end) if (steps.next().done === true) return finish(true);
    } catch (error) {
      return fail(error);
    }
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
