// What differs between two lists of entities, when nothing is known of how one became the other.
import type { Entity } from '../schema/define.ts';

/** Both by id. An entity that did not change is the same object in both. undefined when more than `most` differ. */
export function differences(old: readonly Entity[], now: readonly Entity[], most: number): Set<string> | undefined {
  const ids = new Set<string>();
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    while (i < old.length && j < now.length && old[i] === now[j]) {
      i += 1;
      j += 1;
    }
    const a = old[i];
    const b = now[j];
    if (a === undefined && b === undefined) break;
    if (b === undefined || (a !== undefined && a.id <= b.id)) {
      ids.add(a!.id);
      i += 1;
    }
    if (a === undefined || (b !== undefined && b.id <= a.id)) {
      ids.add(b!.id);
      j += 1;
    }
    if (ids.size > most) return undefined;
  }
  return ids;
}
