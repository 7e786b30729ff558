// JSON Schema, as much of it as rules use: types, values, sizes, properties, items and combinations of schemas, with local
// references. A keyword that is not known here says nothing, as the standard wants it.
import { isEqual, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Finding } from './functions.ts';

type Path = readonly (string | number)[];
const MAX_DEPTH = 100;

export function checkSchema(schema: JsonObject, value: Json): Finding[] {
  const findings: Finding[] = [];
  check(schema, schema, value, [], findings, 0);
  return findings;
}

function check(root: JsonObject, schema: Json, value: Json, path: Path, findings: Finding[], depth: number): void {
  if (schema === true || depth > MAX_DEPTH) return;
  const fail = (message: string, at: Path = path): void => {
    findings.push({ message, path: at });
  };
  if (schema === false) return fail('must not be there');
  if (!isObject(schema)) return;
  const target = typeof schema['$ref'] === 'string' ? follow(root, schema['$ref']) : undefined;
  if (target !== undefined) check(root, target, value, path, findings, depth + 1);
  checkValue(schema, value, fail);
  if (typeof value === 'string') checkText(schema, value, fail);
  if (typeof value === 'number') checkNumber(schema, value, fail);
  const inner = (part: Json, item: Json, step: string | number): void =>
    check(root, part, item, [...path, step], findings, depth + 1);
  if (Array.isArray(value)) checkList(schema, value, fail, inner);
  if (isObject(value)) checkObject(schema, value, path, fail, inner);
  checkCombinations(
    schema,
    fail,
    (part) => {
      const below: Finding[] = [];
      check(root, part, value, path, below, depth + 1);
      return below;
    },
    findings,
  );
}

type Fail = (message: string, at?: Path) => void;
type Inner = (schema: Json, item: Json, step: string | number) => void;

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

function isOfType(type: string, value: Json): boolean {
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

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    // Older patterns escape more than the strict reading allows.
    return new RegExp(pattern).test(value);
  }
}

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

function checkList(schema: JsonObject, value: Json[], fail: Fail, inner: Inner): void {
  const { minItems, maxItems, uniqueItems, items, contains } = schema;
  if (typeof minItems === 'number' && value.length < minItems) fail(`must have at least ${minItems} items`);
  if (typeof maxItems === 'number' && value.length > maxItems) fail(`must have at most ${maxItems} items`);
  if (uniqueItems === true && value.some((item, i) => value.slice(0, i).some((other) => isEqual(item, other)))) {
    fail('must not repeat an item');
  }
  if (isObject(items) || typeof items === 'boolean') for (const [i, item] of value.entries()) inner(items, item, i);
  if (isObject(contains) && !value.some((item) => checkSchema(contains, item).length === 0))
    fail('must contain a certain item');
}

function checkObject(schema: JsonObject, value: JsonObject, path: Path, fail: Fail, inner: Inner): void {
  const { required, properties, patternProperties, additionalProperties, propertyNames, minProperties, maxProperties } =
    schema;
  for (const name of Array.isArray(required) ? required : []) {
    if (!Object.hasOwn(value, String(name))) fail(`must have the property '${String(name)}'`);
  }
  const count = Object.keys(value).length;
  if (typeof minProperties === 'number' && count < minProperties)
    fail(`must have at least ${minProperties} properties`);
  if (typeof maxProperties === 'number' && count > maxProperties) fail(`must have at most ${maxProperties} properties`);
  const known = isObject(properties) ? properties : {};
  const patterns = Object.entries(isObject(patternProperties) ? patternProperties : {});
  for (const [name, item] of Object.entries(value)) {
    if (isObject(propertyNames) && checkSchema(propertyNames, name).length > 0)
      fail(`must not have the property '${name}'`, [...path, name]);
    const fitting = patterns.filter(([pattern]) => matches(pattern, name));
    for (const [, part] of fitting) inner(part, item, name);
    if (Object.hasOwn(known, name)) inner(known[name] as Json, item, name);
    else if (fitting.length > 0) continue;
    else if (additionalProperties === false) fail(`must not have the property '${name}'`, [...path, name]);
    else if (isObject(additionalProperties)) inner(additionalProperties, item, name);
  }
}

function checkCombinations(schema: JsonObject, fail: Fail, run: (part: Json) => Finding[], findings: Finding[]): void {
  const { allOf, anyOf, oneOf, not, if: condition } = schema;
  for (const part of Array.isArray(allOf) ? allOf : []) findings.push(...run(part));
  if (Array.isArray(anyOf) && !anyOf.some((part) => run(part).length === 0)) fail('must match one of several schemas');
  if (Array.isArray(oneOf) && oneOf.filter((part) => run(part).length === 0).length !== 1)
    fail('must match exactly one of several schemas');
  if (not !== undefined && run(not).length === 0) fail('must not match a schema');
  if (condition === undefined) return;
  const chosen = run(condition).length === 0 ? schema['then'] : schema['else'];
  if (chosen !== undefined) findings.push(...run(chosen));
}

function follow(root: JsonObject, pointer: string): Json | undefined {
  if (pointer === '#') return root;
  if (!pointer.startsWith('#/')) return undefined;
  let current: Json | undefined = root;
  for (const part of pointer.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    current = isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  }
  return current;
}
