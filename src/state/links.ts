// The ids that point to one parent, in the order in which they were linked. A parent may have a hundred thousand children,
// and linking one more must not copy them: a base shared by many versions, what of it is gone, and what came behind it.

const FEW = 64;

export class Links {
  readonly #base: readonly string[];
  readonly #gone: ReadonlySet<string>;
  readonly #added: ReadonlySet<string>;

  constructor(base: readonly string[], gone: ReadonlySet<string> = new Set(), added: ReadonlySet<string> = new Set()) {
    this.#base = base;
    this.#gone = gone;
    this.#added = added;
  }

  ids(): readonly string[] {
    return this.#gone.size + this.#added.size === 0 ? this.#base : idsOf(this.#base, this.#gone, this.#added);
  }

  edit(): LinksDraft {
    return new LinksDraft(this.#base, new Set(this.#gone), new Set(this.#added));
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/** Changes to the links of one parent that are not visible to anybody yet. */
export class LinksDraft {
  readonly #base: readonly string[];
  readonly #gone: Set<string>;
  readonly #added: Set<string>;

  constructor(base: readonly string[] = [], gone: Set<string> = new Set(), added: Set<string> = new Set()) {
    this.#base = base;
    this.#gone = gone;
    this.#added = added;
  }

  add(id: string): void {
    this.#added.add(id);
  }

  /** Only what is linked. */
  remove(id: string): void {
    if (!this.#added.delete(id)) this.#gone.add(id);
  }

  ids(): readonly string[] {
    return idsOf(this.#base, this.#gone, this.#added);
  }

  /** undefined when nothing is linked any more. */
  finish(): Links | undefined {
    const size = this.#base.length - this.#gone.size + this.#added.size;
    if (size === 0) return undefined;
    const changes = this.#gone.size + this.#added.size;
    const isWorthFolding = size <= FEW || changes > 2 * Math.sqrt(size);
    return isWorthFolding ? new Links(this.ids(), NOTHING, NOTHING) : new Links(this.#base, this.#gone, this.#added);
  }
}

function idsOf(base: readonly string[], gone: ReadonlySet<string>, added: ReadonlySet<string>): readonly string[] {
  const ids = gone.size === 0 ? [...base] : base.filter((id) => !gone.has(id));
  for (const id of added) ids.push(id);
  return ids;
}
