// The report for programs (`--json-output`, `--format json` or `yaml`): one object with everything that is, or was, done, in
// the order of the plan. Its shape is a promise: docs/json-output.md. Secrets are masked as in the lines for people.
import { kindWord } from '../../control/plan/label.ts';
import type { Operation } from '../../control/plan/plan.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import type { Fingerprint } from '../../schema/sensitive.ts';
import { maskedBody } from './body.ts';
import { maskedChange } from './events.ts';

export interface ReportInput {
  readonly schemas: SchemaSet;
  readonly fingerprint: Fingerprint;
  /** Planned (diff) or performed (sync). */
  readonly operations: readonly Operation[];
  /** Failed or never started. */
  readonly dropped?: readonly Operation[];
  readonly warnings?: readonly string[];
  readonly errors?: readonly string[];
  /** Created by this run, because it was missing. */
  readonly workspace?: string | undefined;
}

export async function formatReport(input: ReportInput, format: 'json' | 'yaml'): Promise<string> {
  const report = makeReport(input);
  if (format === 'json') return `${JSON.stringify(report, null, '\t')}\n`;
  const { stringify } = await import('yaml');
  return stringify(report, { version: '1.2', compat: 'yaml-1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}

export function makeReport(input: ReportInput): JsonObject {
  const list = (operations: readonly Operation[], action: Operation['action']): Json[] =>
    operations.filter((operation) => operation.action === action).map((operation) => entry(input, operation));
  const workspace = input.workspace === undefined ? [] : [{ name: input.workspace, kind: 'workspace', body: null }];
  const changes: JsonObject = {
    creating: [...workspace, ...list(input.operations, 'create')],
    updating: list(input.operations, 'update'),
    deleting: list(input.operations, 'delete'),
  };
  for (const [name, action] of [
    ['dropped_creations', 'create'],
    ['dropped_updates', 'update'],
    ['dropped_deletions', 'delete'],
  ] as const) {
    const dropped = list(input.dropped ?? [], action);
    if (dropped.length > 0) changes[name] = dropped;
  }
  const count = (action: Operation['action']): number =>
    input.operations.filter((operation) => operation.action === action).length;
  return {
    changes,
    summary: {
      creating: count('create'),
      updating: count('update'),
      deleting: count('delete'),
      total: input.operations.length,
    },
    warnings: [...(input.warnings ?? [])],
    errors: [...(input.errors ?? [])],
  };
}

/** As decK has it, a deleted entity stands under `new`. */
function entry(input: ReportInput, operation: Operation): JsonObject {
  const body = (entity: Entity): JsonObject => maskedBody(input, operation.kind, entity);
  return {
    name: operation.label,
    kind: kindWord(schemaOf(input.schemas, operation.kind)),
    body: {
      new:
        operation.action === 'delete' ? body(operation.before) : withoutTimesToCome(body(operation.after), operation),
      old: operation.action === 'update' ? body(operation.before) : null,
    },
    ...(operation.action === 'update'
      ? { fields: operation.changes.map((change) => ({ ...maskedChange(input, operation, change) })) }
      : {}),
  };
}

/** The times that the gateway sets when it is written are not known before: two reports of one plan would differ by them. */
function withoutTimesToCome(body: JsonObject, { action }: Operation): JsonObject {
  const { updated_at: _, ...known } = body;
  if (action === 'create') delete known['created_at'];
  return known;
}
