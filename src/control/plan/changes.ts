// The fields that differ between two versions of one entity, from deep-diff. Its CommonJS build has a default export only,
// so this is the one file that knows it.
import deepDiff from 'deep-diff';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Field, Fields } from '../../schema/define.ts';
import { normalForm } from './equal.ts';

export interface FieldChange {
  /** Keys from the entity down; lists are one value. */
  readonly path: readonly string[];
  /** Absent when the field was unset. */
  readonly before?: Json;
  /** Absent when the field becomes unset. */
  readonly after?: Json;
}

/** Sorted by path. Only for entities that are known to differ: this is the slow way to compare. */
export function listChanges(fields: Fields, before: JsonObject, after: JsonObject): FieldChange[] {
  const left = normalForm(fields, before);
  const right = normalForm(fields, after);
  const paths = new Map<string, string[]>();
  for (const difference of deepDiff.diff(left, right) ?? []) {
    const path = fieldPath(fields, left, right, (difference.path ?? []) as (string | number)[]);
    paths.set(path.join('\u0000'), path);
  }
  return [...paths.values()]
    .map((path): FieldChange => {
      const old = at(left, path);
      const now = at(right, path);
      return { path, ...(old === undefined ? {} : { before: old }), ...(now === undefined ? {} : { after: now }) };
    })
    .sort((a, b) => (a.path.join('.') < b.path.join('.') ? -1 : 1));
}

/** Stops at lists and references, and where one side has nothing to go into. */
function fieldPath(fields: Fields, left: Json, right: Json, path: readonly (string | number)[]): string[] {
  const short: string[] = [];
  let field: Field | undefined;
  let sides = [left, right];
  for (const step of path) {
    if (!sides.every(isObject) || field?.type === 'foreign') break;
    const name = String(step);
    field =
      field === undefined
        ? fields[name]
        : field.type === 'record'
          ? field.fields[name]
          : field.type === 'map'
            ? field.values
            : undefined;
    sides = sides.map((side) => (side as JsonObject)[name] ?? null);
    short.push(name);
  }
  return short;
}

function at(value: Json, path: readonly string[]): Json | undefined {
  let current: Json | undefined = value;
  for (const key of path) current = isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  return current;
}
