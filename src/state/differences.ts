// What differs between two tables, when nothing is known of how one became the other.
import type { LayeredMap } from '../lib/layered-map.ts';
import type { Entity } from '../schema/define.ts';

/** Ids. An entity that did not change is the same object in both. undefined when more than `most` differ. */
export function differences(
  before: LayeredMap<Entity>,
  after: LayeredMap<Entity>,
  most: number,
): Set<string> | undefined {
  const ids = new Set<string>();
  if (Math.abs(before.size - after.size) > most) return undefined;
  for (const entity of after.values()) {
    if (before.get(entity.id) === entity) continue;
    ids.add(entity.id);
    if (ids.size > most) return undefined;
  }
  for (const { id } of before.values()) {
    if (after.has(id)) continue;
    ids.add(id);
    if (ids.size > most) return undefined;
  }
  return ids;
}
