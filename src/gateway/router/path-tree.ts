// A radix tree over literal path prefixes. Every node knows the best rank below it, so that a search that already has a
// better match stops early.
import type { Leaf } from './leaf.ts';
import { HANDFUL, type LeafGroup } from './leaf-group.ts';

export class PathNode<R> {
  label: string;
  /** The first characters of the children's labels: there are hundreds of thousands of nodes, and a map for each is dear. */
  codes = '';
  /** The only child, or all of them in the order of `codes`. */
  children: PathNode<R> | PathNode<R>[] | undefined = undefined;
  /** By rank; many are also filed in `group`. */
  leaves: Leaf<R> | Leaf<R>[] | undefined = undefined;
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
  const { leaves } = node;
  if (leaves === undefined) node.leaves = leaf;
  else if (!Array.isArray(leaves)) node.leaves = [leaves, leaf];
  else if (leaves.push(leaf) === HANDFUL + 1) return node;
  return undefined;
}

function sharedLength(label: string, prefix: string, at: number): number {
  let length = 1;
  while (length < label.length && label.charCodeAt(length) === prefix.charCodeAt(at + length)) length++;
  return length;
}

export function childFor<R>(node: PathNode<R>, code: number): PathNode<R> | undefined {
  const { children, codes } = node;
  if (children === undefined) return undefined;
  if (!Array.isArray(children)) return codes.charCodeAt(0) === code ? children : undefined;
  for (let i = 0; i < codes.length; i++) if (codes.charCodeAt(i) === code) return children[i];
  return undefined;
}

function addChild<R>(node: PathNode<R>, added: PathNode<R>): void {
  const { children } = node;
  node.codes += added.label.charAt(0);
  if (children === undefined) node.children = added;
  else if (Array.isArray(children)) children.push(added);
  else node.children = [children, added];
}

/** A node with the first `length` characters of the child's label, between the child and its parent. */
function putBetween<R>(parent: PathNode<R>, child: PathNode<R>, length: number): PathNode<R> {
  const upper = new PathNode<R>(child.label.slice(0, length));
  upper.bestRank = child.bestRank;
  if (Array.isArray(parent.children)) parent.children[parent.children.indexOf(child)] = upper;
  else parent.children = upper;
  // The child itself goes down and keeps its identity: somebody may have noted that it is crowded.
  child.label = child.label.slice(length);
  addChild(upper, child);
  return upper;
}
