// One value against one field. The validators of a field run in Kong's order and the first failure wins; elements come
// before their container, and a record's own validator runs only when its fields passed.
import { isUuid } from '../lib/ids.ts';
import { isEqual, isObject, type Json, type JsonLiteral, type JsonObject } from '../lib/json.ts';
import { compilePattern } from '../lib/regex.ts';
import { runEntityChecks } from './checks.ts';
import type { ErrorNode, ErrorTree, Field, Fields, Matcher } from './define.ts';
import { messages } from './messages.ts';

/** Nobody reads more, and each takes time and a line of the answer. */
const MAX_PROBLEMS = 100;

const VAULT_REFERENCE = /^\{vault:\/\/[^}]+\}$/;

export const isVaultReference = (value: unknown): boolean => typeof value === 'string' && VAULT_REFERENCE.test(value);

/** Answers undefined when the value is right. */
export function validateField(field: Field, value: Json | undefined): ErrorNode | undefined {
  if (value === undefined || value === null) return validateNull(field);
  const wrongType = checkType(field, value);
  if (wrongType !== undefined) return wrongType;
  if (field.referenceable === true && isVaultReference(value)) return undefined;
  const inner = validateInside(field, value);
  if (inner !== undefined) return inner;
  const text = runValidators(field, value);
  return text === undefined ? undefined : text;
}

/** Does a value satisfy the matcher of a condition? Undefined when it does. */
export function validateMatcher(field: Field, matcher: Matcher, value: Json | undefined): ErrorNode | undefined {
  const { required: _required, err: _err, ...rest } = field as Field & { elements?: Field };
  const merged = {
    type: rest.type,
    ...(rest.type === 'array' || rest.type === 'set' ? { elements: matcher.elements ?? { type: 'string' } } : {}),
    ...(rest.type === 'record' ? { fields: {} } : {}),
    ...(rest.type === 'map' ? { keys: { type: 'string' }, values: (rest as { values: Field }).values } : {}),
    ...(rest.type === 'foreign' ? { reference: (rest as { reference: string }).reference } : {}),
    ...matcher,
  } as unknown as Field;
  if (merged.type === 'array' || merged.type === 'set') {
    if (matcher.elements === undefined && Array.isArray(value)) {
      return runValidators(merged, value);
    }
  }
  return validateField(merged, value);
}

function validateNull(field: Field): string | undefined {
  if (field.ne === null) return field.err ?? messages.ne(null);
  if (field.eq !== undefined && field.eq !== null) return field.err ?? messages.eq(field.eq);
  if (field.required === true) return messages.required;
  return undefined;
}

function checkType(field: Field, value: Json): ErrorNode | undefined {
  switch (field.type) {
    case 'string':
      return typeof value === 'string' ? undefined : messages.type.string;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : messages.type.boolean;
    case 'number':
      return typeof value === 'number' ? undefined : messages.type.number;
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) ? undefined : messages.type.integer;
    case 'array':
    case 'set':
      return Array.isArray(value) ? undefined : messages.type[field.type];
    case 'map':
      // A list is a map whose keys are no texts.
      if (Array.isArray(value)) return messages.type.string;
      return isObject(value) ? undefined : messages.type.map;
    case 'record':
      return isObject(value) ? undefined : messages.type.record;
    case 'foreign':
      return undefined;
  }
}

function validateInside(field: Field, value: Json): ErrorNode | undefined {
  switch (field.type) {
    case 'array':
    case 'set':
      return validateElements(field.elements, value as Json[]);
    case 'map':
      return validateEntries(field.keys, field.values, value as JsonObject);
    case 'record': {
      if (field.abstract === true) return undefined;
      const tree = validateRecord(field.fields, value as JsonObject);
      runEntityChecks(field.entity_checks ?? [], field.fields, value as JsonObject, tree, 'insert');
      return Object.keys(tree).length === 0 ? undefined : tree;
    }
    case 'foreign':
      return validateForeign(field.eq, value);
    default:
      return undefined;
  }
}

/** Unknown, missing and wrong fields of a record or of a whole entity. */
export function validateRecord(fields: Fields, value: JsonObject): ErrorTree {
  const tree: ErrorTree = {};
  const unknown = Object.keys(value).filter((key) => !Object.hasOwn(fields, key));
  for (const key of unknown.slice(0, MAX_PROBLEMS)) tree[key] = messages.unknown;
  for (const key of Object.keys(fields)) {
    const error = validateField(fields[key]!, value[key]);
    if (error !== undefined) tree[key] = error;
  }
  return tree;
}

function validateElements(element: Field, values: readonly Json[]): ErrorNode | undefined {
  let errors: (ErrorNode | null)[] | undefined;
  for (let i = 0, count = 0; i < values.length && count < MAX_PROBLEMS; i++) {
    const value = values[i]!;
    const error = value === null ? messages.required : validateField(element, value);
    if (error === undefined) continue;
    errors ??= [];
    while (errors.length < i) errors.push(null);
    errors[i] = error;
    count += 1;
  }
  return errors;
}

/** A wrong map answers with one text, or the tree of the wrong value, without its key. */
function validateEntries(keys: Field, values: Field, map: JsonObject): ErrorNode | undefined {
  for (const key of Object.keys(map)) {
    const wrongKey = validateField(keys, key);
    if (wrongKey !== undefined) return wrongKey;
    const value = map[key] as Json;
    const wrongValue = value === null ? messages.required : validateField(values, value);
    if (wrongValue !== undefined) return wrongValue;
  }
  return undefined;
}

