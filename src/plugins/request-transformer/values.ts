// Values of template expressions, with the rules that Lua has for them: only nil and false are false, numbers and numeric
// texts convert into each other, texts are bytes. Nothing can be changed, and no text grows beyond its limit.

/** undefined is nil. */
export type Value = string | number | boolean | Table | undefined;

/** What `.name` and `[n]` look into. */
export interface Table {
  get(key: string | number): Value;
  /** Of a list; named values have no length. */
  readonly length: number;
  /** What it is when it is written as text; undefined when it cannot be. */
  readonly text: string | undefined;
}

/** Why an expression has no value for this request. Never leaves the template that it happened in. */
export class EvaluationError extends Error {}

export const MAX_TEXT = 64 * 1024;

export const isTrue = (value: Value): boolean => value !== undefined && value !== false;

export function typeName(value: Value): string {
  if (value === undefined) return 'nil';
  return typeof value === 'object' ? 'table' : typeof value;
}

export function toText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value !== 'object') return value === undefined ? 'nil' : String(value);
  if (value.text === undefined) throw new EvaluationError('a table cannot be written as text');
  return limited(value.text);
}

/** `tonumber`: nil for what is not a number. */
export function toNumber(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (!NUMERAL.test(text)) return undefined;
  const isNegative = text.startsWith('-');
  const number = Number(isNegative || text.startsWith('+') ? text.slice(1) : text);
  return isNegative ? -number : number;
}

/** An operand of arithmetic. */
export function operand(value: Value): number {
  const number = toNumber(value);
  if (number === undefined) throw new EvaluationError(`arithmetic on a ${typeName(value)} value`);
  return number;
}

export function concatenate(left: Value, right: Value): string {
  return limited(piece(left) + piece(right));
}

export function lengthOf(value: Value): number {
  if (typeof value === 'string') return value.length;
  if (typeof value === 'object') return value.length;
  throw new EvaluationError(`length of a ${typeName(value)} value`);
}

export function member(value: Value, key: Value): Value {
  if (typeof value === 'string') return undefined;
  if (typeof value !== 'object') throw new EvaluationError(`a ${typeName(value)} value has no members`);
  return typeof key === 'string' || typeof key === 'number' ? value.get(key) : undefined;
}

/** Lua's remainder has the sign of the divisor. */
export const modulo = (left: number, right: number): number => left - Math.floor(left / right) * right;

export function limited(text: string): string {
  if (text.length > MAX_TEXT) throw new EvaluationError(`a text of more than ${MAX_TEXT} bytes`);
  return text;
}

const NUMERAL = /^[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)$/;

function piece(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatNumber(value);
  throw new EvaluationError(`concatenation with a ${typeName(value)} value`);
}

/** As C's `%.14g` writes it. */
function formatNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e14) return String(value);
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const text = Math.abs(value) < 1e-4 ? value.toExponential(13) : value.toPrecision(14);
  const [mantissa = '', exponent] = text.split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  if (exponent === undefined) return short;
  return `${short}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}
