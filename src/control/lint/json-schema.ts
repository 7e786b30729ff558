// JSON Schema, as much of it as rules use: types, values, sizes, properties, items and combinations of schemas, with local
// references. A keyword that is not known here says nothing, as the standard wants it.
import { isEqual, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { readRegex } from '../regex.ts';
import type { Finding } from './functions.ts';

type Path = readonly (string | number)[];
const MAX_DEPTH = 400;

/** One run over one value. */
interface Run {
  readonly root: JsonObject;
  /**
   * What a reference has said of a place. Schemas that refer to themselves, or to each other many times over, are thereby
   * walked once for each place; a circle that gets nowhere says nothing.
   */
  readonly known: Map<string, readonly Finding[]>;
}

export const checkSchema = (schema: JsonObject, value: Json): Finding[] =>
  check({ root: schema, known: new Map() }, schema, value, [], 0);

function check(run: Run, schema: Json, value: Json, path: Path, depth: number): Finding[] {
  if (schema === false) return [{ message: 'must not be there', path }];
  if (!isObject(schema) || depth > MAX_DEPTH) return [];
  const findings: Finding[] = [];
  const fail = (message: string, at: Path = path): void => {
    findings.push({ message, path: at });
  };
  const inner = (part: Json, item: Json, step: string | number): Finding[] =>
    check(run, part, item, [...path, step], depth + 1);
  const { $ref: reference } = schema;
  if (typeof reference === 'string') findings.push(...checkReference(run, reference, value, path, depth));
  checkValue(schema, value, fail);
  if (typeof value === 'string') checkText(schema, value, fail);
  if (typeof value === 'number') checkNumber(schema, value, fail);
  if (Array.isArray(value)) findings.push(...checkList(schema, value, fail, inner));
  if (isObject(value)) findings.push(...checkObject(schema, value, path, fail, inner));
  findings.push(...checkCombinations(schema, fail, (part) => check(run, part, value, path, depth + 1)));
  return findings;
}

function checkReference(run: Run, reference: string, value: Json, path: Path, depth: number): readonly Finding[] {
  const target = follow(run.root, reference);
  if (target === undefined) return [];
  const key = JSON.stringify([reference, path]);
  const known = run.known.get(key);
  if (known !== undefined) return known;
  run.known.set(key, []);
  const found = check(run, target, value, path, depth + 1);
  run.known.set(key, found);
  return found;
}

type Fail = (message: string, at?: Path) => void;
type Inner = (schema: Json, item: Json, step: string | number) => Finding[];

function checkValue(schema: JsonObject, value: Json, fail: Fail): void {
  const { type, enum: choices, const: only } = schema;
  const types = Array.isArray(type) ? type : type === undefined ? [] : [type];
  if (types.length > 0 && !types.some((name) => isOfType(String(name), value)))
    fail(`must be of type ${types.map(String).join(' or ')}`);
  if (Array.isArray(choices) && !choices.some((item) => isEqual(item, value)))
    fail(`must be one of ${choices.map(show).join(', ')}`);
  if (only !== undefined && !isEqual(only, value)) fail(`must be ${show(only)}`);
}

const show = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

export function isOfType(type: string, value: Json): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function checkText(schema: JsonObject, value: string, fail: Fail): void {
  const { minLength, maxLength, pattern } = schema;
  const size = [...value].length;
  if (typeof minLength === 'number' && size < minLength) fail(`must have at least ${minLength} characters`);
  if (typeof maxLength === 'number' && size > maxLength) fail(`must have at most ${maxLength} characters`);
  if (typeof pattern === 'string' && !matches(pattern, value)) fail(`must match the pattern '${pattern}'`);
}

/** What is no regular expression matches nothing. */
const matches = (pattern: string, value: string): boolean => readRegex(pattern)?.test(value) ?? false;

function checkNumber(schema: JsonObject, value: number, fail: Fail): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  // In draft 4 the exclusive keywords are flags beside the limits.
  if (typeof minimum === 'number' && (value < minimum || (exclusiveMinimum === true && value === minimum)))
    fail(`must be at least ${minimum}`);
  if (typeof maximum === 'number' && (value > maximum || (exclusiveMaximum === true && value === maximum)))
    fail(`must be at most ${maximum}`);
  if (typeof exclusiveMinimum === 'number' && value <= exclusiveMinimum) fail(`must be above ${exclusiveMinimum}`);
  if (typeof exclusiveMaximum === 'number' && value >= exclusiveMaximum) fail(`must be below ${exclusiveMaximum}`);
  if (typeof multipleOf === 'number' && !Number.isInteger(value / multipleOf))
    fail(`must be a multiple of ${multipleOf}`);
}

