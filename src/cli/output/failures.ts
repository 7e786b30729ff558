// What to say of operations that failed or never started: the entity, where it stands in the files, and the gateway's own
// words, in which the entity's secrets are hidden should the gateway repeat them.
import { kindWord } from '../../control/plan/label.ts';
import type { Operation } from '../../control/plan/plan.ts';
import type { Outcome } from '../../control/sync/apply.ts';
import { GwctlError } from '../../lib/errors.ts';
import { isObject, type Json } from '../../lib/json.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { isSensitivePath } from '../../schema/sensitive.ts';
import { chooseSubschema } from '../../schema/validate.ts';

export type PositionOf = (
  kind: string,
  id: string,
) => Promise<{ file: string; line: number; column: number } | undefined>;

export const NOUNS = { create: 'creation', update: 'update', delete: 'deletion' } as const;

export const nameOperation = (schemas: SchemaSet, operation: Operation): string =>
  `${NOUNS[operation.action]} ${kindWord(schemaOf(schemas, operation.kind))} ${operation.label}`;

export async function describeFailure(
  schemas: SchemaSet,
  { operation, error, isUnknown }: Outcome['failed'][number],
  positionOf: PositionOf,
): Promise<string> {
  const entity = operation.action === 'delete' ? operation.before : operation.after;
  const place = operation.action === 'delete' ? undefined : await positionOf(operation.kind, entity.id);
  const reason = error instanceof Error ? error.message : String(error);
  const details =
    error instanceof GwctlError && error.details !== '' ? `\n  ${error.details.replaceAll('\n', '\n  ')}` : '';
  const at = place === undefined ? '' : `\n    at ${place.file}:${place.line}:${place.column}`;
  const verb = isUnknown ? 'Not known whether done:' : 'Failed';
  const text = `${verb} ${nameOperation(schemas, operation)}: ${reason}${details}`;
  return `${hideSecrets(schemas, operation, text)}${at}`;
}

/** Shorter ones would hide half of every message, and are no secrets. */
const MIN_SECRET = 4;

function hideSecrets(schemas: SchemaSet, operation: Operation, text: string): string {
  const schema = schemaOf(schemas, operation.kind);
  const entity = operation.action === 'delete' ? operation.before : operation.after;
  const chosen = chooseSubschema(schemas, schema, entity);
  const fields = schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
  let hidden = text;
  const visit = (value: Json, path: readonly string[]): void => {
    if (typeof value === 'string') {
      if (value.length >= MIN_SECRET && isSensitivePath(fields, path)) hidden = hidden.replaceAll(value, '[hidden]');
    } else if (Array.isArray(value)) for (const [i, item] of value.entries()) visit(item, [...path, String(i)]);
    else if (isObject(value)) for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
  };
  visit(entity, []);
  return hidden;
}
