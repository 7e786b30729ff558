// With tags, entities without them are invisible, but their names and ids are still taken. What a plan would create is
// looked up among everything the gateway has, so that a clash is said before anything is written.
import type { Entity } from '../../schema/define.ts';
import { type SchemaSet, schemaOf } from '../../schema/schema-set.ts';
import { shapeOf, uniqueText } from '../../state/table.ts';
import { kindWord } from './label.ts';
import { operationsOf, type Plan } from './plan.ts';

export interface Collision {
  readonly kind: string;
  readonly label: string;
  /** What the gateway has. */
  readonly holder: Entity;
}

/** Kinds that a plan creates entities of: only these need to be read in full. */
export const createdKinds = (plan: Plan): ReadonlySet<string> =>
  new Set(operationsOf(plan).flatMap((operation) => (operation.action === 'create' ? [operation.kind] : [])));

/** @param everything the gateway's entities of the created kinds, whatever their tags. */
export function findCollisions(
  schemas: SchemaSet,
  plan: Plan,
  everything: ReadonlyMap<string, readonly Entity[]>,
): Collision[] {
  const deleted = new Set(
    operationsOf(plan).flatMap((operation) => (operation.action === 'delete' ? [operation.before.id] : [])),
  );
  const collisions: Collision[] = [];
  const tables = new Map<string, Map<string, Entity>>();
  for (const operation of operationsOf(plan)) {
    if (operation.action !== 'create') continue;
    const { kind, label, after } = operation;
    const shape = shapeOf(schemaOf(schemas, kind));
    const entities = everything.get(kind) ?? [];
    let table = tables.get(kind);
    if (table === undefined) {
      table = new Map();
      for (const entity of entities) {
        table.set(entity.id, entity);
        for (const [i, key] of shape.uniqueKeys.entries()) {
          const text = uniqueText(key, entity);
          if (text !== undefined) table.set(`${i} ${text}`, entity);
        }
      }
      tables.set(kind, table);
    }
    const texts = shape.uniqueKeys.map((key, i) => [i, uniqueText(key, after)] as const);
    const holder =
      table.get(after.id) ??
      texts
        .map(([i, text]) => (text === undefined ? undefined : table.get(`${i} ${text}`)))
        .find((item) => item !== undefined);
    if (holder !== undefined && !deleted.has(holder.id)) collisions.push({ kind, label, holder });
  }
  return collisions;
}

export function describeCollision(schemas: SchemaSet, { kind, label, holder }: Collision): string {
  const tags =
    Array.isArray(holder['tags']) && holder['tags'].length > 0
      ? `its tags are ${holder['tags'].join(', ')}`
      : 'it has no tags';
  return `${kindWord(schemaOf(schemas, kind))} ${label} exists on the gateway outside of the selected tags (${tags}, id ${holder.id})`;
}
