// One kind of entity with its indexes: by id, by each unique field, by each tuple that must be unique, by each parent.
// Tables are immutable; a draft gathers changes and becomes the next table.

import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { LayeredMap } from '../lib/layered-map.ts';
import type { Entity, EntitySchema } from '../schema/define.ts';
import { foreignFields } from '../schema/schema-set.ts';
import type { Violation } from './violation.ts';

/** What the schema says about keys, read once. */
export interface TableShape {
  readonly schema: EntitySchema;
  /** Each entry is a unique key: one field, or the fields of a tuple. */
  readonly uniqueKeys: readonly (readonly string[])[];
  readonly foreign: readonly { readonly field: string; readonly reference: string; readonly cascade: boolean }[];
}

export function shapeOf(schema: EntitySchema): TableShape {
  const uniqueKeys: string[][] = [];
  for (const [name, field] of Object.entries(schema.fields)) if (field.unique === true) uniqueKeys.push([name]);
  if (schema.cache_key !== undefined && schema.cache_key.length > 1) {
    uniqueKeys.push([...schema.cache_key, ...(schema.cache_key_extra ?? [])]);
  }
  const foreign = foreignFields(schema).map(([field, definition]) => ({
    field,
    reference: definition.reference,
    cascade: definition.on_delete === 'cascade',
  }));
  return { schema, uniqueKeys, foreign };
}

/** The text under which an entity stands in a unique index; undefined when it does not take part (a single null). */
export function uniqueText(key: readonly string[], entity: JsonObject): string | undefined {
  if (key.length === 1) {
    const value = entity[key[0]!];
    return value === null || value === undefined ? undefined : scalarText(value);
  }
  return key.map((name) => scalarText(entity[name] ?? null)).join('\u0000');
}

const scalarText = (value: Json): string =>
  isObject(value) ? String(value['id'] ?? '') : value === null ? '\u0001' : String(value);

export const foreignId = (entity: JsonObject, field: string): string | undefined => {
  const value = entity[field];
  return isObject(value) && typeof value['id'] === 'string' ? value['id'] : undefined;
};

const FEW_CHANGES = 64;

