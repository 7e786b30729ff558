// Reads the body of a request: JSON as it is, forms with types inferred from the schema. Limits and forbidden keys are
// checked here, before anything else sees the value.
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { findForbiddenKey, isObject, type Json, type JsonObject } from '../lib/json.ts';
import { boundaryOf, parseMultipart } from '../lib/multipart.ts';
import type { Field, Fields } from '../schema/define.ts';
import { message, type Reply } from './reply.ts';

export type BodyResult =
  /** `text`: a body that is neither JSON nor a form. */
  { ok: true; value: JsonObject; isForm: boolean; text: string | undefined } | { ok: false; reply: Reply };

export interface BodyLimits {
  readonly bytes: number;
  /** Names, members and elements: each of them is judged, and meanwhile nothing else is done. */
  readonly values: number;
}

export const ENTITY_LIMITS: BodyLimits = { bytes: 10 * 1024 * 1024, values: 100_000 };
/** Whole configurations. */
export const DOCUMENT_LIMITS: BodyLimits = { bytes: 128 * 1024 * 1024, values: Number.POSITIVE_INFINITY };

const MAX_DEPTH = 64;
/** Lists may be long, but nothing has so many fields. */
const MAX_MEMBERS = 10_000;
const MAX_ARGUMENTS = 1000;

const TEXT_TYPES = ['application/yaml', 'text/yaml'];

/** What the head of a request says of its body. */
export interface BodyHead {
  readonly type: string | undefined;
  /** How often it says so. */
  readonly types: number;
}

export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<BodyResult> {
  const bytes = await collectBody(request, limits);
  return bytes === undefined ? tooLarge : parseBody(bytes, headOf(request), limits);
}

export const headOf = (request: IncomingMessage): BodyHead => ({
  type: request.headers['content-type'],
  types: countHeader(request, 'content-type'),
});

/** Undefined when it is too large. */
export const collectBody = (request: IncomingMessage, limits: BodyLimits): Promise<Buffer | undefined> =>
  collect(request, limits.bytes);

/** @param accepts `text`: YAML is taken too, and handed on as it is. */
export function parseBody(bytes: Buffer, { type, types }: BodyHead, limits: BodyLimits, accepts?: 'text'): BodyResult {
  if (types > 1) return refuse(400, 'Multiple Content-Type headers not allowed');
  if (type === undefined) return bytes.length === 0 ? taken({}, false) : refuse(415, 'Unsupported media type');
  if (type.startsWith('application/json')) return isUtf8(bytes) ? parseJson(bytes.toString('utf8'), limits) : noJson;
  if (type.startsWith('application/x-www-form-urlencoded')) return parseForm(bytes.toString('utf8'));
  if (type.startsWith('multipart/form-data')) return parseParts(bytes, type, limits);
  if (accepts === 'text' && TEXT_TYPES.some((one) => type.startsWith(one))) {
    return { ...taken({}, false), text: bytes.toString('utf8') };
  }
  return refuse(415, 'Unsupported media type');
}

const taken = (value: JsonObject, isForm: boolean) => ({ ok: true as const, value, isForm, text: undefined });

const countHeader = (request: IncomingMessage, name: string): number =>
  request.rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name).length;

const refuse = (status: number, text: string) => ({ ok: false as const, reply: message(status, text) });
export const tooLarge = refuse(413, 'Payload too large');
const unreadable = refuse(400, 'Cannot parse form body');
const tooMany = refuse(400, 'Too many arguments');
/** The reason would name offsets in the client's text; Kong's clients know one message. */
const noJson = refuse(400, 'Cannot parse JSON body');

async function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Read on, but keep nothing: the answer must reach a client that is still sending.
    if (size <= maxBytes) chunks.push(chunk);
    else if (size > maxBytes * 4) break;
  }
  return size > maxBytes ? undefined : Buffer.concat(chunks);
}

function parseJson(text: string, limits: BodyLimits): BodyResult {
  const excess = excessOf(text, limits);
  if (excess === 'depth') return noJson;
  if (excess === 'values') return refuse(413, `more than ${limits.values} values`);
  if (excess === 'members') return refuse(413, `more than ${MAX_MEMBERS} members of one object`);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // Whatever is wrong with it, it is no JSON.
    return noJson;
  }
  if (!isObject(value) || findForbiddenKey(value) !== undefined) return noJson;
  return SURROGATE_ESCAPE.test(text) && !isWellFormed(value) ? noJson : taken(value, false);
}

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/** Half of a surrogate pair is no character: it cannot be written as UTF-8. */
function isWellFormed(value: Json): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, item]) => name.isWellFormed() && isWellFormed(item));
}

