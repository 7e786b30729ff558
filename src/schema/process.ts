// From what a client sent to what is stored: shorthands become the fields they stand for, absent fields get their default
// or an automatic value, sets lose duplicates. Nothing here judges a value; validate.ts does.
import { newRandomKey, newUuid } from '../lib/ids.ts';
import { canonicalJson, cloneJson, isEqual, isObject, type Json, type JsonObject, valueAt } from '../lib/json.ts';
import type { ErrorTree, Field, Fields, Shorthand, Shorthands } from './define.ts';
import { messages } from './messages.ts';
import { validateField } from './validate-field.ts';

/** Where automatic values come from; injected so that time is a parameter. */
export interface AutoSource {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Removes every shorthand from `input` (changed in place) and sets the fields it stands for. Answers what is wrong. */
export function expandShorthands(shorthands: Shorthands | undefined, fields: Fields, input: JsonObject): ErrorTree {
  const errors: ErrorTree = {};
  for (const [name, shorthand] of Object.entries(shorthands ?? {})) {
    if (!Object.hasOwn(input, name)) continue;
    const value = input[name] as Json;
    const isOwnField = Object.hasOwn(fields, name);
    if (!isOwnField) delete input[name];
    const error = isOwnField || value === null ? undefined : validateField(shorthandField(shorthand), value);
    if (typeof error === 'string') errors[name] = error;
    else mergeShorthand(name, shorthand, value, input, errors);
  }
  for (const [name, field] of Object.entries(fields)) {
    const value = input[name];
    if (field.type !== 'record' || !isObject(value)) continue;
    const inner = expandShorthands(field.shorthand_fields, field.fields, value);
    const { '@mismatch': mismatch, ...rest } = inner;
    if (Object.keys(rest).length > 0) errors[name] = rest;
    // A deprecated name that contradicts the new one is reported on the entity, not inside its record.
    if (typeof mismatch === 'string') errors['@mismatch'] = mismatch;
  }
  return errors;
}

const shorthandField = (shorthand: Shorthand): Field =>
  ({ type: shorthand.type, ...(shorthand.len_min === undefined ? {} : { len_min: shorthand.len_min }) }) as Field;

function mergeShorthand(name: string, shorthand: Shorthand, value: Json, input: JsonObject, errors: ErrorTree): void {
  const expanded = shorthand.expand(value, input);
  const replacement = shorthand.deprecation?.replaced_with?.[0];
  if (shorthand.deprecation === undefined || replacement === undefined) {
    mergeInto(input, expanded);
    return;
  }
  const path = replacement.split('.');
  const current = valueAt(input, path);
  if (current === undefined || current === null) mergeInto(input, expanded);
  else if (value !== null && !isEqual(current, valueAt(expanded, path))) {
    errors['@mismatch'] = messages.conflictingDeprecated(name, value, replacement, current);
  }
}

/** Deep merge of records; arrays, sets and scalars are replaced whole. */
export function mergeInto(target: JsonObject, source: JsonObject): void {
  for (const [key, value] of Object.entries(source)) {
    const current = target[key];
    if (isObject(value) && isObject(current)) mergeInto(current, value);
    else target[key] = isObject(value) ? cloneJson(value) : value;
  }
}

/** PATCH: `input` over `existing`, record by record to any depth; maps, arrays and sets are replaced whole. */
export function mergeUpdate(fields: Fields, existing: JsonObject, input: JsonObject): JsonObject {
  const merged: JsonObject = { ...existing };
  for (const [key, value] of Object.entries(input)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const current = merged[key];
    // Nobody can read what a hash stands for, so an empty form field is no wish to be without it (Kong: basic-auth).
    if (value === null && field?.required === true && field.hashed === true) continue;
    merged[key] =
      field?.type === 'record' && isObject(value) && isObject(current)
        ? mergeUpdate(field.fields, current, value)
        : value;
  }
  return merged;
}

/** The stored form: every field present in schema order, then whatever the client sent that no field knows. */
export function fillRecord(fields: Fields, input: JsonObject, auto: AutoSource | undefined): JsonObject {
  const output: JsonObject = {};
  for (const key of Object.keys(fields)) output[key] = fillField(fields[key]!, input[key], key, auto);
  for (const key of Object.keys(input)) if (!Object.hasOwn(fields, key)) output[key] = input[key] as Json;
  return output;
}

function fillField(field: Field, value: Json | undefined, name: string, auto: AutoSource | undefined): Json {
  if (value === undefined) return fillAbsent(field, name, auto);
  if (value === null) {
    return field.auto === true && auto !== undefined ? (automatic(field, name, auto) ?? null) : null;
  }
  switch (field.type) {
    case 'record':
      return isObject(value)
        ? fillRecord(field.fields, value, auto)
        : isEmptyArray(value)
          ? fillRecord(field.fields, {}, auto)
          : value;
    case 'map':
      return isEmptyArray(value) ? {} : value;
    case 'set':
    case 'array': {
      if (!Array.isArray(value)) return isObject(value) && Object.keys(value).length === 0 ? [] : value;
      const items = field.type === 'set' ? withoutDuplicates(value) : value;
      const { elements } = field;
      if (elements.type === 'string') return elements.uuid === true ? items.map(lowerCase) : items;
      if (elements.type !== 'record') return items;
      return items.map((item) => (isObject(item) ? fillRecord(elements.fields, item, auto) : item));
    }
    case 'string':
      return field.uuid === true ? lowerCase(value) : value;
    case 'foreign':
      return isObject(value) && value['id'] !== undefined ? { ...value, id: lowerCase(value['id']) } : value;
    default:
      return value;
  }
}

/** A UUID is the same in any case; one way of writing it is kept, so that equal ids are equal texts. */
const lowerCase = (value: Json): Json => (typeof value === 'string' ? value.toLowerCase() : value);

function fillAbsent(field: Field, name: string, auto: AutoSource | undefined): Json {
  if (field.auto === true && auto !== undefined) {
    const made = automatic(field, name, auto);
    if (made !== undefined) return made;
  }
  if (field.default !== undefined) {
    return fillField(field, cloneJson(field.default), name, auto);
  }
  // Records of an entity are expanded to their defaults unless they say `required: false`.
  if (field.type === 'record' && field.required === true) return fillRecord(field.fields, {}, auto);
  return null;
}

function automatic(field: Field, name: string, auto: AutoSource): Json | undefined {
  if (field.type === 'string') return field.uuid === true ? newUuid() : newRandomKey();
  if (name !== 'created_at' && name !== 'updated_at') return undefined;
  if (field.type === 'integer') return Math.floor(auto.now() / 1000);
  if (field.type === 'number') return auto.now() / 1000;
  return undefined;
}

const isEmptyArray = (value: Json): boolean => Array.isArray(value) && value.length === 0;

function withoutDuplicates(values: readonly Json[]): Json[] {
  const seen = new Set<unknown>();
  return values.filter((value) => {
    const key = typeof value === 'object' ? canonicalJson(value) : value;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
