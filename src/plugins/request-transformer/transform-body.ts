// Body rules, for the three formats that have named fields. A body that is not what its type says goes on as it is, and so
// does one in which no rule found anything to change.
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import { formatArguments, parseArguments } from '../../lib/form-arguments.ts';
import { boundaryOf, formatMultipart, type Part, parseMultipart, renamePart, textPart } from '../../lib/multipart.ts';
import { appendMember, formatJsonMembers, type JsonMembers, parseJsonMembers } from '../shared/json-body.ts';
import type { Rules } from './rules.ts';
import { transformArguments } from './transform-arguments.ts';

export type BodyFormat = 'json' | 'multipart' | 'form';

/** The new body, nothing when it stays as it is, or `too many fields`. */
export type Transformed = Uint8Array | string | undefined | typeof TOO_MANY;
export const TOO_MANY: unique symbol = Symbol('too many fields');

export const MAX_FIELDS = 10_000;

export function bodyFormat(contentType: string | undefined): BodyFormat | undefined {
  if (contentType === undefined) return undefined;
  const type = contentType.toLowerCase();
  if (type.includes('application/json')) return 'json';
  if (type.includes('multipart/form-data')) return 'multipart';
  return type.includes('application/x-www-form-urlencoded') ? 'form' : undefined;
}

export function transformBody(format: BodyFormat, contentType: string, body: Buffer, rules: Rules): Transformed {
  if (format === 'json') return transformJson(body, rules);
  return format === 'form' ? transformForm(body, rules) : transformMultipart(contentType, body, rules);
}

function transformForm(body: Buffer, rules: Rules): Transformed {
  const fields = parseArguments(body.toString('latin1'), MAX_FIELDS);
  if (fields === undefined) return TOO_MANY;
  return transformArguments(fields, rules) ? Buffer.from(formatArguments(fields), 'latin1') : undefined;
}

function transformJson(body: Buffer, rules: Rules): Transformed {
  const members: JsonMembers | undefined = body.length === 0 ? new Map() : parseJsonMembers(body);
  return members !== undefined && changeMembers(members, rules) ? formatJsonMembers(members) : undefined;
}

const jsonText = (value: string): string => JSON.stringify(bytesToUtf8(value));

/** Values are texts; a member that is false counts as missing. */
function changeMembers(members: JsonMembers, rules: Rules): boolean {
  let isChanged = false;
  const set = (name: string, value: string): void => {
    members.set(bytesToUtf8(name), jsonText(value));
    isChanged = true;
  };
  const isThere = (name: string): boolean => {
    const value = members.get(bytesToUtf8(name));
    return value !== undefined && value !== 'false';
  };
  for (const name of rules.remove) if (members.delete(bytesToUtf8(name))) isChanged = true;
  for (const { name, value: newName } of rules.rename) {
    const value = members.get(bytesToUtf8(name));
    if (value === undefined || name === newName) continue;
    members.delete(bytesToUtf8(name));
    members.set(bytesToUtf8(newName), value);
    isChanged = true;
  }
  for (const { name, value } of rules.replace) if (isThere(name)) set(name, value);
  for (const { name, value } of rules.add) if (!isThere(name)) set(name, value);
  for (const { name, value } of rules.append) appendMember(members, bytesToUtf8(name), jsonText(value));
  return isChanged || rules.append.length > 0;
}

/** Renames before it removes; appending to a multipart field is not defined. */
function transformMultipart(contentType: string, body: Buffer, rules: Rules): Transformed {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return undefined;
  const received = body.length === 0 ? [] : parseMultipart(body, boundary);
  if (received === undefined) return undefined;
  let parts: Part[] = received;
  let isChanged = false;
  const has = (name: string): boolean => parts.some((part) => part.name === name);
  const drop = (name: string): void => {
    parts = parts.filter((part) => part.name !== name);
    isChanged = true;
  };
  for (const { name, value: newName } of rules.rename) {
    if (name === newName || !has(name)) continue;
    drop(newName);
    parts = parts.map((part) => (part.name === name ? renamePart(part, newName) : part));
  }
  for (const name of rules.remove) if (has(name)) drop(name);
  for (const { name, value } of rules.replace) {
    if (!has(name)) continue;
    const at = parts.findIndex((part) => part.name === name);
    drop(name);
    parts.splice(at, 0, textPart(name, value));
  }
  for (const { name, value } of rules.add) {
    if (has(name)) continue;
    parts.push(textPart(name, value));
    isChanged = true;
  }
  return isChanged ? formatMultipart(parts, boundary) : undefined;
}
