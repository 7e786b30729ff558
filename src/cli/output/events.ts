// The lines of diff and sync: `creating service foo`, `updating …  {` with the fields that change, `deleting …`, and the
// summary. Secrets are masked on both sides by schema; a fingerprint shows that they differ.
import type { FieldChange } from '../../control/plan/changes.ts';
import { kindWord } from '../../control/plan/label.ts';
import type { Operation, PlanSummary } from '../../control/plan/plan.ts';
import { isObject, type Json } from '../../lib/json.ts';
import type { Field, Fields } from '../../schema/define.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { type Fingerprint, isSensitivePath, maskSecrets } from '../../schema/sensitive.ts';
import { chooseSubschema } from '../../schema/validate.ts';
import type { Theme } from '../theme.ts';

export interface EventContext {
  readonly schemas: SchemaSet;
  readonly theme: Theme;
  readonly fingerprint: Fingerprint;
}

const MAX_VALUE = 160;
const VERBS = { create: 'creating', update: 'updating', delete: 'deleting' } as const;

export function formatOperation(context: EventContext, operation: Operation): string {
  const { schemas, theme } = context;
  const word = kindWord(schemaOf(schemas, operation.kind));
  const line = `${VERBS[operation.action]} ${word} ${printable(operation.label)}`;
  if (operation.action !== 'update') return theme[operation.action](line);
  const body = operation.changes.flatMap((change) => formatChange(context, operation, change));
  return [theme.update(`${line}  {`), ...body, theme.update(' }'), ''].join('\n');
}

export function formatSummary(theme: Theme, summary: PlanSummary): string {
  return [
    theme.strong('Summary:'),
    `  Created: ${summary.create}`,
    `  Updated: ${summary.update}`,
    `  Deleted: ${summary.delete}`,
  ].join('\n');
}

function formatChange(
  context: EventContext,
  operation: Operation & { action: 'update' },
  change: FieldChange,
): string[] {
  const fields = fieldsOf(context.schemas, operation);
  const name = change.path.map(printable).join('.');
  const before = maskChange(fields, change.path, change.before, context.fingerprint);
  const after = maskChange(fields, change.path, change.after, context.fingerprint);
  const { theme } = context;
  if (Array.isArray(before) && Array.isArray(after) && JSON.stringify([before, after]).length > MAX_VALUE) {
    return formatItems(theme, name, before, after);
  }
  return [
    ...(before === undefined ? [] : [theme.delete(`-  ${name}: ${show(before, context.fingerprint)}`)]),
    ...(after === undefined ? [] : [theme.create(`+  ${name}: ${show(after, context.fingerprint)}`)]),
  ];
}

/** Of long lists only the items that came or went. */
function formatItems(theme: Theme, name: string, before: readonly Json[], after: readonly Json[]): string[] {
  const old = new Set(before.map((item) => JSON.stringify(item)));
  const now = new Set(after.map((item) => JSON.stringify(item)));
  const lines = [
    ...[...old].filter((item) => !now.has(item)).map((item) => theme.delete(`-  ${name}[]: ${item}`)),
    ...[...now].filter((item) => !old.has(item)).map((item) => theme.create(`+  ${name}[]: ${item}`)),
  ];
  return lines.length > 0 ? lines : [`   ${name}: the same items in another order`];
}

function maskChange(
  fields: Fields,
  path: readonly string[],
  value: Json | undefined,
  fingerprint: Fingerprint,
): Json | undefined {
  if (value === undefined) return undefined;
  if (isSensitivePath(fields, path) && !(typeof value === 'string' && value.startsWith('{vault://'))) {
    return fingerprint(typeof value === 'string' ? value : JSON.stringify(value));
  }
  const field = fieldAt(fields, path);
  return field === undefined ? value : (maskSecrets({ value: field }, { value }, fingerprint)['value'] as Json);
}

function fieldAt(fields: Fields, path: readonly string[]): Field | undefined {
  let scope = fields;
  let field: Field | undefined;
  for (const key of path) {
    field = field?.type === 'map' ? field.values : scope[key];
    scope = field?.type === 'record' ? field.fields : {};
  }
  return field;
}

function show(value: Json, fingerprint: Fingerprint): string {
  if (typeof value === 'string' && value.startsWith('[secret ')) return value;
  const text =
    isObject(value) && Object.keys(value).length === 1 && typeof value['id'] === 'string'
      ? value['id']
      : JSON.stringify(value);
  if (text.length <= MAX_VALUE) return text;
  return `${text.slice(0, 60)}… (${text.length} characters, ${fingerprint(text).slice(1, -1).replace('secret ', '#')})`;
}

function fieldsOf(schemas: SchemaSet, operation: Operation & { action: 'update' }): Fields {
  const schema = schemaOf(schemas, operation.kind);
  const chosen = chooseSubschema(schemas, schema, operation.after);
  return schemas.fieldsFor(schema, chosen.ok ? chosen.subschema : undefined);
}

/** Names come from files and gateways: no control characters reach a terminal. */
const printable = (text: string): string =>
  text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
