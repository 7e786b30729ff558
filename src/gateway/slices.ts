// Runs long work in short slices, so that requests are answered in between. What such work makes stays, and moving all that
// to the old generation at once would stop everybody for longer than a slice: meanwhile it is collected often, a little each.
import { setEngineFlag } from '../lib/engine-flag.ts';
import { endTurnEarly } from './http1/turn.ts';

export interface SlicedWork {
  /** Whether it came to its end; false when it was stopped. */
  readonly done: Promise<boolean>;
  stop(): void;
}

/** Where turns of others are long, a slice may last this part of one. */
const SHARE = 0.25;
const LONGEST_MS = 5;

/** How full the young generation is when it is collected between two turns: meanwhile, and what V8 does by default. */
const COLLECT_AT = 'minor-gc-task-trigger';
const OFTEN = 8;
const AS_USUAL = 80;

/** What the work comes to. */
export async function resultInSlices<T>(steps: Generator<void, T>, sliceMs: number): Promise<T> {
  let result: { readonly value: T } | undefined;
  function* work(): Generator<void, void> {
    result = { value: yield* steps };
  }
  await runInSlices(work(), sliceMs).done;
  return result!.value;
}

/** At least `sliceMs` of work, then everybody else's turn. */
export function runInSlices(steps: Generator<void, void>, sliceMs: number): SlicedWork {
  let immediate: NodeJS.Immediate | undefined;
  let finish: (isDone: boolean) => void = () => undefined;
  let fail: (error: unknown) => void = () => undefined;
  const done = new Promise<boolean>((resolve, reject) => {
    finish = (isDone) => {
      setEngineFlag(COLLECT_AT, AS_USUAL);
      resolve(isDone);
    };
    fail = (error) => {
      setEngineFlag(COLLECT_AT, AS_USUAL);
      reject(error);
    };
  });
  setEngineFlag(COLLECT_AT, OFTEN);
  let endedAt = performance.now();
  const slice = (): void => {
    endTurnEarly();
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
