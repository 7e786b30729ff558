// An expression as one function of a context. A field that is absent makes its test false, whatever the operator; a field
// with several values must fit with all of them unless the test says `any`. What the tests along the way matched is noted in
// a trace, later ones over earlier ones, also by tests whose surroundings turn out false.
import { type Address, isInRange, parseAddress, sameAddress } from '../address.ts';
import { lowerBytes } from '../byte-text.ts';
import type { Expression, Literal, Test } from './tree.ts';

export interface Trace {
  /** What the last fitting test of the traced field matched; before, what the trace began with. */
  matched: string;
  /** It came from a regular expression. */
  isRegex: boolean;
  /** Groups of all regular expressions that matched, by number; 0 is the whole match. */
  unnamed: (string | undefined)[] | undefined;
  named: Record<string, string> | undefined;
}

export const newTrace = (matched: string): Trace => ({
  matched,
  isRegex: false,
  unnamed: undefined,
  named: undefined,
});

/** Addresses come as text. */
export type FieldValue = string | number | readonly string[] | undefined;
export type ReadField<C> = (context: C) => FieldValue;
export type Evaluate<C> = (context: C, trace: Trace) => boolean;

export interface EvaluateOptions<C> {
  readonly read: (field: string) => ReadField<C>;
  /** The field whose matched part is wanted. */
  readonly traced: string;
  /** Takes a pattern that is anchored by what calls it apart, where that makes sense; see `Divided`. */
  readonly divide?: (pattern: string) => Divided | undefined;
}

/** A literal beginning, and a sticky expression to be tried where it ends: many patterns have the same. */
export interface Divided {
  readonly prefix: string;
  readonly regex: RegExp;
}

export function compileExpression<C>(expression: Expression, options: EvaluateOptions<C>): Evaluate<C> {
  if (expression.kind === 'test') return compileTest(expression, options);
  if (expression.kind === 'not') {
    const item = compileExpression(expression.item, options);
    return (context, trace) => !item(context, trace);
  }
  const items = expression.items.map((item) => compileExpression(item, options));
  const last = items.pop()!;
  const isEnough = expression.kind === 'or';
  return (context, trace) => {
    for (const item of items) if (item(context, trace) === isEnough) return isEnough;
    return last(context, trace);
  };
}

type Fits<V> = (value: V, trace: Trace) => boolean;

function compileTest<C>(test: Test, options: EvaluateOptions<C>): Evaluate<C> {
  const read = options.read(test.field);
  const { literal, operator } = test;
  if (literal.type === 'Int') {
    const fits = compareInt(operator, literal.value);
    return (context) => {
      const value = read(context);
      return typeof value === 'number' && fits(value);
    };
  }
  if (literal.type === 'IpAddr' || literal.type === 'IpCidr') {
    const fits = compareAddress(test);
    return (context) => {
      const text = read(context);
      const address = typeof text === 'string' ? parseAddress(text) : undefined;
      return address !== undefined && fits(address);
    };
  }
  const plain = compareText(test, test.field === options.traced, options.divide);
  const fits: Fits<string> = test.lower ? (value, trace) => plain(lowerBytes(value), trace) : plain;
  const isEnough = test.any;
  return (context, trace) => {
    const value = read(context);
    if (typeof value === 'string') return fits(value, trace);
    if (typeof value !== 'object' || value.length === 0) return false;
    for (const one of value) if (fits(one, trace) === isEnough) return isEnough;
    return !isEnough;
  };
}

function compareInt(operator: Test['operator'], right: number): (value: number) => boolean {
  switch (operator) {
    case '==':
      return (value) => value === right;
    case '!=':
      return (value) => value !== right;
    case '>':
      return (value) => value > right;
    case '>=':
      return (value) => value >= right;
    case '<':
      return (value) => value < right;
    default:
      return (value) => value <= right;
  }
}

function compareAddress({ operator, literal }: Test): (value: Address) => boolean {
  if (literal.type === 'IpCidr') {
    const range = literal.value;
    return operator === 'in' ? (value) => isInRange(range, value) : (value) => !isInRange(range, value);
  }
  const right = literal.value as Address;
  return operator === '==' ? (value) => sameAddress(value, right) : (value) => !sameAddress(value, right);
}

function compareText(
  { operator, literal }: Test,
  isTraced: boolean,
  divide: EvaluateOptions<unknown>['divide'],
): Fits<string> {
  if (literal.type === 'Regex') return matchRegex(literal, isTraced, divide);
  const right = literal.value as string;
  const note = (trace: Trace): true => {
    if (isTraced) {
      trace.matched = right;
      trace.isRegex = false;
    }
    return true;
  };
  switch (operator) {
    case '==':
      return (value, trace) => value === right && note(trace);
    case '!=':
      return (value) => value !== right;
    case '^=':
      return (value, trace) => value.startsWith(right) && note(trace);
    case '=^':
      return (value, trace) => value.endsWith(right) && note(trace);
    default:
      return (value) => value.includes(right);
  }
}

type Pattern = Extract<Literal, { type: 'Regex' }>;

function matchRegex(
  { maxLength, ...pattern }: Pattern,
  isTraced: boolean,
  divide: EvaluateOptions<unknown>['divide'],
): Fits<string> {
  const divided = pattern.value.startsWith('^') ? divide?.(pattern.value.slice(1)) : undefined;
  const { prefix, regex } = divided ?? { prefix: '', regex: pattern.regex };
  return (value, trace) => {
    if (value.length > maxLength || !value.startsWith(prefix)) return false;
    regex.lastIndex = prefix.length;
    const found = regex.exec(value);
    if (found === null) return false;
    const whole = prefix + found[0];
    if (isTraced) {
      trace.matched = whole;
      trace.isRegex = true;
    }
    const unnamed = (trace.unnamed ??= []);
    unnamed[0] = whole;
    for (let i = 1; i < found.length; i++) if (found[i] !== undefined || i >= unnamed.length) unnamed[i] = found[i];
    if (found.groups !== undefined) {
      const named = (trace.named ??= Object.create(null) as Record<string, string>);
      for (const name in found.groups) if (found.groups[name] !== undefined) named[name] = found.groups[name];
    }
    return true;
  };
}
