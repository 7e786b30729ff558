// Where journals are kept, and what is said of one that an earlier run left open.
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { kindWord } from '../control/plan/label.ts';
import { operationsOf } from '../control/plan/plan.ts';
import { findOpenJournal, type Journal, type JournalHeader, openJournal } from '../control/sync/journal.ts';
import { VERSION } from '../lib/version.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import type { Environment } from './connection.ts';
import type { PreparedPlan } from './prepare-plan.ts';

/** @returns undefined when nothing is to be kept, or there is no place of our own to keep it. */
export function journalFolder(flag: string | undefined, env: Environment): string | undefined {
  if (flag !== undefined && flag !== '') return flag === 'off' ? undefined : flag;
  const home = env['HOME'] ?? env['LOCALAPPDATA'];
  const base = env['XDG_STATE_HOME'] ?? (home === undefined ? undefined : join(home, '.local', 'state'));
  return base !== undefined && isWritable(base) ? join(base, 'gwctl', 'journal') : undefined;
}

/** A place that nobody asked for is used where it can be: a container without a home still syncs. */
function isWritable(path: string): boolean {
  let nearest = path;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

export function startJournal(folder: string, { plan, connection }: PreparedPlan): Journal {
  const { address, workspace } = connection;
  const header: JournalHeader = { tool: `gwctl/${VERSION}`, address, workspace: workspace ?? null, base: plan.base };
  return openJournal(folder, header, operationsOf(plan), new Date());
}

const MAX_NAMED = 20;

/** The journal may be of a version that knew other kinds. */
function wordOf(schemas: SchemaSet, kind: string): string {
  const schema = schemas.entities.get(kind);
  return schema === undefined ? kind : kindWord(schema);
}

/** A sentence or more about the run before this one, when its process ended before it could tell. */
export function describeOpenJournal(folder: string, { connection, schemas }: PreparedPlan): string | undefined {
  const { address, workspace } = connection;
  const open = findOpenJournal(folder, { address, workspace: workspace ?? null });
  if (open === undefined) return undefined;
  const head = `note: the last run against this gateway ended before it was done: ${open.done} done, ${open.unknown.length} not known, ${open.notStarted} not started (${open.path}). The gateway was read again; this run goes on from what it has.`;
  const names = open.unknown
    .slice(0, MAX_NAMED)
    .map(({ action, kind, label }) => `  not known: ${action} ${wordOf(schemas, kind)} ${label}`);
  return [head, ...names].join('\n');
}
