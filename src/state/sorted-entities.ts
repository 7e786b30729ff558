// The entities of a table by id, put in order when somebody first asks. A later version takes over the order of an earlier
// one and merges what changed since: sorting a hundred thousand anew, or copying them, would cost a write its time.
import type { Entity } from '../schema/define.ts';

type Changes = ReadonlyMap<string, Entity | undefined>;

/** More are merged at once, so that the next version need not copy them. */
const MANY_CHANGES = 256;
/** With more changes than this part of the list, what was in order before does not help, and must not be kept alive. */
const MOST_OF_LIST = 0.25;

interface Earlier {
  readonly list: readonly Entity[];
  readonly changes: Changes;
}

export class SortedEntities {
  #list: readonly Entity[] | undefined = undefined;
  #earlier: Earlier | undefined;

  constructor(earlier?: Earlier) {
    this.#earlier = earlier;
  }

  /** @param all every entity of this version, in any order. */
  list(all: Iterable<Entity>): readonly Entity[] {
    if (this.#list !== undefined) return this.#list;
    this.#list = this.#earlier === undefined ? [...all].sort(byId) : merge(this.#earlier);
    this.#earlier = undefined;
    return this.#list;
  }

  with(changes: Changes): SortedEntities {
    const earlier = this.#list === undefined ? this.#earlier : { list: this.#list, changes: NO_CHANGES };
    if (earlier === undefined || changes.size > Math.max(MANY_CHANGES, earlier.list.length * MOST_OF_LIST)) {
      return new SortedEntities();
    }
    if (earlier.changes.size + changes.size > MANY_CHANGES)
      return new SortedEntities({ list: merge(earlier), changes });
    const both = new Map(earlier.changes);
    for (const [id, entity] of changes) both.set(id, entity);
    return new SortedEntities({ list: earlier.list, changes: both });
  }
}

const NO_CHANGES: Changes = new Map();

const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

function merge({ list, changes }: Earlier): readonly Entity[] {
  const ids = [...changes.keys()].sort();
  const merged: Entity[] = [];
  let from = 0;
  for (const id of ids) {
    const at = placeOf(list, id, from);
    while (from < at) merged.push(list[from++]!);
    if (list[from]?.id === id) from += 1;
    const entity = changes.get(id);
    if (entity !== undefined) merged.push(entity);
  }
  while (from < list.length) merged.push(list[from++]!);
  return merged;
}

/** Where an id stands, or would have to be put. */
function placeOf(sorted: readonly Entity[], id: string, from: number): number {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]!.id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
