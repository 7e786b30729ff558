// Routes → parts in order → leaves in an index. A built router can be extended: a few changed routes are laid over the large
// index in a small one of their own, with ranks between those that are there, so that one changed route among a hundred
// thousand costs what one route costs.
import type { FirstRank, Flavor, Placed } from './flavor.ts';
import { HostIndex } from './host-index.ts';
import { IndexSearch, type Layer } from './index-search.ts';
import type { Leaf } from './leaf.ts';
import { fileLeaves, LeafGroup } from './leaf-group.ts';
import { compareParts, type Part, sortParts } from './part.ts';
import { insertLeaf, type PathNode } from './path-tree.ts';
import type { RouteInput, RouteMatch, Router, RouterRoute } from './router.ts';

const STEP = 100;

export interface IndexedRouter<R> extends Router<R> {
  /**
   * The same with other routes: `changed` come or take the place of what has their id, `removed` go. Undefined when that
   * takes building anew. Always from the router that was built, never from one that was extended.
   */
  extend(changed: readonly R[], removed: readonly string[]): IndexedRouter<R> | undefined;
  /** The same built anew, without taking apart again what did not change. */
  rebuild(changed: readonly R[], removed: readonly string[]): Generator<void, IndexedRouter<R>>;
}

interface Skipped {
  readonly id: string;
  readonly reason: string;
}

interface Built<R> {
  readonly flavor: Flavor;
  readonly parts: readonly Part<R>[];
  /** Of each part's first leaf. */
  readonly ranks: readonly number[];
  readonly layer: Layer<R>;
  /** Routes that have no parts. */
  readonly empty: readonly Skipped[];
  /** Parts that have no leaves. */
  readonly broken: readonly Skipped[];
  readonly firstRank: FirstRank | undefined;
}

export function* buildRouter<R extends RouterRoute>(
  routes: readonly R[],
  flavor: Flavor,
): Generator<void, IndexedRouter<R>> {
  const empty: Skipped[] = [];
  const unordered: Part<R>[] = [];
  for (let i = 0; i < routes.length; i++) {
    if (i % STEP === 0) yield;
    splitInto(unordered, empty, routes[i]!, flavor);
  }
  const parts = yield* sortParts(unordered);
  return yield* indexParts(parts, empty, flavor);
}

function splitInto<R extends RouterRoute>(parts: Part<R>[], empty: Skipped[], route: R, flavor: Flavor): void {
  const own = flavor.split(route);
  if (own.length === 0) empty.push({ id: route.id, reason: 'it has no field to match requests by' });
  for (const part of own) parts.push(part);
}

function* indexParts<R extends RouterRoute>(
  parts: readonly Part<R>[],
  empty: readonly Skipped[],
  flavor: Flavor,
): Generator<void, IndexedRouter<R>> {
  const index = new IndexBuilder<R>();
  const broken: Skipped[] = [];
  const ranks: number[] = [];
  let rank = 0;
  for (let i = 0; i < parts.length; i++) {
    if (i % STEP === 0) yield;
    const part = parts[i]!;
    ranks.push(rank);
    const placed = flavor.place(part, rank, 1);
    if (placed.ok) for (const one of placed.placed) index.add(one);
    else broken.push({ id: part.route.id, reason: placed.reason });
    rank += Math.max(part.paths.length, 1);
  }
  yield* index.file();
  const layer = { index: index.hosts, hidden: undefined };
  return new BuiltRouter({ flavor, parts, ranks, layer, empty, broken, firstRank: flavor.firstRank?.(parts, ranks) });
}

class IndexBuilder<R> {
  readonly hosts = new HostIndex<R>();
  readonly #crowded: PathNode<R>[] = [];

  add({ leaf, prefix, hosts }: Placed<R>): void {
    if (hosts.length === 0) this.#insert(this.hosts.any, prefix, leaf);
    for (const rule of hosts) {
      const { port } = rule;
      const hostLongerThan = rule.mustStandForSomething ? rule.text.length : 0;
      const isPlain = port === 0 && hostLongerThan === 0;
      this.#insert(this.hosts.treeFor(rule), prefix, isPlain ? leaf : { ...leaf, port, hostLongerThan });
    }
  }

