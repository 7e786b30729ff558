// The message of a request: variables of the path, the body where the rule names one, else the query's arguments.
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { QueryArguments } from '../../pdk/index.ts';
import type { Codec } from '../shared/grpc/codec.ts';
import type { ProtoField } from '../shared/grpc/proto-parser.ts';

export type Built =
  | { readonly ok: true; readonly message: JsonObject }
  | { readonly ok: false; readonly reason: string };

const MAX_DEPTH = 16;

export function buildMessage(
  codec: Codec,
  type: string,
  input: {
    readonly variables: readonly (readonly [path: readonly string[], value: string])[];
    readonly rule: string | undefined;
    readonly body: string;
    readonly query: QueryArguments;
  },
): Built {
  const { variables, rule, body, query } = input;
  const message: JsonObject = Object.create(null) as JsonObject;
  if (rule !== undefined && body !== '') {
    let value: Json;
    try {
      value = JSON.parse(body) as Json;
    } catch (error) {
      return { ok: false, reason: `decode json err: ${(error as Error).message}` };
    }
    if (rule !== '*') message[rule] = value;
    else if (!isObject(value)) return { ok: false, reason: 'body must be a table' };
    else Object.assign(message, value);
  } else if (rule === undefined) {
    for (const [name, value] of Object.entries(query))
      put(codec, type, message, name.split('.'), [value].flat().map(text));
  }
  for (const [path, value] of variables) put(codec, type, message, path, [value]);
  return { ok: true, message };
}

const text = (value: string | true): string => (value === true ? 'true' : value);

/** Names that the message does not have are left out. */
function put(codec: Codec, type: string, into: JsonObject, path: readonly string[], values: readonly string[]): void {
  if (path.length > MAX_DEPTH) return;
  const [name = '', ...rest] = path;
  const field = codec.field(type, name);
  if (field === undefined || field.mapKey !== undefined) return;
  if (rest.length > 0) {
    if (!codec.isMessage(field.type) || field.isRepeated) return;
    const known = into[field.name];
    const inner = isObject(known) ? known : (Object.create(null) as JsonObject);
    into[field.name] = inner;
    put(codec, field.type, inner, rest, values);
  } else
    into[field.name] = field.isRepeated ? values.map((value) => valueFor(field, value)) : valueFor(field, values[0]!);
}

const NUMBERS = new Set(['double', 'float', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32']);

function valueFor({ type }: ProtoField, value: string): Json {
  if (type === 'bool') return value !== '0' && value !== 'false';
  return NUMBERS.has(type) && value.trim() !== '' && !Number.isNaN(Number(value)) ? Number(value) : value;
}