/** Where an id stands, or would have to be put, in a list by id. */
function placeOf(sorted: readonly Entity[], id: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Table {
  readonly shape: TableShape;
  readonly byId: LayeredMap<Entity>;
  readonly unique: readonly LayeredMap<string>[];
  readonly children: readonly LayeredMap<readonly string[]>[];
  #sorted: readonly Entity[] | undefined;

  /** @param sorted the entities by id, when they are known already. */
  constructor(
    shape: TableShape,
    byId: LayeredMap<Entity> = new LayeredMap(),
    unique: readonly LayeredMap<string>[] = shape.uniqueKeys.map(() => new LayeredMap()),
    children: readonly LayeredMap<readonly string[]>[] = shape.foreign.map(() => new LayeredMap()),
    sorted?: readonly Entity[],
  ) {
    this.shape = shape;
    this.byId = byId;
    this.unique = unique;
    this.children = children;
    this.#sorted = sorted;
  }

  /** The sorted list after a few changes, when this table has made its own: sorting anew would cost a write its time. */
  sortedWith(changes: ReadonlyMap<string, Entity | undefined>): readonly Entity[] | undefined {
    if (this.#sorted === undefined || changes.size > FEW_CHANGES) return undefined;
    const sorted = [...this.#sorted];
    for (const [id, entity] of changes) {
      const at = placeOf(sorted, id);
      const isThere = sorted[at]?.id === id;
      if (entity !== undefined) sorted.splice(at, isThere ? 1 : 0, entity);
      else if (isThere) sorted.splice(at, 1);
    }
    return sorted;
  }

  /** By id ascending; computed once a version. */
  sorted(): readonly Entity[] {
    this.#sorted ??= [...this.byId.values()].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    return this.#sorted;
  }
}

/** Changes to one table that are not visible to anybody yet. */
export class TableDraft {
  readonly shape: TableShape;
  readonly #table: Table;
  readonly #byId = new Map<string, Entity | undefined>();
  readonly #unique: Map<string, string | undefined>[];
  readonly #children: Map<string, string[] | undefined>[];

  constructor(table: Table) {
    this.#table = table;
    this.shape = table.shape;
    this.#unique = table.shape.uniqueKeys.map(() => new Map());
    this.#children = table.shape.foreign.map(() => new Map());
  }

  /** Ids that were written or removed, in the order of the last time. */
  touched(): string[] {
    return [...this.#byId.keys()];
  }

  get(id: string): Entity | undefined {
    return this.#byId.has(id) ? this.#byId.get(id) : this.#table.byId.get(id);
  }

  findUnique(keyIndex: number, text: string): string | undefined {
    const changes = this.#unique[keyIndex]!;
    return changes.has(text) ? changes.get(text) : this.#table.unique[keyIndex]!.get(text);
  }

  childIds(foreignIndex: number, parent: string): readonly string[] {
    return this.#children[foreignIndex]!.get(parent) ?? this.#table.children[foreignIndex]!.get(parent) ?? [];
  }

  /** Sets an entity, new or changed; answers the clash when a unique key is taken. */
  put(entity: Entity): Violation | undefined {
    const before = this.get(entity.id);
    for (const [i, key] of this.shape.uniqueKeys.entries()) {
      const text = uniqueText(key, entity);
      const holder = text === undefined ? undefined : this.findUnique(i, text);
      if (holder === undefined || holder === entity.id) continue;
      const clash: JsonObject = {};
      const extra = this.shape.schema.cache_key_extra;
      for (const name of key) {
        const value = entity[name] ?? null;
        if (value !== null || extra?.includes(name) !== true) clash[name] = value;
      }
      return { code: 'unique', kind: this.shape.schema.name, key: clash, holder };
    }
    if (before !== undefined) this.#unindex(before);
    this.#note(entity.id, entity);
    for (const [i, key] of this.shape.uniqueKeys.entries()) {
      const text = uniqueText(key, entity);
      if (text !== undefined) this.#unique[i]!.set(text, entity.id);
    }
    for (const [i, { field }] of this.shape.foreign.entries()) {
      const parent = foreignId(entity, field);
      if (parent !== undefined) this.#ownChildren(i, parent).push(entity.id);
    }
    return undefined;
  }

  remove(id: string): void {
    const before = this.get(id);
    if (before === undefined) return;
    this.#unindex(before);
    this.#note(id, undefined);
  }

  #note(id: string, entity: Entity | undefined): void {
    this.#byId.delete(id);
    this.#byId.set(id, entity);
  }

  #unindex(entity: Entity): void {
    for (const [i, key] of this.shape.uniqueKeys.entries()) {
      const text = uniqueText(key, entity);
      if (text !== undefined) this.#unique[i]!.set(text, undefined);
    }
    for (const [i, { field }] of this.shape.foreign.entries()) {
      const parent = foreignId(entity, field);
      if (parent === undefined) continue;
      const ids = this.#ownChildren(i, parent);
      const at = ids.indexOf(entity.id);
      if (at >= 0) ids.splice(at, 1);
    }
  }

  #ownChildren(foreignIndex: number, parent: string): string[] {
    const changes = this.#children[foreignIndex]!;
    let ids = changes.get(parent);
    if (ids === undefined) {
      ids = [...(this.#table.children[foreignIndex]!.get(parent) ?? [])];
      changes.set(parent, ids);
    }
    return ids;
  }

  finish(): Table {
    const table = this.#table;
    return new Table(
      this.shape,
      table.byId.with(this.#byId),
      table.unique.map((index, i) => index.with(this.#unique[i]!)),
      table.children.map((index, i) => index.with(this.#children[i]!)),
      table.sortedWith(this.#byId),
    );
  }
}
