// Leaving kinds of entities out of a comparison, on both sides: the kind itself and whatever belongs to one of them.
import { isObject } from '../../lib/json.ts';
import type { Entity, EntitySchema } from '../../schema/define.ts';
import { foreignFields } from '../../schema/schema-set.ts';

export type Skip = ReadonlySet<string>;

export function isSkipped(skip: Skip | undefined, schema: EntitySchema, entity: Entity): boolean {
  if (skip === undefined || skip.size === 0) return false;
  if (skip.has(schema.name)) return true;
  return foreignFields(schema).some(([name, field]) => skip.has(field.reference) && isObject(entity[name]));
}
