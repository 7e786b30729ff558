// What each version of a table changed, back to earlier versions: whoever has compiled one of them learns what is new without
// comparing all there is. It is forgotten after some thousand changes, and never keeps an earlier version alive.

const SEGMENT = 4096;

interface Segment {
  readonly first: Trail;
  length: number;
}

export class Trail {
  readonly #ids: readonly string[];
  #previous: Trail | undefined;
  readonly #segment: Segment;

  constructor(ids: readonly string[] = [], previous?: Trail) {
    const isShort = ids.length <= SEGMENT;
    this.#ids = isShort ? ids : [];
    this.#previous = isShort ? previous : undefined;
    const segment = this.#previous === undefined ? undefined : this.#previous.#segment;
    if (segment !== undefined && segment.length < SEGMENT) {
      // A version without ids counts, too: it takes a place.
      segment.length += ids.length + 1;
      this.#segment = segment;
      return;
    }
    this.#segment = { first: this, length: ids.length + 1 };
    // Of the segments before this one the last stays.
    if (segment !== undefined) segment.first.#previous = undefined;
  }

  /** Ids that were written or removed since; undefined when that is forgotten, or when they are more than `most`. */
  since(earlier: Trail, most: number): Set<string> | undefined {
    const ids = new Set<string>();
    for (let trail: Trail = this; trail !== earlier; trail = trail.#previous) {
      for (const id of trail.#ids) ids.add(id);
      if (trail.#previous === undefined || ids.size > most) return undefined;
    }
    return ids;
  }
}
