// Finds entities by what stands in a path: a UUID is always an id, anything else the entity's own key or, for an entity
// without one, the key of a child that is shown as part of it (a certificate by one of its SNIs).
import { isUuid } from '../lib/ids.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Entity, EntitySchema, ListField } from '../schema/define.ts';
import { schemaOf } from '../schema/schema-set.ts';
import { validateField } from '../schema/validate-field.ts';
import type { State } from '../state/state.ts';
import { entityNotFound, invalidPrimaryKey, invalidUnique, message, notFound, type Reply } from './reply.ts';

/** What a path segment identifies, in the form in which errors print it; what PUT by it sets. */
export interface Key {
  readonly by: 'id' | 'key' | 'child';
  readonly fields: JsonObject;
}

export type Located =
  | {
      readonly ok: true;
      readonly entity: Entity | undefined;
      readonly key: Key;
      /** The answer to a GET when there is none. */
      readonly missing: Reply;
    }
  | { readonly ok: false; readonly reply: Reply };

type ReadKey = { readonly ok: true; readonly key: Key } | { readonly ok: false; readonly reply: Reply };

const byId = (segment: string): ReadKey => ({ ok: true, key: { by: 'id', fields: { id: segment.toLowerCase() } } });

/** Reads a path segment as a key of this kind of entity; a key that its own field refuses is an error. */
function readKey(schema: EntitySchema, segment: string, name: string | undefined): ReadKey {
  if (isUuid(segment)) return byId(segment);
  if (name === undefined) return { ok: false, reply: invalidPrimaryKey({ id: 'expected a valid UUID' }) };
  const value = normalizeKey(schema, name, segment);
  const field = schema.fields[name]!;
  // Keys that are no more than a filter among the children of somebody find nothing.
  const wrong = field.unique === true ? validateField(field, value) : undefined;
  if (typeof wrong === 'string') return { ok: false, reply: invalidUnique(name, wrong) };
  return { ok: true, key: { by: 'key', fields: { [name]: value } } };
}

export function locate(state: State, schema: EntitySchema, segment: string): Located {
  const view = schema.endpoint_key === undefined ? childView(schema) : undefined;
  if (view !== undefined) return locateByChild(state, schema, view, segment);
  const read = readKey(schema, segment, schema.endpoint_key);
  if (!read.ok) return read;
  const [[name, value] = ['id', null]] = Object.entries(read.key.fields);
  const entity =
    read.key.by === 'id' ? state.get(schema.name, value as string) : state.find(schema.name, name, value as string);
  return { ok: true, entity, key: read.key, missing: notFound };
}

/** Only among the children of one parent. */
export function locateChild(
  state: State,
  schema: EntitySchema,
  field: string,
  parent: Entity,
  segment: string,
): Located {
  const read = readKey(schema, segment, schema.nested_key ?? schema.endpoint_key);
  if (!read.ok) return read;
  const [[name, value] = ['id', null]] = Object.entries(read.key.fields);
  if (read.key.by === 'id') {
    const found = state.get(schema.name, value as string);
    const reference = found?.[field] as { id?: string } | null | undefined;
    return { ok: true, entity: reference?.id === parent.id ? found : undefined, key: read.key, missing: notFound };
  }
  const entity = state.children(schema.name, field, parent.id).find((child) => child[name] === value);
  return { ok: true, entity, key: read.key, missing: notFound };
}

interface ChildView {
  readonly field: string;
  readonly children: NonNullable<ListField['children']>;
}

function childView(schema: EntitySchema): ChildView | undefined {
  for (const [field, definition] of Object.entries(schema.fields)) {
    if ((definition.type === 'array' || definition.type === 'set') && definition.children !== undefined) {
      return { field, children: definition.children };
    }
  }
  return undefined;
}

function locateByChild(state: State, schema: EntitySchema, view: ChildView, segment: string): Located {
  if (isUuid(segment)) {
    const fields = { id: segment.toLowerCase() };
    const entity = state.get(schema.name, fields.id);
    return { ok: true, entity, key: { by: 'id', fields }, missing: entityNotFound(fields) };
  }
  const { entity: kind, foreign, key: name } = view.children;
  const read = readKey(schemaOf(state.schemas, kind), segment, name);
  if (!read.ok) return read;
  const child = state.find(kind, name, segment);
  const owner = child?.[foreign] as { id: string } | null | undefined;
  return {
    ok: true,
    entity: owner === null || owner === undefined ? undefined : state.get(schema.name, owner.id),
    key: { by: 'child', fields: { [view.field]: [segment] } },
    missing: message(404, `${kind.replace(/s$/, '').toUpperCase()} not found`),
  };
}

/** The key in its stored form: a target's `host` means `host:8000`. */
function normalizeKey(schema: EntitySchema, name: string, segment: string): string {
  if (schema.normalize === undefined) return segment;
  const probe: JsonObject = { [name]: segment };
  schema.normalize(probe);
  return probe[name] as string;
}
