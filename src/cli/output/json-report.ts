// `--json-output`: one object with everything that is, or was, done, in the order of the plan. Secrets are masked as in the
// lines for people.
import { kindWord } from '../../control/plan/label.ts';
import type { Operation } from '../../control/plan/plan.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { type Fingerprint, maskSecrets } from '../../schema/sensitive.ts';
import { chooseSubschema } from '../../schema/validate.ts';

export interface ReportInput {
  readonly schemas: SchemaSet;
  readonly fingerprint: Fingerprint;
  /** Planned (diff) or performed (sync). */
  readonly operations: readonly Operation[];
  /** Failed or never started. */
  readonly dropped?: readonly Operation[];
  readonly warnings?: readonly string[];
  readonly errors?: readonly string[];
}

export function formatReport(input: ReportInput): string {
  const list = (operations: readonly Operation[], action: Operation['action']): Json[] =>
    operations.filter((operation) => operation.action === action).map((operation) => entry(input, operation));
  const changes: JsonObject = {
    creating: list(input.operations, 'create'),
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
  const count = (name: string): number => (changes[name] as Json[]).length;
  const report: JsonObject = {
    changes,
    summary: {
      creating: count('creating'),
      updating: count('updating'),
      deleting: count('deleting'),
      total: input.operations.length,
    },
    warnings: [...(input.warnings ?? [])],
    errors: [...(input.errors ?? [])],
  };
  return `${JSON.stringify(report, null, '\t')}\n`;
}

/** As decK has it, a deleted entity stands under `new`. */
function entry(input: ReportInput, operation: Operation): JsonObject {
  const schema = schemaOf(input.schemas, operation.kind);
  const body = (entity: Entity): JsonObject => {
    const chosen = chooseSubschema(input.schemas, schema, entity);
    return maskSecrets(
      input.schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined),
      entity,
      input.fingerprint,
    );
  };
  return {
    name: operation.label,
    kind: kindWord(schema),
    body: {
      new: body(operation.action === 'delete' ? operation.before : operation.after),
      old: operation.action === 'update' ? body(operation.before) : null,
    },
  };
}
