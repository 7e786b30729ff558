// The whole configuration as one immutable value. `with` answers the next state or the first rule that the change breaks;
// the old state stays as it is, so that whoever holds it sees nothing of the change.
import type { JsonObject } from '../lib/json.ts';
import type { Entity } from '../schema/define.ts';
import type { SchemaSet } from '../schema/schema-set.ts';
import { differences } from './differences.ts';
import { shapeOf, Table, TableDraft, uniqueText } from './table.ts';
import type { Result, Violation } from './violation.ts';

export type Change =
  | { readonly action: 'create' | 'update' | 'upsert'; readonly kind: string; readonly entity: Entity }
  | { readonly action: 'delete'; readonly kind: string; readonly id: string };

/** A fact about one entity: what it is now, or that it is gone. */
export interface Fact {
  readonly kind: string;
  readonly id: string;
  readonly entity: Entity | undefined;
}

export interface State {
  readonly schemas: SchemaSet;
  /** Grows by one with every change. */
  readonly version: number;
  /** Kind → ids that the change which made this state wrote or removed, cascades included, in order. */
  readonly touched: ReadonlyMap<string, readonly string[]>;
  get(kind: string, id: string): Entity | undefined;
  /** By a unique field. */
  find(kind: string, field: string, value: string): Entity | undefined;
  /** By a unique tuple, in the order of the schema's cache_key; null for an unset member. */
  findTuple(kind: string, values: JsonObject): Entity | undefined;
  /** By id ascending. */
  list(kind: string): readonly Entity[];
  /** In no order: to put very many in order takes its time. */
  each(kind: string): Iterable<Entity>;
  count(kind: string): number;
  /** The entities of `kind` whose foreign `field` points to `parent`, oldest link first. */
  children(kind: string, field: string, parent: string): readonly Entity[];
  with(changes: readonly Change[]): Result<State, Violation>;
  /** What somebody else has already decided, cascades included: only clashes and dangling references are refused. */
  adopt(facts: readonly Fact[]): Result<State, Violation>;
  /** The same in steps, of which very many facts take very many. */
  adopting(facts: readonly Fact[]): Generator<void, Result<State, Violation>>;
  /** Identity of a kind's contents: equal in two states when nothing of that kind changed between them. */
  generation(kind: string): object;
  /** Ids of what is not the same as in an earlier state, or any other; undefined when they are more than `most`. */
  changedSince(kind: string, earlier: State, most: number): ReadonlySet<string> | undefined;
}

export function createState(schemas: SchemaSet): State {
  const tables = new Map<string, Table>();
  for (const schema of schemas.entities.values()) tables.set(schema.name, new Table(shapeOf(schema)));
  return new TableState(schemas, 0, tables);
}

class TableState implements State {
  readonly schemas: SchemaSet;
  readonly version: number;
  readonly touched: ReadonlyMap<string, readonly string[]>;
  readonly #tables: ReadonlyMap<string, Table>;

  constructor(
    schemas: SchemaSet,
    version: number,
    tables: ReadonlyMap<string, Table>,
    touched: ReadonlyMap<string, readonly string[]> = new Map(),
  ) {
    this.schemas = schemas;
    this.version = version;
    this.#tables = tables;
    this.touched = touched;
  }

  get(kind: string, id: string): Entity | undefined {
    return this.#table(kind).byId.get(id);
  }

  find(kind: string, field: string, value: string): Entity | undefined {
    const table = this.#table(kind);
    const index = table.shape.uniqueKeys.findIndex((key) => key.length === 1 && key[0] === field);
    if (index >= 0) {
      const id = table.unique[index]!.get(value);
      return id === undefined ? undefined : table.byId.get(id);
    }
    // A key that is unique only within its parent: the first by id.
    return table.sorted().find((entity) => entity[field] === value);
  }

  findTuple(kind: string, values: JsonObject): Entity | undefined {
    const table = this.#table(kind);
    const index = table.shape.uniqueKeys.findIndex((key) => key.length > 1);
    if (index < 0) return undefined;
    const id = table.unique[index]!.get(uniqueText(table.shape.uniqueKeys[index]!, values)!);
    return id === undefined ? undefined : table.byId.get(id);
  }

  list(kind: string): readonly Entity[] {
    return this.#table(kind).sorted();
  }

  each(kind: string): Iterable<Entity> {
    return this.#table(kind).byId.values();
  }

  count(kind: string): number {
    return this.#table(kind).byId.size;
  }

  children(kind: string, field: string, parent: string): readonly Entity[] {
    const table = this.#table(kind);
    const index = table.shape.foreign.findIndex((foreign) => foreign.field === field);
    const ids = index < 0 ? [] : table.childIds(index, parent);
    return ids.map((id) => table.byId.get(id)!);
  }

  generation(kind: string): object {
    return this.#table(kind);
  }

  changedSince(kind: string, earlier: State, most: number): ReadonlySet<string> | undefined {
    const table = this.#table(kind);
    const before = earlier.generation(kind) as Table;
    if (table === before) return new Set();
    const touched = table.trail.since(before.trail, most);
    if (touched === undefined) return differences(before.byId, table.byId, most);
    for (const id of touched) if (table.byId.get(id) === before.byId.get(id)) touched.delete(id);
    return touched;
  }

