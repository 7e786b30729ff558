// Deprecated names in what clients read: as long as they may be written they stand beside the field that took over, with its
// value. What is stored has only the new ones.
import { isObject, type JsonObject, valueAt } from '../lib/json.ts';
import type { Fields, Shorthands } from './define.ts';

/** The same object when it has none. */
export function withDeprecatedNames(
  fields: Fields,
  shorthands: Shorthands | undefined,
  record: JsonObject,
): JsonObject {
  const added: JsonObject = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = field.type === 'record' ? record[name] : undefined;
    if (field.type !== 'record' || !isObject(value)) continue;
    const shown = withDeprecatedNames(field.fields, field.shorthand_fields, value);
    if (shown !== value) added[name] = shown;
  }
  for (const [name, { deprecation }] of Object.entries(shorthands ?? {})) {
    const replacement = deprecation?.replaced_with?.[0];
    if (replacement !== undefined) added[name] = valueAt(record, replacement.split('.')) ?? null;
  }
  return Object.keys(added).length === 0 ? record : { ...record, ...added };
}
