// Are two entities the same? By the rules of schema/compare, with one addition: an open field (the config of a plugin whose
// schema nobody knows) has no fields to compare by, so it is compared as it is, less its nulls.
import { isEqual, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { normalizeForCompare } from '../../schema/compare.ts';
import type { Fields } from '../../schema/define.ts';

export const isSameEntity = (fields: Fields, a: JsonObject, b: JsonObject): boolean =>
  isIdentical(fields, a, b) || isEqual(normalForm(fields, a), normalForm(fields, b));

/** The quick way that settles most pairs: no field differs at all, apart from what never counts. */
function isIdentical(fields: Fields, a: JsonObject, b: JsonObject): boolean {
  for (const name in fields) {
    if (name === 'created_at' || name === 'updated_at') continue;
    const field = fields[name]!;
    if (field.transient === true || field.computed === true) continue;
    if (!isEqual(a[name] ?? null, b[name] ?? null)) return false;
  }
  return true;
}

export function normalForm(fields: Fields, value: JsonObject): JsonObject {
  const normal = normalizeForCompare(fields, value);
  for (const [name, field] of Object.entries(fields)) {
    if (field.type !== 'record' || field.abstract !== true) continue;
    const open = withoutNulls(value[name] ?? null);
    if (open === null) delete normal[name];
    else normal[name] = open;
  }
  return normal;
}

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== null) kept[key] = withoutNulls(item);
  return kept;
}
