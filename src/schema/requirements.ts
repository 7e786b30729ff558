// Which names must be written in a new value, as a fragment of JSON Schema: required fields without a default, unless a
// shorthand stands for them, and what checks between fields ask for.
import type { Json, JsonObject } from '../lib/json.ts';
import { conditionSchemas, requirePath } from './conditions.ts';
import type { EntityCheck, Field, Fields, RecordField, Shorthand, Shorthands } from './define.ts';

/** Empty when nothing must be written. */
export function requirementsOf(
  fields: Fields,
  shorthands: Shorthands | undefined,
  checks: readonly EntityCheck[] = [],
  placeholder?: string,
): JsonObject {
  const byShorthand = fieldsOfShorthands(shorthands);
  const required: string[] = [];
  const properties: JsonObject = {};
  const conditions: JsonObject[] = [];
  for (const [name, field] of Object.entries(fields)) {
    const instead = byShorthand.get(name);
    const inner = field.type === 'record' && instead === undefined ? requirementsOfRecord(field, placeholder) : {};
    if (Object.keys(inner).length > 0) properties[name] = inner;
    if (!mustBeWritten(field, inner)) continue;
    if (instead === undefined) required.push(name);
    else conditions.push({ anyOf: [name, ...instead].map((key) => ({ required: [key] })) });
  }
  const isMissable = (path: readonly string[]): boolean => !isOptional(fields, byShorthand, path);
  for (const check of checks) {
    if (check.check === 'conditional' || check.check === 'conditional_at_least_one_of') {
      conditions.push(...conditionSchemas(check, { placeholder, isMissable }));
    } else if (check.check === 'at_least_one_of' || check.check === 'only_one_of') {
      const paths = check.fields.map((path) => path.split('.'));
      if (paths.every(isMissable)) conditions.push({ anyOf: paths.map(requirePath) });
    }
  }
  return {
    ...(required.length === 0 ? {} : { required }),
    ...(Object.keys(properties).length === 0 ? {} : { properties }),
    ...(conditions.length === 0 ? {} : conditions.length === 1 ? conditions[0] : { allOf: conditions }),
  };
}

const requirementsOfRecord = (field: RecordField, placeholder?: string): JsonObject =>
  field.abstract === true ? {} : requirementsOf(field.fields, field.shorthand_fields, field.entity_checks, placeholder);

/** Must a new value name this field? */
export const isMandatory = (field: Field): boolean =>
  mustBeWritten(field, field.type === 'record' ? requirementsOfRecord(field) : {});

/** A required record is made from the defaults of its fields, unless one of them has none and is required itself. */
function mustBeWritten(field: Field, inner: JsonObject): boolean {
  if (field.required !== true || field.default !== undefined || field.auto === true) return false;
  return field.type !== 'record' || refusesNothing(inner);
}

/** Does a fragment made here refuse a value in which nothing is written? */
export function refusesNothing({ required, anyOf, allOf }: JsonObject): boolean {
  if (required !== undefined) return true;
  if (Array.isArray(anyOf) && (anyOf as JsonObject[]).every(refusesNothing)) return true;
  return Array.isArray(allOf) && (allOf as JsonObject[]).some(refusesNothing);
}

/** Field → the shorthands that can set it. A shorthand is code: it is asked with a sample what it would set. */
export function fieldsOfShorthands(shorthands: Shorthands | undefined): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [name, shorthand] of Object.entries(shorthands ?? {})) {
    for (const field of Object.keys(shorthand.expand(SAMPLES[shorthand.type], {}))) {
      found.set(field, [...(found.get(field) ?? []), name]);
    }
  }
  return found;
}

const SAMPLES: Readonly<Record<Shorthand['type'], Json>> = { string: 'a', integer: 1, number: 1, boolean: true };

/** May the value at a path be there without being written at this path? */
function isOptional(fields: Fields, byShorthand: ReadonlyMap<string, unknown>, path: readonly string[]): boolean {
  const [name = '', ...rest] = path;
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  // A field that is not in sight may have a default.
  if (field === undefined || byShorthand.has(name)) return true;
  if (rest.length === 0) return field.default !== undefined || field.auto === true;
  return field.type !== 'record' || isOptional(field.fields, fieldsOfShorthands(field.shorthand_fields), rest);
}

/** A value must satisfy both; they stay one schema where no word of one is a word of the other. */
export function both(schema: JsonObject, other: JsonObject): JsonObject {
  if (!Object.keys(other).some((key) => Object.hasOwn(schema, key))) return { ...schema, ...other };
  const { allOf, ...rest } = schema;
  return { ...rest, allOf: [...(Array.isArray(allOf) ? allOf : []), other] };
}