function checkList(schema: JsonObject, value: Json[], fail: Fail, inner: Inner): Finding[] {
  const { minItems, maxItems, uniqueItems, items, prefixItems, additionalItems, contains } = schema;
  if (typeof minItems === 'number' && value.length < minItems) fail(`must have at least ${minItems} items`);
  if (typeof maxItems === 'number' && value.length > maxItems) fail(`must have at most ${maxItems} items`);
  if (uniqueItems === true && new Set(value.map(canonical)).size < value.length) fail('must not repeat an item');
  if (contains !== undefined && value.every((item, i) => inner(contains, item, i).length > 0))
    fail('must contain a certain item');
  // A list of schemas stands under `items` up to draft 2019, and what is for the other items under `additionalItems`.
  const [first, rest] = Array.isArray(items) ? [items, additionalItems] : [prefixItems, items];
  const leading = Array.isArray(first) ? first : [];
  return value.flatMap((item, i) => {
    const part = i < leading.length ? leading[i] : rest;
    return part === undefined ? [] : inner(part, item, i);
  });
}

/** The same text for what is equal, whatever the order of its keys. */
const canonical = (value: Json): string =>
  JSON.stringify(value, (_, item: Json) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );

function checkObject(schema: JsonObject, value: JsonObject, path: Path, fail: Fail, inner: Inner): Finding[] {
  const { properties, patternProperties, additionalProperties, propertyNames, minProperties, maxProperties } = schema;
  for (const name of neededIn(schema, value)) {
    if (!Object.hasOwn(value, name)) fail(`must have the property '${name}'`);
  }
  const count = Object.keys(value).length;
  if (typeof minProperties === 'number' && count < minProperties)
    fail(`must have at least ${minProperties} properties`);
  if (typeof maxProperties === 'number' && count > maxProperties) fail(`must have at most ${maxProperties} properties`);
  const known = isObject(properties) ? properties : {};
  const patterns = Object.entries(isObject(patternProperties) ? patternProperties : {});
  const findings: Finding[] = [];
  for (const [name, item] of Object.entries(value)) {
    // The mark keeps the place of a name apart from that of its value.
    if (propertyNames !== undefined && inner(propertyNames, name, `${name}~`).length > 0)
      fail(`must not have the property '${name}'`, [...path, name]);
    const fitting = patterns.filter(([pattern]) => matches(pattern, name));
    for (const [, part] of fitting) findings.push(...inner(part, item, name));
    if (Object.hasOwn(known, name)) findings.push(...inner(known[name] as Json, item, name));
    else if (fitting.length > 0) continue;
    else if (additionalProperties === false) fail(`must not have the property '${name}'`, [...path, name]);
    else if (isObject(additionalProperties)) findings.push(...inner(additionalProperties, item, name));
  }
  return findings;
}

/** Properties that are required, be it because of others that are there. */
function neededIn({ required, dependentRequired, dependencies }: JsonObject, value: JsonObject): Set<string> {
  const lists = [dependentRequired, dependencies]
    .flatMap((table) => (isObject(table) ? Object.entries(table) : []))
    .filter(([name]) => Object.hasOwn(value, name))
    .map(([, names]) => names);
  return new Set([required, ...lists].flatMap((names) => (Array.isArray(names) ? names.map(String) : [])));
}

function checkCombinations(schema: JsonObject, fail: Fail, run: (part: Json) => Finding[]): Finding[] {
  const { allOf, anyOf, oneOf, not, if: condition } = schema;
  const findings = Array.isArray(allOf) ? allOf.flatMap(run) : [];
  if (Array.isArray(anyOf) && !anyOf.some((part) => run(part).length === 0)) fail('must match one of several schemas');
  if (Array.isArray(oneOf) && oneOf.filter((part) => run(part).length === 0).length !== 1)
    fail('must match exactly one of several schemas');
  if (not !== undefined && run(not).length === 0) fail('must not match a schema');
  if (condition === undefined) return findings;
  const chosen = run(condition).length === 0 ? schema['then'] : schema['else'];
  return chosen === undefined ? findings : [...findings, ...run(chosen)];
}

function follow(root: JsonObject, pointer: string): Json | undefined {
  if (pointer === '#') return root;
  if (!pointer.startsWith('#/')) return undefined;
  let current: Json | undefined = root;
  for (const part of pointer.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(current)) current = current[Number(key)];
    else current = isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  }
  return current;
}
