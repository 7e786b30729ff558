// Applies a plan: stage by stage, the operations of a stage a few at a time. The first failure, or an interruption, stops
// new calls; those under way are awaited. Afterwards it is known of every operation whether it was done.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation, Plan } from '../plan/plan.ts';

export interface Target {
  /** Resolves when the operation is done; throws when it finally is not. `signal` only ends waiting between attempts. */
  write(operation: Operation, signal: AbortSignal): Promise<void>;
}

/** Thrown by a target that cannot tell whether the operation was done: no answer came, and nothing could be read. */
export class UnknownOutcome extends Error {
  readonly reason: Error;

  constructor(reason: Error) {
    super(reason.message, { cause: reason });
    this.name = 'UnknownOutcome';
    this.reason = reason;
  }
}

export type ApplyEvent =
  | { readonly type: 'start'; readonly operation: Operation }
  | { readonly type: 'done'; readonly operation: Operation }
  | { readonly type: 'failed'; readonly operation: Operation; readonly error: unknown };

export interface ApplyOptions {
  readonly parallelism: number;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: ApplyEvent) => void;
  /** Between stages, for databases that are slow to spread a change. */
  readonly pauseMs?: number | undefined;
}

export interface Failure {
  readonly operation: Operation;
  readonly error: unknown;
  /** It may have been done all the same. */
  readonly isUnknown: boolean;
}

export interface Outcome {
  readonly done: readonly Operation[];
  readonly failed: readonly Failure[];
  /** Never started. */
  readonly notDone: readonly Operation[];
  readonly isInterrupted: boolean;
}

export const toFailure = (operation: Operation, error: unknown): Failure =>
  error instanceof UnknownOutcome
    ? { operation, error: error.reason, isUnknown: true }
    : { operation, error, isUnknown: false };

export async function applyPlan(plan: Plan, target: Target, options: ApplyOptions): Promise<Outcome> {
  const { signal, onEvent, pauseMs = 0 } = options;
  const done: Operation[] = [];
  const failed: Failure[] = [];
  const started = new Set<Operation>();
  for (const [i, stage] of plan.stages.entries()) {
    if (i > 0 && pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < stage.length && failed.length === 0 && !signal.aborted) {
        const operation = stage[next++]!;
        started.add(operation);
        onEvent?.({ type: 'start', operation });
        try {
          await target.write(operation, signal);
          done.push(operation);
          onEvent?.({ type: 'done', operation });
        } catch (error) {
          failed.push(toFailure(operation, error));
          onEvent?.({ type: 'failed', operation, error });
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(options.parallelism, stage.length) }, work));
    if (failed.length > 0 || signal.aborted) break;
  }
  const notDone = plan.stages.flat().filter((operation) => !started.has(operation));
  return { done, failed, notDone, isInterrupted: signal.aborted && (notDone.length > 0 || failed.length > 0) };
}
