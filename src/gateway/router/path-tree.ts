// A radix tree over literal path prefixes. Every node knows the best rank below it, so that a search that already has a
// better match stops early.
import type { Leaf } from './leaf.ts';
import { HANDFUL, type LeafGroup } from './leaf-group.ts';

export class PathNode<R> {
  label: string;
  children: Map<number, PathNode<R>> | undefined = undefined;
  leaves: Leaf<R>[] | undefined = undefined;
  /** In place of `leaves` when they are many. */
  group: LeafGroup<R> | undefined = undefined;
  /** The lowest rank in this subtree. */
  bestRank = Number.POSITIVE_INFINITY;

  constructor(label: string) {
    this.label = label;
  }
}

/**
 * Leaves have to come by ascending rank: they are kept in the order in which they are inserted. Answers the node when it
 * just got one leaf more than a handful.
 */
export function insertLeaf<R>(root: PathNode<R>, prefix: string, leaf: Leaf<R>): PathNode<R> | undefined {
  let node = root;
  let at = 0;
  for (;;) {
    if (leaf.rank < node.bestRank) node.bestRank = leaf.rank;
    if (at === prefix.length) break;
    const code = prefix.charCodeAt(at);
    node.children ??= new Map();
    const child = node.children.get(code);
    if (child === undefined) {
      const added = new PathNode<R>(prefix.slice(at));
      node.children.set(code, added);
      node = added;
      at = prefix.length;
      continue;
    }
    const shared = sharedLength(child.label, prefix, at);
    if (shared < child.label.length) splitNode(child, shared, node);
    node = node.children.get(code)!;
    at += shared;
  }
  if (node.leaves === undefined) node.leaves = [leaf];
  else if (node.leaves.push(leaf) === HANDFUL + 1) return node;
  return undefined;
}

function sharedLength(label: string, prefix: string, at: number): number {
  let length = 1;
  while (length < label.length && label.charCodeAt(length) === prefix.charCodeAt(at + length)) length++;
  return length;
}

/** Puts a node with the first `length` characters of the child's label between the child and its parent. */
function splitNode<R>(child: PathNode<R>, length: number, parent: PathNode<R>): void {
  const upper = new PathNode<R>(child.label.slice(0, length));
  upper.bestRank = child.bestRank;
  const lower = child.label.slice(length);
  // The child itself goes down and keeps its identity: somebody may have noted that it is crowded.
  child.label = lower;
  upper.children = new Map([[lower.charCodeAt(0), child]]);
  parent.children!.set(upper.label.charCodeAt(0), upper);
}
