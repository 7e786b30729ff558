// The functions that rules name. Each is made from its options and answers, for a value, the end of a sentence about it
// (`must be truthy`) or nothing. Options that make no sense are answered as a text instead of a function.
import { isEqual, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { readRegex } from '../regex.ts';
import { compileCasing } from './casing.ts';
import { checkSchema, isOfType } from './json-schema.ts';

export interface Finding {
  readonly message: string;
  /** Below the value, where something further inside is wrong. */
  readonly path: readonly (string | number)[];
}

/** @param file the whole of what the value stands in. */
export type LintFunction = (value: Json | undefined, file: Json) => Finding[];
type Maker = (options: JsonObject) => LintFunction | string;

const one = (message: string): Finding[] => [{ message, path: [] }];
const isTruthy = (value: Json | undefined): boolean => Boolean(value);

export const FUNCTIONS: Readonly<Record<string, Maker>> = {
  truthy: () => (value) => (isTruthy(value) ? [] : one('must be truthy')),
  falsy: () => (value) => (isTruthy(value) ? one('must be falsy') : []),
  defined: () => (value) => (value === undefined ? one('must be defined') : []),
  undefined: () => (value) => (value === undefined ? [] : one('must not be defined')),
  pattern,
  casing,
  enumeration,
  length,
  schema,
  alphabetical,
  or: (options) => present(options, 'at least', (count) => count > 0),
  xor: (options) => present(options, 'exactly', (count) => count === 1),
  typedEnum: () => typedEnum,
  unreferencedReusableObject,
};

function pattern(options: JsonObject): LintFunction | string {
  const { match, notMatch } = options;
  if (match === undefined && notMatch === undefined) return "'pattern' needs match or notMatch";
  const [wanted, unwanted] = [compile(match), compile(notMatch)];
  if (wanted === null || unwanted === null)
    return `'${String(wanted === null ? match : notMatch)}' is no regular expression`;
  return (value) => {
    if (value === undefined || value === null || typeof value === 'object') return [];
    const text = String(value);
    if (wanted !== undefined && !wanted.test(text)) return one(`must match the pattern '${String(match)}'`);
    return unwanted?.test(text) === true ? one(`must not match the pattern '${String(notMatch)}'`) : [];
  };
}

/** A plain expression or `/expression/flags`; null when it is none. */
function compile(source: Json | undefined): RegExp | null | undefined {
  if (source === undefined) return undefined;
  if (typeof source !== 'string') return null;
  const [, body = source, flags = ''] = /^\/(.+)\/([a-z]*)$/s.exec(source) ?? [];
  return readRegex(body, { flags }) ?? null;
}

function casing(options: JsonObject): LintFunction | string {
  const isRight = compileCasing(options);
  if (typeof isRight === 'string') return isRight;
  return (value) =>
    typeof value !== 'string' || value === '' || isRight(value) ? [] : one(`must be ${String(options['type'])} case`);
}

function enumeration({ values }: JsonObject): LintFunction | string {
  if (!Array.isArray(values)) return "'enumeration' needs values, a list";
  return (value) => {
    if (value === undefined || (typeof value === 'object' && value !== null)) return [];
    return values.some((item) => isEqual(item, value)) ? [] : one(`must be one of ${values.map(String).join(', ')}`);
  };
}

function length({ min, max }: JsonObject): LintFunction | string {
  if (typeof min !== 'number' && typeof max !== 'number') return "'length' needs min or max, a number";
  return (value) => {
    const size = sizeOf(value);
    if (size === undefined) return [];
    if (typeof min === 'number' && size < min) return one(`must be at least ${min}`);
    return typeof max === 'number' && size > max ? one(`must be at most ${max}`) : [];
  };
}

function sizeOf(value: Json | undefined): number | undefined {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (typeof value === 'number') return value;
  return isObject(value) ? Object.keys(value).length : undefined;
}

function schema(options: JsonObject): LintFunction | string {
  const wanted = options['schema'];
  if (!isObject(wanted)) return "'schema' needs schema, a JSON Schema";
  return (value) => (value === undefined ? [] : checkSchema(wanted, value));
}

function alphabetical({ keyedBy }: JsonObject): LintFunction | string {
  if (keyedBy !== undefined && typeof keyedBy !== 'string') return "'keyedBy' must be the name of a key";
  return (value) => {
    const names = namesOf(value, keyedBy);
    const at = names.findIndex((name, i) => i > 0 && name.localeCompare(names[i - 1]!, 'en', { numeric: true }) < 0);
    if (at < 0) return [];
    const path = [Array.isArray(value) ? at : names[at]!];
    return [{ message: `must be in alphabetical order: ${names[at]} belongs before ${names[at - 1]}`, path }];
  };
}

function namesOf(value: Json | undefined, keyedBy: string | undefined): string[] {
  if (!Array.isArray(value)) return isObject(value) ? Object.keys(value) : [];
  const keys = keyedBy === undefined ? value : value.map((item) => (isObject(item) ? (item[keyedBy] ?? '') : ''));
  return keys.every((key) => typeof key !== 'object' || key === null) ? keys.map(String) : [];
}

function present(
  { properties }: JsonObject,
  word: 'at least' | 'exactly',
  isRight: (count: number) => boolean,
): LintFunction | string {
  if (!Array.isArray(properties) || properties.length < 2) return "'properties' must be a list of at least two";
  const message = `must have ${word} one of ${properties.map(String).join(', ')}`;
  return (value) => {
    if (!isObject(value)) return [];
    return isRight(properties.filter((name) => value[String(name)] !== undefined).length) ? [] : one(message);
  };
}

/** The values that a schema allows are of the type that it names. */
function typedEnum(value: Json | undefined): Finding[] {
  const { type, enum: choices } = isObject(value) ? value : {};
  if (type === undefined || !Array.isArray(choices)) return [];
  const types = (Array.isArray(type) ? type : [type]).map(String);
  return choices.flatMap((choice, i) =>
    types.some((name) => isOfType(name, choice))
      ? []
      : [{ message: `must be of type ${types.join(' or ')}`, path: ['enum', i] }],
  );
}

function unreferencedReusableObject({ reusableObjectsLocation: place }: JsonObject): LintFunction | string {
  if (typeof place !== 'string' || !place.startsWith('#'))
    return "'unreferencedReusableObject' needs reusableObjectsLocation, a pointer such as #/definitions";
  return (value, file) => {
    if (!isObject(value)) return [];
    const used = referencesIn(file);
    return Object.keys(value)
      .filter((key) => !used.has(`${place}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`))
      .map((key) => ({ message: 'must be referred to', path: [key] }));
  };
}

const referencesIn = (value: Json, found = new Set<string>()): ReadonlySet<string> => {
  if (isObject(value) && typeof value['$ref'] === 'string') found.add(value['$ref']);
  if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) referencesIn(item, found);
  return found;
};
