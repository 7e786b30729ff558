// The search: from the trees that the host opens, down the path, to the leaf of the lowest rank that fits. The longest prefix
// is tried first, because it is the likeliest winner, and a winner spares the others the closer look.
import type { FirstRank, Flavor } from './flavor.ts';
import type { HostIndex } from './host-index.ts';
import { describeMatch, type Found, type Leaf, tryLeaf } from './leaf.ts';
import { eachCandidateList, type LeafGroup } from './leaf-group.ts';
import { childFor, type PathNode } from './path-tree.ts';
import { RequestFields } from './request-fields.ts';
import type { RouteInput, RouteMatch } from './router.ts';

export interface Layer<R> {
  readonly index: HostIndex<R>;
  /** Ids of routes that are in the index and do not count any more. */
  readonly hidden: ReadonlySet<string> | undefined;
}

export class IndexSearch<R extends { readonly id: string }> {
  readonly #layers: readonly Layer<R>[];
  readonly #firstRank: FirstRank | undefined;
  readonly #fields: RequestFields;
  /** The nodes passed by the current walk. */
  readonly #passed: PathNode<R>[] = [];
  readonly #visitTree = (tree: PathNode<R>): void => this.#walk(tree);
  readonly #visitGroup = (group: LeafGroup<R>): void => {
    if (group.bestRank < this.#bestRank) this.#tryLeaves(group.leaves);
  };
  // The search under way; searches never overlap.
  #hidden: ReadonlySet<string> | undefined = undefined;
  #lowestRank = 0;
  #bestRank = Number.POSITIVE_INFINITY;
  #best: Leaf<R> | undefined = undefined;
  #found: Found | undefined = undefined;

  constructor(layers: readonly Layer<R>[], firstRank: FirstRank | undefined, portOf: Flavor['portOf']) {
    this.#layers = layers;
    this.#fields = new RequestFields(portOf);
    this.#firstRank = firstRank;
  }

  match(input: RouteInput): RouteMatch<R> | undefined {
    const fields = this.#fields;
    fields.load(input);
    this.#bestRank = Number.POSITIVE_INFINITY;
    this.#best = undefined;
    this.#lowestRank = this.#firstRank === undefined ? Number.NEGATIVE_INFINITY : this.#firstRank(fields);
    for (const { index, hidden } of this.#layers) {
      this.#hidden = hidden;
      if (fields.host !== '') {
        const tree = index.exact(fields.host);
        if (tree !== undefined) this.#walk(tree);
        index.eachWildcard(fields.host, this.#visitTree);
      }
      this.#walk(index.any);
    }
    return this.#best === undefined ? undefined : describeMatch(this.#best, this.#found!);
  }

  #walk(tree: PathNode<R>): void {
    if (tree.bestRank >= this.#bestRank) return;
    const { path } = this.#fields.input;
    const passed = this.#passed;
    let count = 0;
    let at = 0;
    let node = tree;
    for (;;) {
      if (node.leaves !== undefined) passed[count++] = node;
      if (at === path.length) break;
      const child = childFor(node, path.charCodeAt(at));
      if (child === undefined || child.bestRank >= this.#bestRank || !path.startsWith(child.label, at)) break;
      at += child.label.length;
      node = child;
    }
    while (count > 0) {
      const { group, leaves } = passed[--count]!;
      if (group !== undefined) eachCandidateList(group, this.#fields, this.#visitGroup);
      else if (Array.isArray(leaves)) this.#tryLeaves(leaves);
      else if (leaves!.rank < this.#bestRank) this.#tryLeaf(leaves!);
    }
  }

  #tryLeaves(leaves: readonly Leaf<R>[]): void {
    for (const leaf of leaves) {
      if (leaf.rank >= this.#bestRank) return;
      if (this.#tryLeaf(leaf)) return;
    }
  }

  #tryLeaf(leaf: Leaf<R>): boolean {
    if (leaf.rank < this.#lowestRank || this.#hidden?.has(leaf.route.id) === true) return false;
    const found = tryLeaf(leaf, this.#fields);
    if (found === undefined) return false;
    this.#bestRank = leaf.rank;
    this.#best = leaf;
    this.#found = found;
    return true;
  }
}
