// In which order operations can be done. Creates and updates go up the levels of references, deletes come down. A unique
// value must be free before it is taken: who holds it is deleted, or renamed, first.
import type { Entity } from '../../schema/define.ts';
import { entityLevels } from '../../schema/references.ts';
import { foreignFields, type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import type { State } from '../../state/state.ts';
import { shapeOf, type TableShape, uniqueText } from '../../state/table.ts';
import { labelOf } from './label.ts';
import type { Operation } from './plan.ts';

type Write = Extract<Operation, { action: 'create' | 'update' }>;
type Delete = Extract<Operation, { action: 'delete' }>;

export function orderOperations(
  operations: readonly Operation[],
  current: State,
  desired: State,
  schemas: SchemaSet,
  borrowed: ReadonlySet<string>,
): Operation[][] {
  const levels = entityLevels(schemas);
  const levelOf = (operation: Operation): number => levels.get(operation.kind) ?? 0;
  const queue = new Queue(operations, current, desired, schemas, borrowed);
  queue.freeUniqueValues();
  const top = Math.max(0, ...levels.values());
  const stages: Operation[][] = [];
  const add = (stage: readonly Operation[]): void => {
    if (stage.length > 0) stages.push([...stage].sort(byKindAndLabel));
  };
  for (let level = top; level >= 0; level--) add(queue.early().filter((operation) => levelOf(operation) === level));
  for (let level = 0; level <= top; level++) {
    for (const wave of queue.waves(queue.writes().filter((operation) => levelOf(operation) === level))) add(wave);
  }
  for (let level = top; level >= 0; level--) add(queue.late().filter((operation) => levelOf(operation) === level));
  return stages;
}

const byKindAndLabel = (a: Operation, b: Operation): number =>
  compareText(a.kind, b.kind) || compareText(a.label, b.label) || compareText(idOf(a), idOf(b));

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const idOf = (operation: Operation): string =>
  operation.action === 'delete' ? operation.before.id : operation.after.id;
const keyOf = (kind: string, id: string): string => `${kind}/${id}`;

/** The operations by entity, and which deletes cannot wait. */
class Queue {
  readonly #writes = new Map<string, Write>();
  readonly #deletes = new Map<string, Delete>();
  readonly #early = new Map<string, Delete>();
  readonly #shapes = new Map<string, TableShape>();
  readonly #current: State;
  readonly #desired: State;
  readonly #schemas: SchemaSet;
  readonly #borrowed: ReadonlySet<string>;
  /** kind, key and text of a unique value → who holds it on the gateway. Built for kinds that are written. */
  readonly #holders = new Map<string, Map<string, Entity>>();

  constructor(
    operations: readonly Operation[],
    current: State,
    desired: State,
    schemas: SchemaSet,
    borrowed: ReadonlySet<string>,
  ) {
    this.#current = current;
    this.#desired = desired;
    this.#schemas = schemas;
    this.#borrowed = borrowed;
    for (const operation of operations) {
      if (operation.action === 'delete') this.#deletes.set(keyOf(operation.kind, operation.before.id), operation);
      else this.#writes.set(keyOf(operation.kind, operation.after.id), operation);
    }
  }

  early(): Operation[] {
    return [...this.#early.values()];
  }

  writes(): Write[] {
    return [...this.#writes.values()];
  }

  late(): Operation[] {
    return [...this.#deletes.values()];
  }

  freeUniqueValues(): void {
    for (const write of this.writes()) {
      for (const holder of this.#rivals(write)) {
        if (this.#deletes.has(keyOf(write.kind, holder.id))) this.#deleteEarly(write.kind, holder);
      }
    }
    for (const kind of new Set(this.writes().map((write) => write.kind))) this.#breakCircles(kind);
  }

  /** Values that change places: one of the entities is deleted first and created again in its turn. */
  #breakCircles(kind: string): void {
    const done = new Set<string>();
    for (const start of this.writes()
      .filter((write) => write.kind === kind)
      .sort(byKindAndLabel)) {
      if (done.has(start.after.id)) continue;
      // From each write to who holds what it needs. No recursion: a chain may be as long as the list.
      const way = [{ id: start.after.id, rivals: this.#rivals(start) }];
      const onWay = new Set([start.after.id]);
      while (way.length > 0) {
        const { id, rivals } = way.at(-1)!;
        const rival = rivals.pop();
        if (rival === undefined) {
          way.pop();
          onWay.delete(id);
          done.add(id);
        } else if (onWay.has(rival.id)) this.#deleteEarly(kind, rival);
        else if (!done.has(rival.id)) {
          const write = this.#writes.get(keyOf(kind, rival.id));
          way.push({ id: rival.id, rivals: write === undefined ? [] : this.#rivals(write) });
          onWay.add(rival.id);
        }
      }
    }
  }

  /** Writes of one level, so that each comes after the update that gives up the value it takes. */
  waves(writes: readonly Write[]): Write[][] {
    const open = new Map(writes.map((write) => [keyOf(write.kind, write.after.id), write]));
    const needs = new Map<string, number>();
    const waiting = new Map<string, string[]>();
    for (const [key, write] of open) {
      const rivals = new Set(this.#rivals(write).map((rival) => keyOf(write.kind, rival.id)));
      const held = [...rivals].filter((rival) => open.has(rival));
      needs.set(key, held.length);
      for (const rival of held) {
        const others = waiting.get(rival) ?? [];
        others.push(key);
        waiting.set(rival, others);
      }
    }
    const isFree = (key: string): boolean => needs.get(key) === 0;
    const waves: Write[][] = [];
    for (let wave = [...open.keys()].filter(isFree); wave.length > 0; ) {
      waves.push(wave.map((key) => open.get(key)!));
      for (const key of wave) open.delete(key);
      wave = wave
        .flatMap((key) => waiting.get(key) ?? [])
        .filter((key) => {
          needs.set(key, needs.get(key)! - 1);
          return isFree(key);
        });
    }
    // What holds each other still is left to the gateway to refuse.
    return open.size === 0 ? waves : [...waves, [...open.values()]];
  }

  /** Other entities that hold a unique value this write needs. */
  #rivals(write: Write): Entity[] {
    const rivals: Entity[] = [];
    const shape = this.#shapeOf(write.kind);
    for (const [i, key] of shape.uniqueKeys.entries()) {
      const text = uniqueText(key, write.after);
      const holder = text === undefined ? undefined : this.#holdersOf(write.kind).get(`${i} ${text}`);
      if (holder === undefined || holder.id === write.after.id) continue;
      if (!this.#early.has(keyOf(write.kind, holder.id))) rivals.push(holder);
    }
    return rivals;
  }

  /** With everything that refers to it: what stays is deleted here and created again in its turn. */
  #deleteEarly(kind: string, entity: Entity): void {
    const key = keyOf(kind, entity.id);
    if (this.#early.has(key)) return;
    const schema = schemaOf(this.#schemas, kind);
    const label = labelOf(this.#schemas, schema, entity, [this.#current]);
    this.#early.set(key, { kind, action: 'delete', label, before: entity });
    this.#deletes.delete(key);
    const after = this.#desired.get(kind, entity.id);
    if (after !== undefined) {
      const name = labelOf(this.#schemas, schema, after, [this.#desired, this.#current]);
      this.#writes.set(key, { kind, action: 'create', label: name, after });
    }
    for (const child of this.#schemas.entities.values()) {
      for (const [field, { reference }] of foreignFields(child)) {
        if (reference !== kind) continue;
        for (const dependent of this.#current.children(child.name, field, entity.id)) {
          if (!this.#borrowed.has(keyOf(child.name, dependent.id))) this.#deleteEarly(child.name, dependent);
        }
      }
    }
  }

  #holdersOf(kind: string): Map<string, Entity> {
    let holders = this.#holders.get(kind);
    if (holders === undefined) {
      holders = new Map();
      const shape = this.#shapeOf(kind);
      for (const entity of this.#current.list(kind)) {
        for (const [i, key] of shape.uniqueKeys.entries()) {
          const text = uniqueText(key, entity);
          if (text !== undefined) holders.set(`${i} ${text}`, entity);
        }
      }
      this.#holders.set(kind, holders);
    }
    return holders;
  }

  #shapeOf(kind: string): TableShape {
    let shape = this.#shapes.get(kind);
    if (shape === undefined) {
      shape = shapeOf(schemaOf(this.#schemas, kind));
      this.#shapes.set(kind, shape);
    }
    return shape;
  }
}
