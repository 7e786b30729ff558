// JSON objects in request bodies, changed at the top level only. Numbers that JavaScript would round keep their text, so
// that a body that goes on differs only where somebody changed it.
import { isObject, type Json } from '../../lib/json.ts';

/** The members in order; a name is never mistaken for a property. */
export type JsonMembers = Map<string, Json>;

/** Undefined unless the text is one JSON object. */
export function parseJsonMembers(body: Buffer): JsonMembers | undefined {
  const text = body.toString('utf8');
  let value: unknown;
  try {
    value = LONG_NUMBER.test(text) ? JSON.parse(text, keepExactNumbers) : JSON.parse(text);
  } catch {
    return undefined;
  }
  return isObject(value) ? new Map(Object.entries(value)) : undefined;
}

export const formatJsonMembers = (members: JsonMembers): string =>
  `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;

/** A list grows; a text or an object becomes the first of a list; a number, a boolean or null gives way to one. */
export function appendMember(members: JsonMembers, name: string, value: Json): void {
  const current = members.get(name);
  if (Array.isArray(current)) current.push(value);
  else if (typeof current === 'string' || (isObject(current) && !isRawJSON(current)))
    members.set(name, [current, value]);
  else members.set(name, [value]);
}

const LONG_NUMBER = /\d{16}|\d[eE.]/;

// `JSON.rawJSON` and the third argument of a reviver are in Node 22 and later, and not in the compiler's library yet.
const { rawJSON, isRawJSON } = JSON as unknown as { rawJSON(text: string): Json; isRawJSON(value: unknown): boolean };

function keepExactNumbers(this: unknown, _: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value;
}
