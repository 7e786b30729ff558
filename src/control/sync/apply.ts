// Applies a plan: stage by stage, the operations of a stage a few at a time. The first failure, or an interruption, stops
// new calls; those under way are awaited. Afterwards it is known of every operation whether it was done.
import type { Operation, Plan } from '../plan/plan.ts';

export interface Target {
  /** Resolves when the operation is done; throws when it finally is not. `signal` only ends waiting between attempts. */
  write(operation: Operation, signal: AbortSignal): Promise<void>;
}

export type ApplyEvent =
  | { readonly type: 'start'; readonly operation: Operation }
  | { readonly type: 'done'; readonly operation: Operation }
  | { readonly type: 'failed'; readonly operation: Operation; readonly error: unknown };

export interface ApplyOptions {
  readonly parallelism: number;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: ApplyEvent) => void;
}

export interface Outcome {
  readonly done: readonly Operation[];
  readonly failed: readonly { readonly operation: Operation; readonly error: unknown }[];
  /** Never started. */
  readonly notDone: readonly Operation[];
  readonly isInterrupted: boolean;
}

export async function applyPlan(plan: Plan, target: Target, options: ApplyOptions): Promise<Outcome> {
  const { signal, onEvent } = options;
  const done: Operation[] = [];
  const failed: { operation: Operation; error: unknown }[] = [];
  const started = new Set<Operation>();
  for (const stage of plan.stages) {
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
          failed.push({ operation, error });
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
