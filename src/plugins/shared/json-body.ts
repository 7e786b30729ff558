// JSON objects in bodies, changed at the top level only. A member is its name and the text of its value, as it came: what
// nobody changes goes on digit by digit, and a large body costs no more than to be looked over.
import { isObject } from '../../lib/json.ts';

/** By name, in order: the JSON text of each value. A name is never mistaken for a property. */
export type JsonMembers = Map<string, string>;

/** Undefined unless the text is one JSON object. */
export function parseJsonMembers(body: Buffer): JsonMembers | undefined {
  const text = body.toString('utf8');
  try {
    if (!isObject(JSON.parse(text))) return undefined;
  } catch {
    return undefined;
  }
  // From here on the text is known to be JSON: a quote behind the brace or behind a value begins a name.
  const members: JsonMembers = new Map();
  let end = text.indexOf('{') + 1;
  for (let start = text.indexOf('"', end); start >= 0; start = text.indexOf('"', end)) {
    const nameEnd = endOfText(text, start);
    const colon = text.indexOf(':', nameEnd);
    end = endOfValue(text, colon + 1);
    members.set(JSON.parse(text.slice(start, nameEnd)) as string, text.slice(colon + 1, end).trim());
  }
  return members;
}

export const formatJsonMembers = (members: JsonMembers): string =>
  `{${[...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;

/**
 * A list grows; a text or an object becomes the first of a list; a number, a boolean or null gives way to one.
 * @param value JSON
 */
export function appendMember(members: JsonMembers, name: string, value: string): void {
  members.set(name, `[${[...itemsOf(members.get(name) ?? ''), value].join(',')}]`);
}

/** What stays in a list to which something is appended; all items of a list are one text. */
function itemsOf(value: string): string[] {
  if (value.startsWith('"') || value.startsWith('{')) return [value];
  const items = value.startsWith('[') ? value.slice(1, -1).trim() : '';
  return items === '' ? [] : [items];
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const isOpening = (code: number): boolean => code === 0x5b || code === 0x7b;
const isClosing = (code: number): boolean => code === 0x5d || code === 0x7d;

/** Behind the closing quote. @param start of the opening one */
function endOfText(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return json.length;
}

/** Behind the value, or in front of what follows it. */
function endOfValue(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfText(json, at) - 1;
      if (depth === 0) return at + 1;
    } else if (isOpening(code)) depth += 1;
    else if (isClosing(code)) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (code === COMMA && depth === 0) return at;
  }
  return json.length;
}
