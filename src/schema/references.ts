// Order from foreign keys: an entity stands one level above the highest thing it refers to. Creates go up the levels,
// deletes come down; equal levels may run at once.
import { foreignFields, type SchemaSet } from './schema-set.ts';

/** entity name → level, 0 for what refers to nothing. A reference to an entity that is not registered does not count. */
export function entityLevels(schemas: SchemaSet): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  const visiting = new Set<string>();
  const levelOf = (name: string): number => {
    const known = levels.get(name);
    if (known !== undefined) return known;
    const schema = schemas.entities.get(name);
    if (schema === undefined || visiting.has(name)) return -1;
    visiting.add(name);
    let level = 0;
    for (const [, field] of foreignFields(schema)) level = Math.max(level, levelOf(field.reference) + 1);
    if (schema.overlay !== undefined) level = Math.max(level, levelOf(schema.overlay.entity) + 1);
    visiting.delete(name);
    levels.set(name, level);
    return level;
  };
  for (const name of schemas.entities.keys()) levelOf(name);
  return levels;
}

/** Names of all entities, parents before children, registration order within a level. */
export function entitiesInOrder(schemas: SchemaSet): readonly string[] {
  const levels = entityLevels(schemas);
  return [...schemas.entities.keys()].sort((a, b) => levels.get(a)! - levels.get(b)!);
}
