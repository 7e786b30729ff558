// Applies a prepared plan and tells about it while it runs and when it ends. A write that failed never hides: what was
// done, what failed and why, what nobody knows of and what was not started are all named.

import { type Operation, operationsOf } from '../control/plan/plan.ts';
import { applyInBulk, fitsInBulk } from '../control/remote/bulk.ts';
import { createTarget } from '../control/remote/target.ts';
import { type ApplyEvent, applyPlan, type Outcome } from '../control/sync/apply.ts';
import { type Journal, journalled } from '../control/sync/journal.ts';
import { GwctlError } from '../lib/errors.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { type Interruption, listenForInterrupt } from './interrupt.ts';
import { describeOpenJournal, journalFolder, startJournal } from './journal.ts';
import { formatOperation, formatSummary } from './output/events.ts';
import { describeFailure, nameOperation } from './output/failures.ts';
import type { PreparedPlan } from './prepare-plan.ts';
import { countOperations, formatDocument } from './print-plan.ts';
import { createProgress } from './progress.ts';
import { createTelling, isLineFormat, type ReportOptions } from './report-options.ts';
import { createWorkspace } from './workspace.ts';

export interface WriteRequest {
  readonly parallelism: number;
  readonly journal?: string | undefined;
  readonly bulk?: boolean | undefined;
  readonly 'db-update-propagation-delay'?: number | undefined;
}

/** Throws when something was not done; by then everything there is to say about it is printed or in the error. */
export async function runSync(
  prepared: PreparedPlan,
  request: WriteRequest,
  options: ReportOptions,
  onTrace?: (line: string) => void,
): Promise<void> {
  const { plan, schemas } = prepared;
  const { format } = options;
  const telling = createTelling(schemas, prepared.variables, options);
  const showsLines = isLineFormat(format) && !options.isSilent;
  const operations = operationsOf(plan);
  const folder = journalFolder(request.journal, process.env);
  const note = folder === undefined ? undefined : describeOpenJournal(folder, prepared);
  if (note !== undefined) process.stderr.write(`${note}\n`);
  const journal = folder === undefined || operations.length === 0 ? undefined : startJournal(folder, prepared);
  await makeWorkspace(prepared, options).catch((error: unknown) => {
    journal?.end({ done: [], failed: [], notDone: operations, isInterrupted: false });
    throw error;
  });

  const progress = createProgress(process.stderr, showsLines && process.stdout.isTTY ? 0 : operations.length);
  const onEvent = (event: ApplyEvent): void => {
    if (event.type === 'done') progress.advance();
    if (event.type === 'start' && showsLines) {
      process.stdout.write(`${formatOperation(telling, telling.hide(event.operation), format)}\n`);
    }
  };
  const interruption = listenForInterrupt((name) => {
    process.stderr.write(`received ${name}: finishing the requests under way\n`);
  });
  let outcome: Outcome;
  try {
    const isBulk = prepared.bulkPath !== undefined && request.bulk !== false && fitsInBulk(plan, schemas);
    const apply = isBulk ? applyAtOnce : applyOneByOne;
    outcome =
      operations.length === 0
        ? { done: [], failed: [], notDone: [], isInterrupted: false }
        : await apply(prepared, request, { journal, interruption, onEvent, onTrace });
    journal?.end(outcome);
  } finally {
    interruption.close();
    progress.close();
  }
  const failures: string[] = [];
  for (const failure of outcome.failed) failures.push(await describeFailure(schemas, failure, prepared.positionOf));
  const error = describeOutcome(schemas, outcome, failures, journal);
  if (isLineFormat(format)) {
    process.stdout.write(`${formatSummary(options.theme, countOperations(outcome.done))}\n`);
  } else {
    const dropped = [...outcome.failed.map(({ operation }) => operation), ...outcome.notDone].map(telling.hide);
    const done = new Set(outcome.done);
    process.stdout.write(
      await formatDocument(format, {
        ...telling,
        operations: operations.filter((operation) => done.has(operation)).map(telling.hide),
        dropped,
        errors: failures,
        warnings: prepared.warnings,
        workspace: prepared.missingWorkspace,
        tense: 'done',
      }),
    );
  }
  if (error !== undefined) throw error;
}

async function makeWorkspace({ missingWorkspace, connection }: PreparedPlan, { format }: ReportOptions): Promise<void> {
  if (missingWorkspace === undefined) return;
  if (isLineFormat(format)) process.stdout.write(`Creating workspace ${missingWorkspace}\n`);
  await createWorkspace(connection, missingWorkspace);
}

interface ApplyContext {
  readonly journal: Journal | undefined;
  readonly interruption: Interruption;
  readonly onEvent: (event: ApplyEvent) => void;
  readonly onTrace: ((line: string) => void) | undefined;
}

async function applyOneByOne(prepared: PreparedPlan, request: WriteRequest, context: ApplyContext): Promise<Outcome> {
  const { parallelism } = request;
  const { journal, interruption, onEvent, onTrace } = context;
  const target = await createTarget(prepared.connection, prepared.schemas, { connections: parallelism, onTrace });
  try {
    return await applyPlan(prepared.plan, journal === undefined ? target : journalled(target, journal), {
      parallelism,
      signal: interruption.signal,
      onEvent,
      pauseMs: (request['db-update-propagation-delay'] ?? 0) * 1000,
    });
  } finally {
    await target.close();
  }
}

/** Nothing is told before the one call is answered: until then nothing has happened. */
async function applyAtOnce(prepared: PreparedPlan, _request: WriteRequest, context: ApplyContext): Promise<Outcome> {
  const { plan, connection, schemas, bulkPath } = prepared;
  const { journal, interruption, onEvent, onTrace } = context;
  for (const operation of operationsOf(plan)) journal?.intent(operation);
  const { signal } = interruption;
  const outcome = await applyInBulk(plan, connection, schemas, bulkPath!, { signal, connections: 1, onTrace });
  for (const operation of outcome.done) {
    onEvent({ type: 'start', operation });
    onEvent({ type: 'done', operation });
    journal?.done(operation);
  }
  for (const { operation, error } of outcome.failed) journal?.failed(operation, error);
  return outcome;
}

const MAX_LISTED = 50;

function describeOutcome(
  schemas: SchemaSet,
  outcome: Outcome,
  failures: readonly string[],
  journal: Journal | undefined,
): GwctlError | undefined {
  const { done, failed, notDone, isInterrupted } = outcome;
  if (failed.length === 0 && notDone.length === 0) return undefined;
  const list = (operations: readonly Operation[]): string[] => [
    ...operations.slice(0, MAX_LISTED).map((operation) => `  Dropped ${nameOperation(schemas, operation)}`),
    ...(operations.length > MAX_LISTED ? [`  … and ${operations.length - MAX_LISTED} more`] : []),
  ];
  const unknown = failed.filter(({ isUnknown }) => isUnknown).length;
  const counts = [
    `${done.length} done`,
    `${failed.length - unknown} failed`,
    ...(unknown > 0 ? [`${unknown} not known`] : []),
    `${notDone.length} not started`,
  ].join(', ');
  const written = journal === undefined ? [] : [`  journal: ${journal.path}`];
  const details = [...failures.map((failure) => `  ${failure}`), ...list(notDone), ...written].join('\n');
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
