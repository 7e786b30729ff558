// Equality of two stored entities under their schema: sets ignore order, null equals absent and an empty tag set, what the
// gateway computes by itself (timestamps, digests) or keeps only a hash of (passwords) does not count.
import { canonicalJson, isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Field, Fields } from './define.ts';

/** The value in a form in which equal entities have equal JSON: computed fields dropped, sets sorted, nulls removed. */
export function normalizeForCompare(fields: Fields, value: JsonObject): JsonObject {
  const normal: JsonObject = {};
  for (const key of Object.keys(fields)) {
    const field = fields[key]!;
    if (isComputed(key, field) || isHashed(field, value)) continue;
    const item = normalizeValue(field, value[key]);
    if (item !== null) normal[key] = item;
  }
  return normal;
}

const isComputed = (key: string, field: Field): boolean =>
  key === 'created_at' || key === 'updated_at' || field.transient === true || field.computed === true;

/** A hash and the text it was made from are not equal; see `judgeHashes`. */
const isHashed = ({ hashed }: Field, entity: JsonObject): boolean =>
  hashed === true || (hashed !== undefined && entity[hashed.when] === true);

/** Of which hashed fields the stored value does not come from the written one, and of which that cannot be told. */
export function judgeHashes(
  fields: Fields,
  stored: JsonObject,
  written: JsonObject,
): { readonly changed: readonly string[]; readonly unclear: readonly string[] } {
  const changed: string[] = [];
  const unclear: string[] = [];
  for (const name in fields) {
    const field = fields[name]!;
    if (field.hashed === undefined || !isHashed(field, written)) continue;
    const [hash, text] = [stored[name], written[name]];
    if (typeof hash !== 'string' || typeof text !== 'string' || hash === text) continue;
    const isSame = field.is_hash_of?.(hash, text, written);
    if (isSame === undefined) unclear.push(name);
    else if (!isSame) changed.push(name);
  }
  return { changed, unclear };
}

function normalizeValue(field: Field, value: Json | undefined): Json {
  if (value === undefined || value === null) return null;
  switch (field.type) {
    case 'set':
    case 'array': {
      if (!Array.isArray(value)) return value;
      if (field.type === 'set' && value.length === 0) return null;
      const items = value.map((item) => normalizeValue(field.elements, item));
      return field.type === 'set' || field.unordered === true ? items.sort(byText) : items;
    }
    case 'record':
      return isObject(value) ? normalizeForCompare(field.fields, value) : value;
    case 'foreign':
      return isObject(value) ? { id: value['id'] ?? null } : value;
    default:
      return value;
  }
}

function byText(left: Json, right: Json): number {
  const [a, b] = [canonicalJson(left), canonicalJson(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}
