// Answers of the Admin API: plain messages and the error envelope with its codes (Kong's Admin API, error codes 1–19).
import type { Json, JsonObject } from '../lib/json.ts';
import type { EntitySchema, ErrorTree } from '../schema/define.ts';
import { describeErrors } from '../schema/validate.ts';
import type { Violation } from '../state/violation.ts';

export interface Reply {
  readonly status: number;
  /** A value, or what is sent as it is: a text or its bytes. */
  readonly body?: Json | string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ok = (body: Json): Reply => ({ status: 200, body });
export const created = (body: Json): Reply => ({ status: 201, body });
export const noContent: Reply = { status: 204 };
export const message = (status: number, text: string): Reply => ({ status, body: { message: text } });
export const notFound: Reply = message(404, 'Not found');
export const methodNotAllowed: Reply = message(405, 'Method not allowed');

/** `{id="…"}`: keys sorted, texts quoted, unset members as null. */
export function showKey(key: JsonObject): string {
  const parts = Object.keys(key)
    .sort()
    .map((name) => `${name}=${showValue(key[name] as Json)}`);
  return `{${parts.join(',')}}`;
}

const showValue = (value: Json): string =>
  typeof value === 'string'
    ? `"${value}"`
    : typeof value === 'object' && value !== null && !Array.isArray(value)
      ? showKey(value)
      : String(value);

const envelope = (status: number, code: number, name: string, text: string, rest: JsonObject = {}): Reply => ({
  status,
  body: { code, name, message: text, ...rest },
});

export const schemaViolation = (errors: ErrorTree): Reply =>
  envelope(400, 2, 'schema violation', describeErrors(errors), { fields: errors as JsonObject });

export const invalidPrimaryKey = (errors: JsonObject): Reply =>
  envelope(400, 1, 'invalid primary key', `invalid primary key: '${showKey(errors)}'`, { fields: errors });

export const invalidUnique = (field: string, text: string): Reply => envelope(400, 10, `invalid unique ${field}`, text);

export const invalidOffset = (offset: string, reason: string): Reply =>
  envelope(400, 7, 'invalid offset', `'${offset}' is not a valid offset: ${reason}`);

export const invalidSize = (text: string): Reply => envelope(400, 9, 'invalid size', text);

export const invalidOptions = (options: Record<string, string>): Reply => {
  const parts = Object.keys(options)
    .sort()
    .map((name) => `${name}: ${options[name]}`);
  const noun = parts.length === 1 ? 'invalid option' : `${parts.length} option violations`;
  return envelope(400, 11, 'invalid options', `${noun} (${parts.join('; ')})`, { options });
};

export const entityNotFound = (key: JsonObject): Reply => {
  const by = 'id' in key ? 'primary key ' : '';
  return envelope(404, 6, 'not found', `could not find the entity with ${by}'${showKey(key)}'`, { fields: key });
};

export const referencedByOthers = (text: string): Reply => envelope(400, 19, 'referenced by others', text);

export const unsupportedText = (text: string): Reply => envelope(405, 12, 'operation unsupported', text);

/** A write of a single entity where the configuration is one piece. @param key what it was asked for by. */
export const unsupported = (verb: string, schema: EntitySchema, key: JsonObject): Reply => {
  const name = Object.keys(key).find((field) => schema.fields[field]?.unique === true);
  const by = name === undefined ? '' : ` by '${name}'`;
  return unsupportedText(`cannot ${verb} '${schema.name}' entities${by} when not using a database`);
};

export const foreignUnresolved = (
  unresolved: readonly { field: string; key: JsonObject; reference: string }[],
): Reply => {
  const fields: JsonObject = {};
  const parts = unresolved.map(({ field, key, reference }) => {
    const [name = ''] = Object.keys(key);
    const text = `the foreign key cannot be resolved with '${showKey(key)}' for an existing '${reference}' entity`;
    fields[field] = { [name]: text };
    return `${field}.${name}: ${text}`;
  });
  const noun = parts.length === 1 ? 'foreign key unresolved' : `${parts.length} foreign keys unresolved`;
  return envelope(400, 13, 'foreign keys unresolved', `${noun} (${parts.join('; ')})`, { fields });
};

/** A change that the state refused. */
export function violationReply(violation: Violation): Reply {
  switch (violation.code) {
    case 'primary_key': {
      const text = `primary key violation on key '${showKey(violation.key)}'`;
      return envelope(400, 3, 'primary key violation', text, { fields: violation.key });
    }
    case 'unique': {
      const text = `UNIQUE violation detected on '${showKey(violation.key)}'`;
      return envelope(409, 5, 'unique constraint violation', text, { fields: violation.key });
    }
    case 'foreign': {
      const text = `the foreign key '${showKey(violation.key)}' does not reference an existing '${violation.reference}' entity.`;
      return envelope(400, 4, 'foreign key violation', text, { fields: { [violation.field]: violation.key } });
    }
    case 'referenced': {
      const text = `an existing '${violation.by}' entity references this '${violation.kind}' entity`;
      return envelope(400, 4, 'foreign key violation', text, { fields: { '@referenced_by': violation.by } });
    }
    case 'not_found':
      return entityNotFound(violation.key);
  }
}
