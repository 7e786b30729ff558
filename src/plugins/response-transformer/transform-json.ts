// Rules for the members of a JSON object, at its top level only. Members that no rule names keep their exact value and
// their place; new ones follow at the end.
import { appendMember, formatJsonMembers, type JsonMembers, parseJsonMembers } from '../shared/json-body.ts';
import type { JsonRules } from './rules.ts';

/** The new body; undefined when it is not a JSON object. */
export function transformJson(body: Buffer, rules: JsonRules): Buffer | undefined {
  const members = parseJsonMembers(body);
  if (members === undefined) return undefined;
  for (const name of rules.remove) members.delete(name);
  for (const { name, value: newName } of rules.rename) rename(members, name, newName);
  for (const { name, value } of rules.replace) if (isThere(members, name)) members.set(name, value);
  for (const { name, value } of rules.add) if (!isThere(members, name)) members.set(name, value);
  for (const { name, value } of rules.append) appendMember(members, name, value);
  return Buffer.from(formatJsonMembers(members), 'utf8');
}

const JSON_TYPE = /^application\/(?:json|[^\s;,/]{1,100}\+json)$/;

/** Of the types in a Content-Type header, is one JSON? */
export const isJsonType = (contentType = ''): boolean =>
  contentType.split(',').some((part) => JSON_TYPE.test(part.split(';', 1)[0]!.trim().toLowerCase()));

function rename(members: JsonMembers, name: string, newName: string): void {
  const value = members.get(name);
  if (value === undefined || name === newName) return;
  members.delete(name);
  members.set(newName, value);
}

/** A member that is false counts as missing. */
function isThere(members: JsonMembers, name: string): boolean {
  const value = members.get(name);
  return value !== undefined && value !== 'false';
}
