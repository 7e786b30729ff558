// One kind of entity with its indexes: by id, by each unique field, by each tuple that must be unique, by each parent.
// Tables are immutable; a draft gathers changes and becomes the next table.

import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import { LayeredMap } from '../lib/layered-map.ts';
import type { Entity, EntitySchema } from '../schema/define.ts';
import { foreignFields } from '../schema/schema-set.ts';
import { type Links, LinksDraft } from './links.ts';
import { SortedEntities } from './sorted-entities.ts';
import { Trail } from './trail.ts';
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

/** What a table is made of; nothing of it for an empty one. */
interface Contents {
  readonly byId: LayeredMap<Entity>;
  readonly unique: readonly LayeredMap<string>[];
  /** By parent, one index for each foreign field. */
  readonly children: readonly LayeredMap<Links>[];
  readonly sorted: SortedEntities;
  readonly trail: Trail;
}

export class Table {
  readonly shape: TableShape;
  readonly byId: LayeredMap<Entity>;
  readonly unique: readonly LayeredMap<string>[];
  readonly trail: Trail;
  readonly #children: readonly LayeredMap<Links>[];
  readonly #sorted: SortedEntities;

  constructor(shape: TableShape, contents: Contents = emptyContents(shape)) {
    this.shape = shape;
    this.byId = contents.byId;
    this.unique = contents.unique;
    this.trail = contents.trail;
    this.#children = contents.children;
    this.#sorted = contents.sorted;
  }

  /** By id ascending; computed once a version. */
  sorted(): readonly Entity[] {
    return this.#sorted.list(this.byId.values());
  }

  childIds(foreignIndex: number, parent: string): readonly string[] {
    return this.#children[foreignIndex]!.get(parent)?.ids() ?? [];
  }

  editLinks(foreignIndex: number, parent: string): LinksDraft {
    return this.#children[foreignIndex]!.get(parent)?.edit() ?? new LinksDraft();
  }

  with(changes: Changes): Table {
    return new Table(this.shape, {
      byId: this.byId.with(changes.byId),
      unique: this.unique.map((index, i) => index.with(changes.unique[i]!)),
      children: this.#children.map((index, i) => index.with(changes.children[i]!)),
      sorted: this.#sorted.with(changes.byId),
      trail: new Trail([...changes.byId.keys()], this.trail),
    });
  }
}

function emptyContents(shape: TableShape): Contents {
  return {
    byId: new LayeredMap(),
    unique: shape.uniqueKeys.map(() => new LayeredMap()),
    children: shape.foreign.map(() => new LayeredMap()),
    sorted: new SortedEntities(),
    trail: new Trail(),
  };
}

interface Changes {
  readonly byId: ReadonlyMap<string, Entity | undefined>;
  readonly unique: readonly ReadonlyMap<string, string | undefined>[];
  readonly children: readonly ReadonlyMap<string, Links | undefined>[];
}

/** Changes to one table that are not visible to anybody yet. */
export class TableDraft {
  readonly shape: TableShape;
  readonly #table: Table;
  readonly #byId = new Map<string, Entity | undefined>();
  readonly #unique: Map<string, string | undefined>[];
  readonly #children: Map<string, LinksDraft>[];

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
    return this.#children[foreignIndex]!.get(parent)?.ids() ?? this.#table.childIds(foreignIndex, parent);
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
      if (parent !== undefined) this.#links(i, parent).add(entity.id);
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
      if (parent !== undefined) this.#links(i, parent).remove(entity.id);
    }
  }

  #links(foreignIndex: number, parent: string): LinksDraft {
    const changes = this.#children[foreignIndex]!;
    let links = changes.get(parent);
    if (links === undefined) {
      links = this.#table.editLinks(foreignIndex, parent);
      changes.set(parent, links);
    }
    return links;
  }

  finish(): Table {
    const children = this.#children.map(
      (index) => new Map([...index].map(([parent, links]) => [parent, links.finish()] as const)),
    );
    return this.#table.with({ byId: this.#byId, unique: this.#unique, children });
  }
}
