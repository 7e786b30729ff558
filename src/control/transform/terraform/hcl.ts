// Values in the language of Terraform. Texts are escaped so that nothing in them is taken for an expression; long ones become
// heredocs. Keys come in order, those that people look for first.
import { isObject, type Json, type JsonObject } from '../../../lib/json.ts';

const FIRST = ['enabled', 'name', 'username'];

/** A value that is written as it is: a reference to another resource. */
export interface Expression {
  readonly expression: string;
}

export type HclValue = Json | Expression;

const isExpression = (value: HclValue): value is Expression =>
  isObject(value as Json) && 'expression' in (value as object);

export function writeBody(fields: Readonly<Record<string, HclValue>>, depth: number): string {
  const keys = Object.keys(fields).filter((key) => fields[key] !== null && fields[key] !== undefined);
  const rank = (key: string): number => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
  keys.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0));
  return keys.map((key) => `${indent(depth)}${writeKey(key)} = ${writeValue(fields[key]!, depth)}\n`).join('');
}

export function writeValue(value: HclValue, depth: number): string {
  if (isExpression(value)) return value.expression;
  if (Array.isArray(value)) return writeList(value, depth);
  if (isObject(value as Json)) return `{\n${writeBody(value as JsonObject, depth + 1)}${indent(depth)}}`;
  if (typeof value === 'string') return value.includes('\n') ? heredoc(value) : quote(value);
  return JSON.stringify(value);
}

function writeList(list: readonly Json[], depth: number): string {
  if (!list.some(isObject))
    return `[${list.map((item) => (typeof item === 'string' ? quote(item) : writeValue(item, depth))).join(', ')}]`;
  const items = list.map((item) => `${indent(depth + 1)}${writeValue(item, depth + 1)},\n`);
  return `[\n${items.join('')}${indent(depth)}]`;
}

const indent = (depth: number): string => '  '.repeat(depth);

const writeKey = (key: string): string => (/^[A-Za-z_][\w-]*$/.test(key) ? key : quote(key));

/** `${` and `%{` begin an expression; doubled they are text. */
export const withoutExpressions = (text: string): string => text.replaceAll(/[$%]\{/g, (start) => start[0]! + start);

/** JSON escapes what HCL escapes, in the same way. */
export const quote = (text: string): string => withoutExpressions(JSON.stringify(text));

function heredoc(text: string): string {
  let mark = 'EOF';
  while (text.split('\n').includes(mark)) mark += '_';
  return `<<${mark}\n${withoutExpressions(text.replace(/\n+$/, ''))}\n${mark}`;
}
