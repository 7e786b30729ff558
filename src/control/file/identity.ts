// Ids of entities that have none in the file. Deterministic: the same file gives the same ids everywhere (UUID version 5,
// by the rules of Kong's DB-less mode). From the current state: what has the same natural key lends its id; the rest is
// random. An id written in the file always wins.
import { newUuid } from '../../lib/ids.ts';
import { canonicalJson, isObject, type Json, type JsonObject } from '../../lib/json.ts';
import { normalizeForCompare } from '../../schema/compare.ts';
import type { Entity, EntitySchema, Field, Fields } from '../../schema/define.ts';
import type { State } from '../../state/state.ts';
import { identityOf } from './grammar.ts';

export { createDeterministicIds } from '../../state/deterministic-ids.ts';

/** The natural keys of an entity as texts, the preferred first; a key takes part when any of its fields is set. */
export function naturalKeys(schema: EntitySchema, entity: JsonObject): string[] {
  const keys: string[] = [];
  for (const [i, fields] of identityOf(schema).entries()) {
    const values = fields.map((name) => scalar(entity[name]));
    if (values.some((value) => value !== '')) keys.push(`${i}\u0000${values.join('\u0000')}`);
  }
  return keys;
}

const scalar = (value: Json | undefined): string =>
  value === null || value === undefined ? '' : isObject(value) ? String(value['id'] ?? '') : String(value);

export interface CurrentIndex {
  /** The entity that the gateway has under one of the natural keys of this one. */
  find(schema: EntitySchema, entity: JsonObject): Entity | undefined;
  /** For an entity without any natural key: one on the gateway that is the same in all but its id. Answered once. */
  takeEqual(schema: EntitySchema, fields: Fields, entity: JsonObject): Entity | undefined;
}

/** @param claimed ids that the files give to entities themselves. */
export function indexCurrent(state: State, claimed: ReadonlySet<string>): CurrentIndex {
  const tables = new Map<string, Map<string, Entity>>();
  const lent = new Set<string>();
  const nameless = new Map<string, Map<string, Entity[]>>();
  const tableOf = (schema: EntitySchema): Map<string, Entity> => {
    let table = tables.get(schema.name);
    if (table === undefined) {
      table = new Map();
      for (const entity of state.list(schema.name)) {
        for (const key of naturalKeys(schema, entity)) if (!table.has(key)) table.set(key, entity);
      }
      tables.set(schema.name, table);
    }
    return table;
  };
  return {
    find(schema, entity) {
      const table = tableOf(schema);
      for (const key of naturalKeys(schema, entity)) {
        const found = table.get(key);
        // Each lends its id once, and not at all when a file gives it to another.
        if (found === undefined || claimed.has(found.id) || lent.has(found.id)) continue;
        lent.add(found.id);
        return found;
      }
      return undefined;
    },
    takeEqual(schema, fields, entity) {
      let table = nameless.get(schema.name);
      if (table === undefined) {
        const entities = state
          .list(schema.name)
          .filter((item) => naturalKeys(schema, item).length === 0 && !claimed.has(item.id));
        table = Map.groupBy(entities, (item) => contentOf(fields, item));
        nameless.set(schema.name, table);
      }
      return table.get(contentOf(fields, entity))?.shift();
    },
  };
}

/** Everything but the id, in a form in which equal entities have equal texts. */
const contentOf = (fields: Fields, entity: JsonObject): string => {
  const { id: _id, ...rest } = normalizeForCompare(fields, entity);
  return canonicalJson(rest);
};

/** A random id for what the gateway does not have. */
export const createRandomId = (): string => newUuid();

/** Takes over what the gateway made by itself and the file leaves open: automatic values, at any depth of records. */
export function lendAutomatic(fields: Fields, written: JsonObject, entity: JsonObject, current: JsonObject): void {
  for (const [name, field] of Object.entries(fields)) {
    const value = current[name];
    if (value === undefined || value === null || name === 'id' || name === 'updated_at') continue;
    const own = written[name];
    if (isAutomatic(field) && (own === undefined || own === null)) entity[name] = value;
    else if (field.type === 'record' && isObject(value) && isObject(entity[name])) {
      lendAutomatic(field.fields, isObject(own) ? own : {}, entity[name], value);
    }
  }
}

const isAutomatic = (field: Field): boolean => field.auto === true;
