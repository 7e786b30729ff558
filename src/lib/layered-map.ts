// An immutable map whose next version costs what changed, not what it holds: a large base shared by many versions and a
// small layer of changes on top, folded into a new base when it grows.

const FOLD_AT = 1024;

export class LayeredMap<V> {
  readonly size: number;
  readonly #base: ReadonlyMap<string, V>;
  /** undefined marks a removed key. */
  readonly #changes: ReadonlyMap<string, V | undefined>;

  constructor(base: ReadonlyMap<string, V> = new Map(), changes: ReadonlyMap<string, V | undefined> = new Map()) {
    this.#base = base;
    this.#changes = changes;
    let size = base.size;
    for (const [key, value] of changes) {
      if (value === undefined) size -= base.has(key) ? 1 : 0;
      else if (!base.has(key)) size += 1;
    }
    this.size = size;
  }

  get(key: string): V | undefined {
    if (this.#changes.size > 0 && this.#changes.has(key)) return this.#changes.get(key);
    return this.#base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  *entries(): IterableIterator<[string, V]> {
    for (const [key, value] of this.#base) if (!this.#changes.has(key)) yield [key, value];
    for (const [key, value] of this.#changes) if (value !== undefined) yield [key, value];
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  /** The next version; a value of undefined removes its key. */
  with(changes: ReadonlyMap<string, V | undefined>): LayeredMap<V> {
    if (changes.size === 0) return this;
    if (this.#changes.size + changes.size <= FOLD_AT) {
      const layer = new Map(this.#changes);
      for (const [key, value] of changes) layer.set(key, value);
      return new LayeredMap(this.#base, layer);
    }
    const base = new Map(this.#base);
    for (const layer of [this.#changes, changes]) {
      for (const [key, value] of layer) {
        if (value === undefined) base.delete(key);
        else base.set(key, value);
      }
    }
    return new LayeredMap(base);
  }
}