/** Of what there is too much, told by brackets, commas and colons outside of strings, without building anything. */
function excessOf(text: string, { values }: BodyLimits): 'depth' | 'values' | 'members' | undefined {
  /** Names in each object that is open; lists have none. */
  const members = new Uint32Array(MAX_DEPTH + 1);
  let depth = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) i = endOfString(text, i);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH) return 'depth';
      members[depth] = 0;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
    else if (code === 0x2c || code === 0x3a) {
      if (++count > values) return 'values';
      if (code === 0x3a && ++members[depth]! > MAX_MEMBERS) return 'members';
    }
  }
  return undefined;
}

/** Where the quote is that ends it. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i += 1;
    else if (code === 0x22) return i;
  }
  return text.length;
}

/** `a.b=1`, `a[b]=1`, `a[]=x`, `a[1]=x` and repeated names nest; values stay text until `inferTypes`. */
function parseForm(text: string): BodyResult {
  if (hasMoreThan(MAX_ARGUMENTS, '&', text)) return tooMany;
  return nestPairs([...new URLSearchParams(text)]);
}

/** A part of JSON is a value; any other is a text. */
function parseParts(bytes: Buffer, type: string, limits: BodyLimits): BodyResult {
  const boundary = boundaryOf(type);
  // Each part has a delimiter before it, and one ends the last.
  if (boundary !== undefined && hasMoreThan(MAX_ARGUMENTS + 1, `--${boundary}`, bytes)) return tooMany;
  const parts = boundary === undefined ? undefined : parseMultipart(bytes, boundary);
  if (parts === undefined) return unreadable;
  const pairs: [string, Json][] = [];
  for (const { name, head, body } of parts) {
    if (name === undefined) continue;
    const text = body.toString('utf8');
    const path = Buffer.from(name, 'latin1').toString('utf8');
    if (!/^content-type:[ \t]*application\/json/im.test(head)) {
      pairs.push([path, text]);
      continue;
    }
    const value = parseJson(`{"value":${text}}`, limits);
    if (!value.ok) return value;
    pairs.push([path, value.value['value'] ?? null]);
  }
  return nestPairs(pairs);
}

function hasMoreThan(count: number, needle: string, text: string | Buffer): boolean {
  let at = text.indexOf(needle);
  for (let found = 0; at >= 0; at = text.indexOf(needle, at + 1)) if (++found > count) return true;
  return false;
}

function nestPairs(pairs: readonly [string, Json][]): BodyResult {
  if (pairs.length > MAX_ARGUMENTS) return tooMany;
  const root: JsonObject = {};
  for (const [name, value] of pairs) {
    if (hasMoreThan(MAX_DEPTH, '.', name) || hasMoreThan(MAX_DEPTH, '[', name)) return unreadable;
    const path = splitName(name);
    if (path.length > MAX_DEPTH) return unreadable;
    setAt(root, path, value);
  }
  return findForbiddenKey(root) === undefined ? taken(root, true) : unreadable;
}

/** `a.b[c.d][].e` is a, b, c.d, the next free place, e. */
const splitName = (name: string): string[] =>
  [...name.matchAll(/\[([^\]]*)\]|([^.[]+)/g)].map(([, bracketed, plain]) => bracketed ?? plain!);

function setAt(root: JsonObject, path: readonly string[], value: Json): void {
  let node = root;
  for (const [i, raw] of path.entries()) {
    const key = raw === '' ? String(Object.keys(node).length + 1) : raw;
    if (i < path.length - 1) {
      const next = Object.hasOwn(node, key) ? node[key] : undefined;
      const child: JsonObject = isObject(next) ? next : {};
      defineKey(node, key, child);
      node = child;
      continue;
    }
    const current = Object.hasOwn(node, key) ? node[key] : undefined;
    defineKey(node, key, current === undefined ? value : [...(Array.isArray(current) ? current : [current]), value]);
  }
}

/** Sets an own property even for `__proto__`, so that the check for forbidden keys sees it. */
const defineKey = (node: JsonObject, key: string, value: Json): void => {
  Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true });
};

/** Gives the texts of a form the types that the fields ask for; what does not fit stays text and is refused later. */
export function inferTypes(fields: Fields, value: JsonObject): JsonObject {
  const typed: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    typed[key] = field === undefined ? item : inferField(field, item);
  }
  return typed;
}

function inferNumber(value: Json): Json {
  if (typeof value !== 'string' || value.trim() === '') return value;
  const number = Number(value);
  return Number.isFinite(number) ? number : value;
}

function inferField(field: Field, value: Json): Json {
  if (value === '') return null;
  switch (field.type) {
    case 'number':
    case 'integer':
      return inferNumber(value);
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : value;
    case 'array':
    case 'set': {
      const items = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [value];
      return items.map((item) => inferField(field.elements, item));
    }
    case 'record':
      return isObject(value) ? inferTypes(field.fields, value) : value;
    case 'map':
      return isObject(value)
        ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inferField(field.values, item)]))
        : value;
    default:
      return value;
  }
}
