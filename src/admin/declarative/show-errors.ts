// A tree of errors in the notation that clients of Kong know from messages: `{services={[2]={port="…"}}}` on one line,
// and as a list with an entry for each entity that is wrong.
import { isUuid } from '../../lib/ids.ts';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { ErrorNode, ErrorTree } from '../../schema/define.ts';
import { checkName, checkTag } from '../../schema/formats.ts';
import type { Failed } from './build.ts';

export function showTree(node: ErrorNode | null): string {
  if (typeof node === 'string') return JSON.stringify(node).replaceAll('\\\\', '\\');
  if (node === null) return 'nil';
  if (Array.isArray(node)) {
    const hasHole = node.includes(null);
    const parts = node.flatMap((item, i) =>
      item === null ? [] : [`${hasHole ? `[${i + 1}]=` : ''}${showTree(item)}`],
    );
    return `{${parts.join(',')}}`;
  }
  const parts = Object.keys(node)
    .sort()
    .map((key) => `${/^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? key : `["${key}"]`}=${showTree(node[key]!)}`);
  return `{${parts.join(',')}}`;
}

/** One entry for an entity: what it is, as written, and its errors by dotted field. */
export function flatten({ entity, errors }: Failed): JsonObject {
  const { schema, fields, parent } = entity;
  const shown: JsonObject = { ...fields };
  const parentId = parent?.entity.fields['id'];
  if (parent !== undefined && typeof parentId === 'string' && isUuid(parentId)) shown[parent.field] = { id: parentId };
  const entry: JsonObject = { entity_type: schema.name.replace(/s$/, '') };
  const { id, name, tags } = fields;
  if (typeof id === 'string' && isUuid(id)) entry['entity_id'] = id;
  if (typeof name === 'string' && checkName(name) === undefined) entry['entity_name'] = name;
  if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string' && checkTag(tag) === undefined)) {
    entry['entity_tags'] = tags;
  }
  return { ...entry, entity: shown, errors: flattenErrors(errors) };
}

function flattenErrors(errors: ErrorTree): Json[] {
  const list: Json[] = [];
  const visit = (node: ErrorNode | null, path: readonly string[]): void => {
    if (node === null) return;
    if (typeof node === 'string') list.push({ type: 'field', field: path.join('.'), message: node });
    else if (Array.isArray(node)) {
      node.forEach((item, i) => {
        visit(item, [...path, String(i + 1)]);
      });
    } else if (isObject(node)) {
      for (const [key, item] of Object.entries(node)) {
        if (key !== '@entity') visit(item as ErrorNode, [...path, key]);
        else for (const text of item as string[]) list.push({ type: 'entity', message: text });
      }
    }
  };
  visit(errors, []);
  return list;
}
