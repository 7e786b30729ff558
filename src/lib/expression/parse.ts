// Text of an expression → checked tree, or the reason why not. First the syntax of the whole, then each literal from left to
// right, then whether fields, operators and literals go together.
import { parseAddress, parseRange } from '../address.ts';
import { compilePattern } from '../regex.ts';
import { type RawExpression, type RawLiteral, type RawTest, readExpression } from './grammar.ts';
import { expected, type Place, renderError } from './syntax-error.ts';
import {
  type Expression,
  type FieldTable,
  type FieldType,
  type Literal,
  type Operator,
  type Parsed,
  type Test,
  testsOf,
} from './tree.ts';

export interface ParseOptions {
  readonly table: FieldTable;
  /** From ordinary text to the form that fields have when they are compared (their bytes). */
  readonly encode: (text: string) => string;
}

export function parseExpression(text: string, { table, encode }: ParseOptions): Parsed {
  const read = readExpression(text);
  if (!read.ok) return { ok: false, reason: renderError(text, { start: read.at }, expected(read.expected)) };
  const expression = build(read.tree, table, encode);
  if (expression instanceof Fault) return { ok: false, reason: renderError(text, expression.place, expression.reason) };
  for (const test of testsOf(expression)) {
    const reason = checkTest(test, table);
    if (reason !== undefined) return { ok: false, reason };
  }
  return { ok: true, expression };
}

class Fault {
  readonly place: Place;
  readonly reason: string;

  constructor(place: Place, reason: string) {
    this.place = place;
    this.reason = reason;
  }
}

function build(raw: RawExpression, table: FieldTable, encode: ParseOptions['encode']): Expression | Fault {
  if (raw.kind === 'test') return buildTest(raw, table, encode);
  if (raw.kind === 'not') {
    const item = build(raw.item, table, encode);
    return item instanceof Fault ? item : { kind: 'not', item };
  }
  const items: Expression[] = [];
  for (const one of raw.items) {
    const item = build(one, table, encode);
    if (item instanceof Fault) return item;
    items.push(item);
  }
  return { kind: raw.kind, items };
}

function buildTest(raw: RawTest, table: FieldTable, encode: ParseOptions['encode']): Test | Fault {
  const { operator, functions } = raw;
  const unknown = functions.find((name) => name !== 'lower' && name !== 'any');
  if (unknown !== undefined) return new Fault(raw.leftPlace, `unknown transformation function: ${unknown}`);
  const isPattern = operator === '~' && raw.literal.kind === 'string';
  const literal = isPattern ? buildPattern(raw.literal.text, encode) : buildLiteral(raw.literal, encode);
  if (typeof literal === 'string') return new Fault(raw.rightPlace, literal);
  if (operator === '~' && !isPattern) {
    return new Fault(raw.rightPlace, 'regex operator can only be used with String operands');
  }
  return {
    kind: 'test',
    field: table.aliases[raw.field] ?? raw.field,
    lower: functions.includes('lower'),
    any: functions.includes('any'),
    operator,
    literal,
  };
}

/** Of the digits alone: the lowest number of 64 bits cannot be written. */
const MAX_INT = 2n ** 63n - 1n;

/** A string is the reason why not. */
function buildPattern(text: string, encode: ParseOptions['encode']): Literal | string {
  const value = encode(text);
  const compiled = compilePattern(value, PATTERNS);
  if (compiled.ok) return { type: 'Regex', value, regex: compiled.regex, maxLength: maxLengthFor(value) };
  return `regex parse error:\n    ${text}\nerror: ${REGEX_REASONS[compiled.reason] ?? compiled.reason}`;
}

/** A string is the reason why not. */
function buildLiteral({ kind, text }: RawLiteral, encode: ParseOptions['encode']): Literal | string {
  if (kind === 'string') return { type: 'String', value: encode(text) };
  if (kind === 'int') return buildInt(text);
  const family = text.includes(':') ? 'IPv6' : 'IPv4';
  if (kind === 'address') {
    const value = parseAddress(text);
    return value === undefined ? `invalid ${family} address syntax` : { type: 'IpAddr', value };
  }
  const parsed = parseRange(text);
  if (parsed.ok) return { type: 'IpCidr', value: parsed.range };
  if (parsed.reason === 'host bits') return 'host part of address was not zero';
  if (parsed.reason === 'address') return `couldn't parse address in network: invalid ${family} address syntax`;
  const [name, most] = family === 'IPv4' ? ['Ipv4', 32] : ['Ipv6', 128];
  const length = Number(text.slice(text.indexOf('/') + 1));
  return `invalid length for network: Network length ${length} is too long for ${name} (maximum: ${most})`;
}

const PATTERNS = { lookaround: false, bareNames: false } as const;

/** How users know these reasons. */
const REGEX_REASONS: Readonly<Record<string, string>> = {
  'look-around is not supported': 'look-around, including look-ahead and look-behind, is not supported',
  'a back-reference is not supported': 'backreferences are not supported',
  'a named group without P is not supported': 'unrecognized flag',
};

const LONG = 8192;
const SHORT = 1024;

/** A pattern without an anchor is tried everywhere, as if it began with a repetition of anything. */
function maxLengthFor(pattern: string): number {
  if (pattern.startsWith('^') && !pattern.includes('|')) return LONG;
  const flags = /^\(\?[a-z]+\)/.exec(pattern)?.[0] ?? '';
  const anywhere = `${flags}[\\s\\S]*(?:${pattern.slice(flags.length)})`;
  return compilePattern(anywhere, PATTERNS).ok ? LONG : SHORT;
}

function buildInt(text: string): Literal | string {
  const isNegative = text.startsWith('-');
  const digits = isNegative ? text.slice(1) : text;
  const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits);
  if (size > MAX_INT) return 'number too large to fit in target type';
  return { type: 'Int', value: Number(isNegative ? -size : size) };
}

export function typeOf(field: string, { fields, families }: FieldTable): FieldType | undefined {
  if (Object.hasOwn(fields, field)) return fields[field];
  const family = field.slice(0, field.lastIndexOf('.') + 1);
  return family.length < field.length && Object.hasOwn(families, family) ? families[family] : undefined;
}

const STRING_OPERATORS: Readonly<Partial<Record<Operator, string>>> = {
  '~': 'Regex operators only supports string operands',
  '^=': 'Prefix/Postfix operators only supports string operands',
  '=^': 'Prefix/Postfix operators only supports string operands',
  contains: 'Contains operator only supports string operands',
};

function checkTest({ field, lower, operator, literal }: Test, table: FieldTable): string | undefined {
  const type = typeOf(field, table);
  if (type === undefined) return 'Unknown LHS field';
  const isRange = operator === 'in' || operator === 'not in';
  if (operator !== '~' && !isRange && type !== literal.type) {
    return 'Type mismatch between the LHS and RHS values of predicate';
  }
  if (lower && type !== 'String') return 'lower-case transformation function only supported with String type fields';
  if (isRange) {
    const fits = type === 'IpAddr' && literal.type === 'IpCidr';
    return fits ? undefined : 'In/NotIn operators only supports IP in CIDR';
  }
  const stringsOnly = STRING_OPERATORS[operator];
  if (stringsOnly !== undefined) return type === 'String' ? undefined : stringsOnly;
  if (operator === '==' || operator === '!=' || type === 'Int') return undefined;
  return 'Greater/GreaterOrEqual/Less/LessOrEqual operators only supports integer operands';
}