  with(changes: readonly Change[]): Result<State, Violation> {
    const draft = new Draft(this.schemas, (kind) => this.#table(kind));
    for (const change of changes) {
      const violation = draft.apply(change);
      if (violation !== undefined) return { ok: false, error: violation };
    }
    return atOnce(this.#finish(draft));
  }

  adopt(facts: readonly Fact[]): Result<State, Violation> {
    return atOnce(this.adopting(facts));
  }

  *adopting(facts: readonly Fact[]): Generator<void, Result<State, Violation>> {
    const draft = new Draft(this.schemas, (kind) => this.#table(kind));
    const violation = yield* draft.adopt(facts);
    return violation === undefined ? yield* this.#finish(draft) : { ok: false, error: violation };
  }

  *#finish(draft: Draft): Generator<void, Result<State, Violation>> {
    const dangling = yield* draft.findDangling();
    if (dangling !== undefined) return { ok: false, error: dangling };
    const tables = new Map(this.#tables);
    for (const [kind, table] of draft.finish()) {
      tables.set(kind, table);
      yield;
    }
    return { ok: true, value: new TableState(this.schemas, this.version + 1, tables, draft.touched()) };
  }

  #table(kind: string): Table {
    const table = this.#tables.get(kind);
    if (table === undefined) throw new Error(`no entity kind named ${kind}`);
    return table;
  }
}

function atOnce<T>(steps: Generator<void, T>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/** How many entities are looked at in one step. */
const STEP = 100;

/** A set of table drafts: applies changes with their cascades, and checks references once everything is in place. */
class Draft {
  readonly #schemas: SchemaSet;
  readonly #tableOf: (kind: string) => Table;
  readonly #drafts = new Map<string, TableDraft>();
  readonly #written: { kind: string; id: string }[] = [];

  constructor(schemas: SchemaSet, tableOf: (kind: string) => Table) {
    this.#schemas = schemas;
    this.#tableOf = tableOf;
  }

  apply(change: Change): Violation | undefined {
    const draft = this.#draft(change.kind);
    if (change.action === 'delete') return this.#remove(change.kind, change.id);
    const { entity, kind, action } = change;
    const before = draft.get(entity.id);
    if (action === 'create' && before !== undefined) return { code: 'primary_key', kind, key: { id: entity.id } };
    if (action === 'update' && before === undefined) return { code: 'not_found', kind, key: { id: entity.id } };
    const clash = draft.put(entity);
    if (clash === undefined) this.#written.push({ kind, id: entity.id });
    return clash;
  }

  /** Everything goes before anything comes, so that an id or a name may pass from one entity to another. */
  *adopt(facts: readonly Fact[]): Generator<void, Violation | undefined> {
    for (const [i, { kind, id }] of facts.entries()) {
      this.#draft(kind).remove(id);
      if (i % STEP === STEP - 1) yield;
    }
    for (const [i, { kind, id, entity }] of facts.entries()) {
      if (i % STEP === STEP - 1) yield;
      if (entity === undefined) continue;
      const clash = this.#draft(kind).put(entity);
      if (clash !== undefined) return clash;
      this.#written.push({ kind, id });
    }
    return undefined;
  }

  /** References are checked last, so that one batch may name parents and children in any order. */
  *findDangling(): Generator<void, Violation | undefined> {
    for (const [i, { kind, id }] of this.#written.entries()) {
      if (i % STEP === STEP - 1) yield;
      const draft = this.#draft(kind);
      const entity = draft.get(id);
      if (entity === undefined) continue;
      for (const { field, reference } of draft.shape.foreign) {
        const target = entity[field] as { id?: string } | null | undefined;
        if (target === null || target === undefined) continue;
        if (!this.#schemas.entities.has(reference)) continue;
        if (this.#draft(reference).get(target.id ?? '') === undefined) {
          return { code: 'foreign', kind, field, reference, key: { id: target.id ?? null } };
        }
      }
    }
    return undefined;
  }

  touched(): Map<string, readonly string[]> {
    const touched = new Map<string, readonly string[]>();
    for (const [kind, draft] of this.#drafts) {
      const ids = draft.touched();
      if (ids.length > 0) touched.set(kind, ids);
    }
    return touched;
  }

  /** Tables that were only looked at stay the same object. */
  *finish(): Generator<[string, Table], void> {
    for (const [kind, draft] of this.#drafts) if (draft.touched().length > 0) yield [kind, draft.finish()];
  }

  #remove(kind: string, id: string): Violation | undefined {
    for (const schema of this.#schemas.entities.values()) {
      const childShape = this.#tableOf(schema.name).shape;
      for (const [i, { reference, cascade }] of childShape.foreign.entries()) {
        if (reference !== kind) continue;
        const children = [...this.#draft(schema.name).childIds(i, id)];
        if (children.length > 0 && !cascade) return { code: 'referenced', kind, id, by: schema.name };
        for (const child of children) {
          const violation = this.#remove(schema.name, child);
          if (violation !== undefined) return violation;
        }
      }
    }
    this.#draft(kind).remove(id);
    return undefined;
  }

  #draft(kind: string): TableDraft {
    let draft = this.#drafts.get(kind);
    if (draft === undefined) {
      draft = new TableDraft(this.#tableOf(kind));
      this.#drafts.set(kind, draft);
    }
    return draft;
  }
}
