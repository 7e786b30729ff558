// Routes → parts in order → leaves in an index. A built router can be extended: a few changed routes are laid over the large
// index in a small one of their own, with ranks between those that are there, so that one changed route among a hundred
// thousand costs what one route costs.
import type { FirstRank, Flavor, Placed } from './flavor.ts';
import { HostIndex } from './host-index.ts';
import { IndexSearch, type Layer } from './index-search.ts';
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
}

interface Built<R> {
  readonly flavor: Flavor;
  readonly parts: readonly Part<R>[];
  /** Of each part's first leaf. */
  readonly ranks: readonly number[];
  readonly layer: Layer<R>;
  readonly skipped: Router<R>['skipped'];
  readonly firstRank: FirstRank | undefined;
}

export function* buildRouter<R extends RouterRoute>(
  routes: readonly R[],
  flavor: Flavor,
): Generator<void, IndexedRouter<R>> {
  const skipped: { id: string; reason: string }[] = [];
  const unordered: Part<R>[] = [];
  for (let i = 0; i < routes.length; i++) {
    if (i % STEP === 0) yield;
    splitInto(unordered, skipped, routes[i]!, flavor);
  }
  const parts = yield* sortParts(unordered);
  const index = new IndexBuilder<R>();
  const ranks: number[] = [];
  let rank = 0;
  for (let i = 0; i < parts.length; i++) {
    if (i % STEP === 0) yield;
    const part = parts[i]!;
    ranks.push(rank);
    const placed = flavor.place(part, rank);
    if (placed.ok) for (const one of placed.placed) index.add(one);
    else skipped.push({ id: part.route.id, reason: placed.reason });
    rank += Math.max(part.paths.length, 1);
  }
  yield* index.file();
  const layer = { index: index.hosts, hidden: undefined };
  return new BuiltRouter({ flavor, parts, ranks, layer, skipped, firstRank: flavor.firstRank?.(parts, ranks) });
}

function splitInto<R extends RouterRoute>(
  parts: Part<R>[],
  skipped: { id: string; reason: string }[],
  route: R,
  flavor: Flavor,
): void {
  const own = flavor.split(route);
  if (own.length === 0) skipped.push({ id: route.id, reason: 'it has no field to match requests by' });
  for (const part of own) parts.push(part);
}

class IndexBuilder<R> {
  readonly hosts = new HostIndex<R>();
  readonly #crowded: PathNode<R>[] = [];

  add({ leaf, prefix, hosts }: Placed<R>): void {
    if (hosts.length === 0) this.#insert(this.hosts.any, prefix, leaf);
    for (const rule of hosts) {
      const withPort = rule.port === leaf.port ? leaf : { ...leaf, port: rule.port };
      const longerThan = rule.mustStandForSomething ? rule.text.length : 0;
      const placed = longerThan === leaf.hostLongerThan ? withPort : { ...withPort, hostLongerThan: longerThan };
      this.#insert(this.hosts.treeFor(rule), prefix, placed);
    }
  }

  *file(): Generator<void, void> {
    for (const node of this.#crowded) {
      const group = new LeafGroup(node.leaves!);
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

class BuiltRouter<R extends RouterRoute> implements IndexedRouter<R> {
  readonly skipped: Router<R>['skipped'];
  readonly #built: Built<R>;
  readonly #search: IndexSearch<R>;

  constructor(built: Built<R>, overlay?: Layer<R>) {
    this.#built = built;
    this.skipped = built.skipped;
    this.#search = new IndexSearch(overlay === undefined ? [built.layer] : [overlay, built.layer], built.firstRank);
  }

  match(input: RouteInput): RouteMatch<R> | undefined {
    return this.#search.match(input);
  }

  extend(changed: readonly R[], removed: readonly string[]): IndexedRouter<R> | undefined {
    const { flavor, parts, ranks, layer, firstRank } = this.#built;
    if (firstRank !== undefined) return undefined;
    const gone = new Set([...removed, ...changed.map(({ id }) => id)]);
    const skipped = this.#built.skipped.filter(({ id }) => !gone.has(id));
    const added: Part<R>[] = [];
    for (const route of changed) splitInto(added, skipped, route, flavor);
    added.sort(compareParts);
    if (
      flavor.firstRank?.(
        added,
        added.map(() => 0),
      ) !== undefined
    )
      return undefined;
    const index = new IndexBuilder<R>();
    let steps = 0;
    for (const part of added) {
      const before = (ranks[placeOf(parts, part)] ?? (ranks[ranks.length - 1] ?? 0) + 2 ** 20) - 1;
      const placed = flavor.place(part, before + ++steps * RANK_STEP);
      if (!placed.ok) skipped.push({ id: part.route.id, reason: placed.reason });
      else {
        for (const [i, one] of placed.placed.entries()) {
          const rank = before + (steps + i) * RANK_STEP;
          index.add({ ...one, leaf: { ...one.leaf, rank } });
        }
        steps += placed.placed.length;
      }
    }
    for (const _ of index.file());
    const hidden = { ...layer, hidden: gone };
    return new BuiltRouter({ ...this.#built, skipped, layer: hidden }, { index: index.hosts, hidden: undefined });
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
