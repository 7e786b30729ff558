// An immutable map whose next version costs what changed, not what it holds: a large base shared by many versions, a layer of
// changes on top, and on that a small one of the latest. A layer that has grown is folded into what is below it.

/** The latest changes are copied with every version, the others once in so many. */
const TOP = 32;
/** Changes between top and base: copying the base is dear, so a large one bears more of them. */
const MIDDLE = 1024;
const MIDDLE_OF_BASE = 1 / 16;

type Layer<V> = ReadonlyMap<string, V | undefined>;

const NO_CHANGES: ReadonlyMap<string, never> = new Map<string, never>();

interface Layers<V> {
  readonly base: ReadonlyMap<string, V>;
  /** undefined marks a removed key, here and in `top`. */
  readonly middle: Layer<V>;
  readonly top: Layer<V>;
  readonly size: number;
}

export class LayeredMap<V> {
  readonly size: number;
  readonly #layers: Layers<V>;

  constructor(layers: Layers<V> = { base: NO_CHANGES, middle: NO_CHANGES, top: NO_CHANGES, size: 0 }) {
    this.#layers = layers;
    this.size = layers.size;
  }

  get(key: string): V | undefined {
    const { base, middle, top } = this.#layers;
    if (top.size > 0) {
      const value = top.get(key);
      if (value !== undefined || top.has(key)) return value;
    }
    if (middle.size > 0) {
      const value = middle.get(key);
      if (value !== undefined || middle.has(key)) return value;
    }
    return base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  *entries(): IterableIterator<[string, V]> {
    const { base, middle, top } = this.#layers;
    for (const entry of base) if (!middle.has(entry[0]) && !top.has(entry[0])) yield entry;
    for (const [key, value] of middle) if (value !== undefined && !top.has(key)) yield [key, value];
    for (const [key, value] of top) if (value !== undefined) yield [key, value];
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  /** The next version; a value of undefined removes its key. */
  with(changes: Layer<V>): LayeredMap<V> {
    if (changes.size === 0) return this;
    const { base, middle, top } = this.#layers;
    let size = this.size;
    for (const [key, value] of changes) size += Number(value !== undefined) - Number(this.has(key));
    if (top.size + changes.size <= TOP) return new LayeredMap({ base, middle, top: laidOver(top, changes), size });
    const merged = laidOver(laidOver(middle, top), changes);
    if (merged.size <= Math.max(MIDDLE, base.size * MIDDLE_OF_BASE)) {
      return new LayeredMap({ base, middle: merged, top: NO_CHANGES, size });
    }
    const folded = new Map(base);
    for (const [key, value] of merged) {
      if (value === undefined) folded.delete(key);
      else folded.set(key, value);
    }
    return new LayeredMap({ base: folded, middle: NO_CHANGES, top: NO_CHANGES, size });
  }
}

function laidOver<V>(below: Layer<V>, above: Layer<V>): Map<string, V | undefined> {
  const layer = new Map(below);
  for (const [key, value] of above) layer.set(key, value);
  return layer;
}
