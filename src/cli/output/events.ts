// The lines of diff and sync: `creating service foo`, `updating …  {` with the fields that change, `deleting …`, and the
// summary. Secrets are masked on both sides by schema; a fingerprint shows that they differ.
import type { FieldChange } from '../../control/plan/changes.ts';
import { kindWord } from '../../control/plan/label.ts';
import type { Operation, PlanSummary } from '../../control/plan/plan.ts';
import { isObject, type Json } from '../../lib/json.ts';
import type { Field, Fields } from '../../schema/define.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { type Fingerprint, isSensitivePath, maskSecrets } from '../../schema/sensitive.ts';
import type { Theme } from '../theme.ts';
import { type BodyContext, deckForm, fieldsOf } from './body.ts';
import { deckBody } from './deck-body.ts';
import { printable } from './printable.ts';

export interface EventContext extends BodyContext {
  readonly theme: Theme;
}

export type LineFormat = 'human' | 'deck';

const MAX_VALUE = 160;
const VERBS = { create: 'creating', update: 'updating', delete: 'deleting' } as const;

export function formatOperation(context: EventContext, operation: Operation, format: LineFormat = 'human'): string {
  const { theme } = context;
  const line = `${VERBS[operation.action]} ${nameOf(context.schemas, operation)}`;
  if (operation.action !== 'update') return theme[operation.action](line);
  if (format === 'deck') return formatWhole(context, operation, line);
  const body = operation.changes.flatMap((change) => formatChange(context, operation, change));
  return [theme.update(`${line}  {`), ...body, theme.update(' }'), ''].join('\n');
}

/** `service foo`, with nothing in it that could move a cursor. */
export const nameOf = (schemas: SchemaSet, operation: Operation): string =>
  `${kindWord(schemaOf(schemas, operation.kind))} ${printable(operation.label)}`;

function formatWhole(context: EventContext, operation: Operation & { action: 'update' }, line: string): string {
  const { theme } = context;
  const [before, after] = [operation.before, operation.after].map((entity) =>
    deckForm(context, operation.kind, entity),
  );
  const [first, ...rest] = deckBody(before!, after!);
  const painted = rest.map((text) =>
    text.startsWith('-') ? theme.delete(text) : text.startsWith('+') ? theme.create(text) : text,
  );
  return [`${theme.update(line)} ${first!}`, ...painted, ''].join('\n');
}

export function formatSummary(theme: Theme, summary: PlanSummary): string {
  return [
    theme.strong('Summary:'),
    `  Created: ${summary.create}`,
    `  Updated: ${summary.update}`,
    `  Deleted: ${summary.delete}`,
  ].join('\n');
}

export function formatChange(
  context: EventContext,
  operation: Operation & { action: 'update' },
  change: FieldChange,
): string[] {
  const name = change.path.map(printable).join('.');
  const { before, after } = maskedChange(context, operation, change);
  const { theme } = context;
  if (Array.isArray(before) && Array.isArray(after) && JSON.stringify([before, after]).length > MAX_VALUE) {
    return formatItems(theme, name, before, after);
  }
  return [
    ...(before === undefined ? [] : [theme.delete(`-  ${name}: ${show(before, context.fingerprint)}`)]),
    ...(after === undefined ? [] : [theme.create(`+  ${name}: ${show(after, context.fingerprint)}`)]),
  ];
}

/** With secrets masked on both sides; a side is absent where the field is unset. */
export function maskedChange(
  { schemas, fingerprint }: BodyContext,
  operation: Operation & { action: 'update' },
  { path, before, after }: FieldChange,
): { path: string; before?: Json; after?: Json } {
  const fields = fieldsOf(schemas, operation.kind, operation.after);
  return {
    path: path.join('.'),
    ...(before === undefined ? {} : { before: maskValue(fields, path, before, fingerprint) }),
    ...(after === undefined ? {} : { after: maskValue(fields, path, after, fingerprint) }),
  };
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

function maskValue(fields: Fields, path: readonly string[], value: Json, fingerprint: Fingerprint): Json {
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
