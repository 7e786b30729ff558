// Fields of request bodies by name: urlencoded forms, JSON objects and multipart forms look the same to who asks.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { type ArgumentValue, argumentValues, formatSorted, parseArguments } from '../../lib/form-arguments.ts';
import { boundaryOf, formatMultipart, parseMultipart } from '../../lib/multipart.ts';
import { formatJsonMembers, parseJsonMembers } from './json-body.ts';

export const DUPLICATE: unique symbol = Symbol('more than one value');
export const UNUSABLE: unique symbol = Symbol('there, but not a text');
/** Undefined when the place does not have the name at all. */
export type Found = string | typeof DUPLICATE | typeof UNUSABLE | undefined;

/** A request body in which fields can be looked up by name. Values are byte text, as in headers and queries. */
export interface BodyFields {
  find(name: string): Found;
  /** The body without that field, in its own format; undefined when there is nothing to remove. */
  without(name: string): Uint8Array | string | undefined;
}

const MAX_FIELDS = 1000;

export const inQuery = (rawQuery: string, name: string): Found => only(argumentValues(rawQuery, name));

/** Can a body of this type have fields? */
export const hasFields = (contentType: string | undefined): boolean =>
  contentType !== undefined && READERS[mediaType(contentType)] !== undefined;

/** Undefined when the body is not what its content type says. */
export const readBodyFields = (contentType: string, bytes: Buffer): BodyFields | undefined =>
  READERS[mediaType(contentType)]?.(bytes, contentType);

const mediaType = (contentType: string): string => contentType.split(';', 1)[0]!.trim().toLowerCase();

type Reader = (bytes: Buffer, contentType: string) => BodyFields | undefined;

const READERS: Readonly<Record<string, Reader | undefined>> = Object.assign(Object.create(null), {
  'application/x-www-form-urlencoded': readForm,
  'application/json': readJson,
  'multipart/form-data': readMultipart,
} satisfies Record<string, Reader>);

function only(values: readonly ArgumentValue[]): Found {
  if (values.length === 0) return undefined;
  if (values.length > 1) return DUPLICATE;
  return values[0] === true ? UNUSABLE : values[0];
}

function readForm(bytes: Buffer): BodyFields | undefined {
  const fields = parseArguments(bytes.toString('latin1'), MAX_FIELDS);
  if (fields === undefined) return undefined;
  return {
    find: (name) => only(fields.get(name) ?? []),
    without: (name) => (fields.delete(name) ? Buffer.from(formatSorted(fields), 'latin1') : undefined),
  };
}

function readJson(bytes: Buffer): BodyFields | undefined {
  const members = parseJsonMembers(bytes);
  if (members === undefined) return undefined;
  return {
    find(name) {
      const value = members.get(name);
      if (value === undefined) return undefined;
      if (value.startsWith('[')) return DUPLICATE;
      return value.startsWith('"') ? utf8ToBytes(JSON.parse(value) as string) : UNUSABLE;
    },
    without: (name) => (members.delete(name) ? formatJsonMembers(members) : undefined),
  };
}

function readMultipart(bytes: Buffer, contentType: string): BodyFields | undefined {
  const boundary = boundaryOf(contentType);
  const parts = boundary === undefined ? undefined : parseMultipart(bytes, boundary);
  if (boundary === undefined || parts === undefined) return undefined;
  return {
    find(name) {
      const named = parts.filter((part) => part.name === name);
      if (named.length > 1) return DUPLICATE;
      return named[0]?.body.toString('latin1');
    },
    without(name) {
      const kept = parts.filter((part) => part.name !== name);
      return kept.length === parts.length ? undefined : formatMultipart(kept, boundary);
    },
  };
}