  *file(): Generator<void, void> {
    for (const node of this.#crowded) {
      const group = new LeafGroup(node.leaves as Leaf<R>[]);
      yield* fileLeaves(group);
      if (group.files !== undefined) node.group = group;
    }
  }

  #insert(tree: PathNode<R>, prefix: string, leaf: Placed<R>['leaf']): void {
    const crowded = insertLeaf(tree, prefix, leaf);
    if (crowded !== undefined) this.#crowded.push(crowded);
  }
}

/** Extended ranks lie between whole numbers, this far apart. */
const RANK_STEP = 2 ** -24;
const BEHIND_ALL = 2 ** 20;

class BuiltRouter<R extends RouterRoute> implements IndexedRouter<R> {
  readonly skipped: Router<R>['skipped'];
  readonly #built: Built<R>;
  readonly #search: IndexSearch<R>;
  /** Parts of routes that came with changes: the next change will bring most of them again. */
  readonly #known = new WeakMap<R, readonly Part<R>[]>();

  constructor(built: Built<R>, overlay?: Layer<R>) {
    this.#built = built;
    this.skipped = [...built.empty, ...built.broken];
    const layers = overlay === undefined ? [built.layer] : [overlay, built.layer];
    this.#search = new IndexSearch(layers, built.firstRank, built.flavor.portOf);
  }

  match(input: RouteInput): RouteMatch<R> | undefined {
    return this.#search.match(input);
  }

  extend(changed: readonly R[], removed: readonly string[]): IndexedRouter<R> | undefined {
    const { flavor, parts, ranks, layer, firstRank } = this.#built;
    if (firstRank !== undefined) return undefined;
    const { gone, added, empty } = this.#replace(changed, removed);
    if (
      flavor.firstRank?.(
        added,
        added.map(() => 0),
      ) !== undefined
    )
      return undefined;
    const broken = this.#built.broken.filter(({ id }) => !gone.has(id));
    const index = new IndexBuilder<R>();
    const end = (ranks[ranks.length - 1] ?? 0) + BEHIND_ALL;
    let steps = 0;
    for (const part of added) {
      const before = (ranks[placeOf(parts, part)] ?? end) - 1;
      const placed = flavor.place(part, before + ++steps * RANK_STEP, RANK_STEP);
      if (placed.ok) for (const one of placed.placed) index.add(one);
      else broken.push({ id: part.route.id, reason: placed.reason });
      steps += part.paths.length;
    }
    for (const _ of index.file());
    const built = { ...this.#built, empty, broken, layer: { ...layer, hidden: gone } };
    return new BuiltRouter(built, { index: index.hosts, hidden: undefined });
  }

  *rebuild(changed: readonly R[], removed: readonly string[]): Generator<void, IndexedRouter<R>> {
    const { gone, added, empty } = this.#replace(changed, removed);
    const parts: Part<R>[] = [];
    let next = 0;
    for (const [i, part] of this.#built.parts.entries()) {
      if (i % STEP === 0) yield;
      if (gone.has(part.route.id)) continue;
      while (next < added.length && compareParts(added[next]!, part) < 0) parts.push(added[next++]!);
      parts.push(part);
    }
    while (next < added.length) parts.push(added[next++]!);
    return yield* indexParts(parts, empty, this.#built.flavor);
  }

  #replace(changed: readonly R[], removed: readonly string[]) {
    const gone = new Set([...removed, ...changed.map(({ id }) => id)]);
    const empty = this.#built.empty.filter(({ id }) => !gone.has(id));
    const added: Part<R>[] = [];
    for (const route of changed) {
      const known = this.#known.get(route);
      const from = added.length;
      if (known !== undefined) added.push(...known);
      else splitInto(added, empty, route, this.#built.flavor);
      if (known === undefined && added.length > from) this.#known.set(route, added.slice(from));
    }
    added.sort(compareParts);
    return { gone, added, empty };
  }
}

/** How many parts come before this one. */
function placeOf<R>(parts: readonly Part<R>[], part: Part<R>): number {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareParts(parts[middle]!, part) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
