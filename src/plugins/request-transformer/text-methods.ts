// The methods that texts have in template expressions: `headers.host:upper()`. Positions count bytes from one, and from the
// end when negative, as in Lua.
import { findPattern, hasMagic, newBudget } from './pattern.ts';
import { concatenate, EvaluationError, limited, MAX_TEXT, toNumber, toText, typeName, type Value } from './values.ts';

type Method = (text: string, given: readonly Value[]) => Value;

const METHODS: Readonly<Record<string, Method>> = {
  sub: (text, given) => slice(text, numberAt(given, 0), numberAt(given, 1, -1)),
  lower: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  upper: (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
  len: (text) => text.length,
  rep: (text, given) => repeat(text, numberAt(given, 0)),
  find: (text, given) => find(text, textAt(given, 0), numberAt(given, 1, 1), given[2] === true),
  match: (text, given) => match(text, textAt(given, 0), numberAt(given, 1, 1)),
  gsub: (text, given) => substitute(text, textAt(given, 0), textAt(given, 1), numberAt(given, 2, MAX_TEXT + 1)),
  format: (text, given) => format(text, given),
};

export const METHOD_NAMES: ReadonlySet<string> = new Set(Object.keys(METHODS));

export function callMethod(value: Value, name: string, given: readonly Value[]): Value {
  if (typeof value !== 'string') throw new EvaluationError(`a ${typeName(value)} value has no method ${name}`);
  return METHODS[name]!(value, given);
}

function numberAt(given: readonly Value[], index: number, otherwise?: number): number {
  const value = given[index];
  if (value === undefined && otherwise !== undefined) return otherwise;
  const number = toNumber(value);
  if (number === undefined) throw new EvaluationError(`argument ${index + 1} must be a number, not ${typeName(value)}`);
  return Math.trunc(number);
}

function textAt(given: readonly Value[], index: number): string {
  const value = given[index];
  if (typeof value === 'string' || typeof value === 'number') return toText(value);
  throw new EvaluationError(`argument ${index + 1} must be a string, not ${typeName(value)}`);
}

/** One-based, both ends included, negative from the end. */
function slice(text: string, from: number, to: number): string {
  const first = Math.max(1, from < 0 ? text.length + from + 1 : from);
  const last = Math.min(text.length, to < 0 ? text.length + to + 1 : to);
  return first > last ? '' : text.slice(first - 1, last);
}

function repeat(text: string, times: number): string {
  if (times <= 0 || text === '') return '';
  if (text.length * times > MAX_TEXT) throw new EvaluationError(`a text of more than ${MAX_TEXT} bytes`);
  return text.repeat(times);
}

/** Zero-based position of a one-based, maybe negative `init`; undefined when it lies behind the end. */
function startAt(text: string, init: number): number | undefined {
  const position = Math.max(0, init < 0 ? text.length + init : init - 1);
  return position > text.length ? undefined : position;
}

function find(text: string, pattern: string, init: number, isPlain: boolean): Value {
  const from = startAt(text, init);
  if (from === undefined) return undefined;
  if (isPlain || !hasMagic(pattern)) {
    const at = text.indexOf(pattern, from);
    return at < 0 ? undefined : at + 1;
  }
  const found = findPattern(text, pattern, from, newBudget());
  return found === undefined ? undefined : found.start + 1;
}

/** The first capture, or the whole match without one. */
function match(text: string, pattern: string, init: number): Value {
  const from = startAt(text, init);
  const found = from === undefined ? undefined : findPattern(text, pattern, from, newBudget());
  return found === undefined ? undefined : (found.captures[0] ?? text.slice(found.start, found.end));
}

function substitute(text: string, pattern: string, replacement: string, most: number): string {
  let output = '';
  let at = 0;
  const budget = newBudget();
  for (let count = 0; count < most && at <= text.length; count++) {
    const found = hasMagic(pattern) ? findPattern(text, pattern, at, budget) : findPlain(text, pattern, at);
    if (found === undefined) break;
    const whole = text.slice(found.start, found.end);
    output = limited(output + text.slice(at, found.start) + expand(replacement, whole, found.captures));
    at = found.end;
    if (found.end === found.start) {
      // Nothing was consumed: one character passes, so that the search goes on.
      output += text.slice(at, at + 1);
      at += 1;
    }
    if (pattern.startsWith('^')) break;
  }
  return limited(output + text.slice(at));
}

function findPlain(text: string, pattern: string, from: number) {
  const start = text.indexOf(pattern, from);
  return start < 0 ? undefined : { start, end: start + pattern.length, captures: [] };
}

/** `%0` is the match, `%1` to `%9` its captures, `%%` a percent sign. */
function expand(replacement: string, whole: string, captures: readonly string[]): string {
  if (!replacement.includes('%')) return replacement;
  return replacement.replace(/%([\s\S]?)/g, (_, name: string) => {
    if (name === '%') return '%';
    if (name === '0' || (name === '1' && captures.length === 0)) return whole;
    const capture = /[1-9]/.test(name) ? captures[Number(name) - 1] : undefined;
    if (capture === undefined) throw new EvaluationError(`the replacement names %${name}, which the pattern has not`);
    return capture;
  });
}

function format(template: string, given: readonly Value[]): string {
  let next = 0;
  let output = '';
  for (const [whole, plain, name] of template.matchAll(/([^%]+)|%([\s\S]?)/g)) {
    if (plain !== undefined) output = concatenate(output, plain);
    else if (name === '%') output += '%';
    else if (name !== 's' && name !== 'd')
      throw new EvaluationError(`format ${whole} is not supported, only %s and %d`);
    else if (next >= given.length) throw new EvaluationError(`format has no argument for ${whole}`);
    else {
      const value = name === 's' ? toText(given[next]) : toText(numberAt(given, next));
      output = concatenate(output, value);
      next += 1;
    }
  }
  return output;
}
