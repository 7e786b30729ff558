// Applies a prepared plan and tells about it while it runs and when it ends. A write that failed never hides: what was
// done, what failed and why, and what was not started are all named.

import { type Operation, operationsOf } from '../control/plan/plan.ts';
import { createTarget } from '../control/remote/target.ts';
import { type ApplyEvent, applyPlan, type Outcome } from '../control/sync/apply.ts';
import { GwctlError } from '../lib/errors.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { createFingerprint } from '../schema/sensitive.ts';
import { listenForInterrupt } from './interrupt.ts';
import { formatOperation, formatSummary } from './output/events.ts';
import { describeFailure, nameOperation } from './output/failures.ts';
import { formatReport } from './output/json-report.ts';
import type { PreparedPlan } from './prepare-plan.ts';
import { createProgress } from './progress.ts';
import type { Theme } from './theme.ts';

export interface SyncOutput {
  readonly parallelism: number;
  readonly format: 'lines' | 'json';
  readonly isSilent: boolean;
  readonly theme: Theme;
  readonly onTrace?: ((line: string) => void) | undefined;
}

/** Throws when something was not done; by then everything there is to say about it is printed or in the error. */
export async function runSync(prepared: PreparedPlan, output: SyncOutput): Promise<void> {
  const { plan, schemas, connection } = prepared;
  const fingerprint = createFingerprint();
  const context = { schemas, theme: output.theme, fingerprint };
  const showsLines = output.format === 'lines' && !output.isSilent;
  const progress = createProgress(process.stderr, showsLines && process.stdout.isTTY ? 0 : operationsOf(plan).length);
  const onEvent = (event: ApplyEvent): void => {
    if (event.type === 'done') progress.advance();
    if (event.type === 'start' && showsLines) process.stdout.write(`${formatOperation(context, event.operation)}\n`);
  };
  const interruption = listenForInterrupt((name) => {
    process.stderr.write(`received ${name}: finishing the requests under way\n`);
  });
  const { parallelism, onTrace } = output;
  const target = await createTarget(connection, schemas, { connections: parallelism, onTrace });
  let outcome: Outcome;
  try {
    outcome = await applyPlan(plan, target, { parallelism, signal: interruption.signal, onEvent });
  } finally {
    interruption.close();
    progress.close();
    await target.close();
  }
  const failures: string[] = [];
  for (const failure of outcome.failed) failures.push(await describeFailure(schemas, failure, prepared.positionOf));
  const error = describeOutcome(schemas, outcome, failures);
  if (output.format === 'json') {
    const dropped = [...outcome.failed.map(({ operation }) => operation), ...outcome.notDone];
    const done = new Set(outcome.done);
    const operations = operationsOf(plan).filter((operation) => done.has(operation));
    process.stdout.write(formatReport({ schemas, fingerprint, operations, dropped, errors: failures }));
  } else {
    process.stdout.write(`${formatSummary(output.theme, countDone(outcome.done))}\n`);
  }
  if (error !== undefined) throw error;
}

const countDone = (done: readonly Operation[]): { create: number; update: number; delete: number } => ({
  create: done.filter(({ action }) => action === 'create').length,
  update: done.filter(({ action }) => action === 'update').length,
  delete: done.filter(({ action }) => action === 'delete').length,
});

const MAX_LISTED = 50;

function describeOutcome(schemas: SchemaSet, outcome: Outcome, failures: readonly string[]): GwctlError | undefined {
  const { done, failed, notDone, isInterrupted } = outcome;
  if (failed.length === 0 && notDone.length === 0) return undefined;
  const list = (operations: readonly Operation[]): string[] => [
    ...operations.slice(0, MAX_LISTED).map((operation) => `  Dropped ${nameOperation(schemas, operation)}`),
    ...(operations.length > MAX_LISTED ? [`  … and ${operations.length - MAX_LISTED} more`] : []),
  ];
  const counts = `${done.length} done, ${failed.length} failed, ${notDone.length} not started`;
  const details = [...failures.map((failure) => `  ${failure}`), ...list(notDone)].join('\n');
  if (isInterrupted && failed.length === 0) {
    return new GwctlError('E_INTERRUPTED', `the sync was interrupted: ${counts}`, {
      details,
      hint: 'What was done stays done. Run the same command again to finish.',
    });
  }
  return new GwctlError('E_PARTIAL', `the sync did not finish: ${counts}`, { details });
}

/** A state without entities against a gateway that has some is far more often a mistake than a wish. */
export function refuseEmpty({ desired, plan, schemas }: PreparedPlan): void {
  const isEmpty = [...schemas.entities.keys()].every((kind) => desired.count(kind) === 0);
  if (!isEmpty || plan.summary.delete === 0) return;
  throw new GwctlError(
    'E_USAGE',
    `the state is empty: sync would delete everything on the gateway (${plan.summary.delete})`,
    {
      hint: 'If that is what you want, pass --allow-empty. Nothing was changed.',
    },
  );
}