/** A reference is `{id: uuid}`; anything that is not an object has no key at all. */
function validateForeign(eq: JsonLiteral | undefined, value: Json): ErrorNode | undefined {
  if (eq === null) return undefined;
  if (!isObject(value)) return { id: messages.missingPrimaryKey };
  const tree: ErrorTree = {};
  const others = Object.keys(value).filter((key) => key !== 'id');
  for (const key of others.slice(0, MAX_PROBLEMS)) tree[key] = messages.notPrimaryKey;
  const id = value['id'];
  if (id === undefined || id === null) tree['id'] = messages.missingPrimaryKey;
  else if (typeof id !== 'string') tree['id'] = messages.type.string;
  else if (!isUuid(id)) tree['id'] = messages.uuid;
  return Object.keys(tree).length === 0 ? undefined : tree;
}

const lengthOf = (value: Json): number =>
  typeof value === 'string'
    ? Buffer.byteLength(value)
    : Array.isArray(value)
      ? value.length
      : isObject(value)
        ? Object.keys(value).length
        : 0;

/** The declarative validators in Kong's fixed order; the first that fails gives the text. */
function runValidators(field: Field, value: Json): string | undefined {
  const text = firstFailure(field, value);
  return text === undefined ? undefined : (field.err ?? text);
}

function firstFailure(field: Field, value: Json): string | undefined {
  if (field.eq !== undefined && !isEqual(field.eq, value)) return messages.eq(field.eq);
  if (field.ne !== undefined && isEqual(field.ne, value)) return messages.ne(field.ne);
  const scalar = field as { one_of?: readonly unknown[]; not_one_of?: readonly unknown[] };
  if (scalar.not_one_of?.includes(value) === true) return messages.notOneOf(scalar.not_one_of);
  if (scalar.one_of !== undefined && !scalar.one_of.includes(value)) return messages.oneOf(scalar.one_of);
  if (field.type === 'number' || field.type === 'integer') {
    const number = value as number;
    if (field.gt !== undefined && !(number > field.gt)) return messages.gt(field.gt);
    if (field.timestamp === true && !(number > 0)) return messages.timestamp;
    if (field.between !== undefined && !(number >= field.between[0] && number <= field.between[1])) {
      return messages.between(field.between[0], field.between[1]);
    }
    return field.custom_validator?.(number);
  }
  if (field.type === 'boolean') return undefined;
  if (field.type === 'string') return firstStringFailure(field, value as string);
  const wrongLength = checkLength(field as { len_eq?: number; len_min?: number; len_max?: number }, lengthOf(value));
  if (wrongLength !== undefined) return wrongLength;
  if (field.type === 'array' || field.type === 'set') {
    const list = value as Json[];
    if (field.contains !== undefined && !list.some((item) => isEqual(item, field.contains))) {
      return messages.contains(field.contains);
    }
    const custom = field.custom_validator?.(list);
    if (custom !== undefined) return custom;
    return checkExclusiveSubsets(field.mutually_exclusive_subsets, list);
  }
  if (field.type === 'record') return field.custom_validator?.(value as JsonObject);
  return undefined;
}

function firstStringFailure(field: Extract<Field, { type: 'string' }>, value: string): string | undefined {
  if (field.uuid === true && !isUuid(value)) return messages.uuid;
  if (field.is_regex === true && !compilePattern(value).ok) return messages.regex(value);
  const wrongLength = checkLength({ ...pickLengths(field), len_min: field.len_min ?? 1 }, Buffer.byteLength(value));
  if (wrongLength !== undefined) return wrongLength;
  if (field.starts_with !== undefined && !value.startsWith(field.starts_with)) {
    return messages.startsWith(field.starts_with);
  }
  if (field.not_match?.test(value) === true) return messages.match(value);
  for (const { pattern, err } of field.match_none ?? []) if (pattern.test(value)) return err ?? messages.match(value);
  if (field.match !== undefined && !field.match.test(value)) return messages.match(value);
  for (const { pattern, err } of field.match_all ?? []) if (!pattern.test(value)) return err ?? messages.match(value);
  const any = field.match_any;
  if (any !== undefined && !any.patterns.some((pattern) => pattern.test(value))) {
    return any.err ?? messages.match(value);
  }
  return field.custom_validator?.(value);
}

const pickLengths = (field: { len_eq?: number; len_max?: number }): { len_eq?: number; len_max?: number } => ({
  ...(field.len_eq === undefined ? {} : { len_eq: field.len_eq }),
  ...(field.len_max === undefined ? {} : { len_max: field.len_max }),
});

function checkLength(
  limits: { len_eq?: number; len_min?: number; len_max?: number },
  length: number,
): string | undefined {
  if (limits.len_eq !== undefined && length !== limits.len_eq) return messages.lenEq(limits.len_eq);
  if (limits.len_min !== undefined && length < limits.len_min) return messages.lenMin(limits.len_min);
  if (limits.len_max !== undefined && length > limits.len_max) return messages.lenMax(limits.len_max);
  return undefined;
}

function checkExclusiveSubsets(
  subsets: readonly (readonly string[])[] | undefined,
  list: readonly Json[],
): string | undefined {
  if (subsets === undefined) return undefined;
  const used = subsets.filter((subset) => list.some((item) => subset.includes(item as string)));
  return used.length > 1 ? messages.exclusiveSubsets(used) : undefined;
}
