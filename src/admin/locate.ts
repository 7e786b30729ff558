// Finds entities by what stands in a path: a UUID is always an id, anything else the entity's endpoint key.
import { isUuid } from '../lib/ids.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Entity, EntitySchema } from '../schema/define.ts';
import { validateField } from '../schema/validate-field.ts';
import type { State } from '../state/state.ts';
import { invalidPrimaryKey, invalidUnique, type Reply } from './reply.ts';

/** What a path segment identifies, in the form in which errors print it. */
export type Key = { readonly by: 'id' | 'key'; readonly fields: JsonObject };
export type Located = { ok: true; entity: Entity | undefined; key: Key } | { ok: false; reply: Reply };

/** Reads a path segment as a key of this kind of entity; a key that its own field refuses is an error. */
export function readKey(schema: EntitySchema, segment: string): { ok: true; key: Key } | { ok: false; reply: Reply } {
  if (isUuid(segment)) return { ok: true, key: { by: 'id', fields: { id: segment.toLowerCase() } } };
  const name = schema.endpoint_key;
  if (name === undefined) return { ok: false, reply: invalidPrimaryKey({ id: 'expected a valid UUID' }) };
  const value = normalizeKey(schema, name, segment);
  const wrong = validateField(schema.fields[name]!, value);
  if (typeof wrong === 'string') return { ok: false, reply: invalidUnique(name, wrong) };
  return { ok: true, key: { by: 'key', fields: { [name]: value } } };
}

export function locate(state: State, schema: EntitySchema, segment: string): Located {
  const read = readKey(schema, segment);
  if (!read.ok) return read;
  return { ok: true, entity: findByKey(state, schema, read.key), key: read.key };
}

/** Only among the children of one parent. */
export function locateChild(
  state: State,
  schema: EntitySchema,
  field: string,
  parent: Entity,
  segment: string,
): Located {
  const read = readKey(schema, segment);
  if (!read.ok) return read;
  const [[name, value] = ['id', null]] = Object.entries(read.key.fields);
  if (read.key.by === 'id') {
    const entity = state.get(schema.name, value as string);
    const reference = entity?.[field] as { id?: string } | null | undefined;
    return { ok: true, entity: reference?.id === parent.id ? entity : undefined, key: read.key };
  }
  const entity = state.children(schema.name, field, parent.id).find((child) => child[name] === value);
  return { ok: true, entity, key: read.key };
}

export function findByKey(state: State, schema: EntitySchema, key: Key): Entity | undefined {
  const [[name, value] = ['id', null]] = Object.entries(key.fields);
  return key.by === 'id' ? state.get(schema.name, value as string) : state.find(schema.name, name, value as string);
}

/** The key in its stored form: a target's `host` means `host:8000`. */
function normalizeKey(schema: EntitySchema, name: string, segment: string): string {
  if (schema.normalize === undefined) return segment;
  const probe: JsonObject = { [name]: segment };
  schema.normalize(probe);
  return probe[name] as string;
}
