// A radix tree over literal path prefixes. Every node knows the best rank below it, so that a search that already has a
// better match stops early.
import type { Leaf } from './leaf.ts';
import { HANDFUL, type LeafGroup } from './leaf-group.ts';

export class PathNode<R> {
  label: string;
  /** The only child, or … */
  child: PathNode<R> | undefined = undefined;
  /** … several, by the first character of their labels. */
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
    let child = childFor(node, prefix.charCodeAt(at));
    if (child === undefined) {
      child = new PathNode<R>(prefix.slice(at));
      addChild(node, child);
    } else {
      const shared = sharedLength(child.label, prefix, at);
      if (shared < child.label.length) child = putBetween(node, child, shared);
    }
    at += child.label.length;
    node = child;
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

export function childFor<R>(node: PathNode<R>, code: number): PathNode<R> | undefined {
  const { child } = node;
  if (child !== undefined) return child.label.charCodeAt(0) === code ? child : undefined;
  return node.children?.get(code);
}

function addChild<R>(node: PathNode<R>, added: PathNode<R>): void {
  const { child } = node;
  if (child === undefined && node.children === undefined) {
    node.child = added;
    return;
  }
  node.children ??= new Map();
  if (child !== undefined) node.children.set(child.label.charCodeAt(0), child);
  node.children.set(added.label.charCodeAt(0), added);
  node.child = undefined;
}

/** A node with the first `length` characters of the child's label, between the child and its parent. */
function putBetween<R>(parent: PathNode<R>, child: PathNode<R>, length: number): PathNode<R> {
  const upper = new PathNode<R>(child.label.slice(0, length));
  upper.bestRank = child.bestRank;
  if (parent.child !== undefined) parent.child = upper;
  else parent.children!.set(upper.label.charCodeAt(0), upper);
  // The child itself goes down and keeps its identity: somebody may have noted that it is crowded.
  child.label = child.label.slice(length);
  upper.child = child;
  return upper;
}
