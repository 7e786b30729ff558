// A journal of one sync: append-only JSON lines, for its owner's eyes only because it keeps what is changed or deleted as it
// was. The whole plan is on disk before the first call; then each operation says that it begins, and how it ended. What a
// killed process left open can so be told exactly: done, not done, or not known.
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { GwctlError } from '../../lib/errors.ts';
import { isObject, type JsonObject } from '../../lib/json.ts';
import type { Operation } from '../plan/plan.ts';
import type { Outcome, Target } from './apply.ts';
import { UnknownOutcome } from './apply.ts';

export interface JournalHeader {
  readonly tool: string;
  readonly address: string;
  readonly workspace: string | null;
  /** Fingerprint of what the plan was made against. */
  readonly base: string;
}

export interface Journal {
  readonly path: string;
  intent(operation: Operation): void;
  done(operation: Operation): void;
  failed(operation: Operation, error: unknown): void;
  end(outcome: Outcome): void;
}

const SUFFIX = '.jsonl';
/** Older journals of a folder are removed. */
const MAX_KEPT = 50;

/** @param now for the name, which sorts by time. */
export function openJournal(
  folder: string,
  header: JournalHeader,
  operations: readonly Operation[],
  now: Date,
): Journal {
  let file: number;
  const path = join(folder, `${now.toISOString().replaceAll(/[:.]/g, '-')}-${process.pid}${SUFFIX}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    file = openSync(path, 'ax', 0o600);
  } catch (error) {
    throw unwritable(folder, error);
  }
  const numbers = new Map(operations.map((operation, n) => [operation, n]));
  const append = (lines: readonly JsonObject[]): void => {
    try {
      writeSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    } catch (error) {
      throw unwritable(path, error);
    }
  };
  append([{ type: 'begin', at: now.toISOString(), ...header }]);
  for (let i = 0; i < operations.length; i += 1000) {
    append(operations.slice(i, i + 1000).map((operation, at) => planLine(operation, i + at)));
  }
  fsyncSync(file);
  prune(folder);
  const tell = (type: string, operation: Operation, more: JsonObject = {}): void =>
    append([{ type, n: numbers.get(operation) ?? -1, ...more }]);
  return {
    path,
    intent: (operation) => tell('intent', operation),
    done: (operation) => tell('done', operation),
    failed: (operation, error) =>
      tell('failed', operation, {
        unknown: error instanceof UnknownOutcome,
        error: error instanceof Error ? error.message : String(error),
      }),
    end(outcome) {
      const unknown = outcome.failed.filter(({ isUnknown }) => isUnknown).length;
      const isComplete = outcome.failed.length === 0 && outcome.notDone.length === 0;
      append([
        {
          type: 'end',
          result: isComplete ? 'complete' : outcome.isInterrupted ? 'interrupted' : 'failed',
          done: outcome.done.length,
          failed: outcome.failed.length - unknown,
          unknown,
          not_started: outcome.notDone.length,
        },
      ]);
      fsyncSync(file);
      closeSync(file);
    },
  };
}

const planLine = (operation: Operation, n: number): JsonObject => ({
  type: 'plan',
  n,
  action: operation.action,
  kind: operation.kind,
  id: operation.action === 'delete' ? operation.before.id : operation.after.id,
  label: operation.label,
  ...(operation.action === 'create' ? {} : { before: operation.before }),
});

const unwritable = (path: string, error: unknown): GwctlError =>
  new GwctlError('E_USAGE', `the journal cannot be written: ${path}: ${(error as Error).message}`, {
    hint: 'Name another folder with --journal, or write --journal off. Nothing is changed that is not written down.',
    cause: error,
  });

function prune(folder: string): void {
  for (const name of journalsIn(folder).slice(MAX_KEPT)) {
    try {
      unlinkSync(join(folder, name));
    } catch {
      // Another run was faster, or the folder is not ours to tidy.
    }
  }
}

/** Newest first. */
const journalsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .sort()
    .reverse();

/** Writes down what happens around every write; a write that cannot be written down does not happen. */
export const journalled = (target: Target, journal: Journal): Target => ({
  async write(operation, signal) {
    journal.intent(operation);
    try {
      await target.write(operation, signal);
    } catch (error) {
      journal.failed(operation, error);
      throw error;
    }
    journal.done(operation);
  },
});

export interface OpenJournal {
  readonly path: string;
  readonly at: string;
  readonly done: number;
  /** Begun, and nobody wrote down how it ended. */
  readonly unknown: readonly { readonly action: string; readonly kind: string; readonly label: string }[];
  readonly notStarted: number;
}

/** The newest journal of this gateway, if its process ended before it could say how. */
export function findOpenJournal(
  folder: string,
  header: Pick<JournalHeader, 'address' | 'workspace'>,
): OpenJournal | undefined {
  let names: string[];
  try {
    names = journalsIn(folder);
  } catch {
    // No folder, no journals.
    return undefined;
  }
  for (const name of names.slice(0, MAX_KEPT)) {
    const lines = readLines(join(folder, name));
    const begin = lines[0];
    if (begin?.['address'] !== header.address || begin['workspace'] !== header.workspace) continue;
    return lines.some(({ type }) => type === 'end') ? undefined : summarise(join(folder, name), begin, lines);
  }
  return undefined;
}

function summarise(path: string, begin: JsonObject, lines: readonly JsonObject[]): OpenJournal {
  const numbersOf = (...types: string[]): Set<unknown> =>
    new Set(lines.filter(({ type }) => types.includes(String(type))).map(({ n }) => n));
  const begun = numbersOf('intent');
  const ended = numbersOf('done', 'failed');
  const plan = lines.filter(({ type }) => type === 'plan');
  const unknown = plan.filter(({ n }) => begun.has(n) && !ended.has(n));
  return {
    path,
    at: String(begin['at']),
    done: numbersOf('done').size,
    unknown: unknown.map(({ action, kind, label }) => ({
      action: String(action),
      kind: String(kind),
      label: String(label),
    })),
    notStarted: plan.filter(({ n }) => !begun.has(n)).length,
  };
}

/** A last line that was cut is no line. */
function readLines(path: string): JsonObject[] {
  const lines: JsonObject[] = [];
  try {
    for (const text of readFileSync(path, 'utf8').split('\n')) {
      if (text === '') continue;
      const value: unknown = JSON.parse(text);
      if (isObject(value)) lines.push(value);
    }
  } catch {
    return lines;
  }
  return lines;
}
