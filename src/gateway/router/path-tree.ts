// A radix tree over literal path prefixes. Every node knows the best rank below it, so that a search that already has a
// better match stops early.

/** What hangs on a node. A lower rank wins. */
export interface Ranked {
  readonly rank: number;
}

export class PathNode<L extends Ranked> {
  readonly label: string;
  children: Map<number, PathNode<L>> | undefined = undefined;
  leaves: L[] | undefined = undefined;
  /** The lowest rank in this subtree. */
  bestRank = Number.POSITIVE_INFINITY;

  constructor(label: string) {
    this.label = label;
  }
}

/** Leaves have to come by ascending rank: they are kept in the order in which they are inserted. */
export function insertLeaf<L extends Ranked>(root: PathNode<L>, prefix: string, leaf: L): void {
  let node = root;
  let at = 0;
  for (;;) {
    if (leaf.rank < node.bestRank) node.bestRank = leaf.rank;
    if (at === prefix.length) break;
    const code = prefix.charCodeAt(at);
    node.children ??= new Map();
    const child = node.children.get(code);
    if (child === undefined) {
      const added = new PathNode<L>(prefix.slice(at));
      node.children.set(code, added);
      node = added;
      at = prefix.length;
      continue;
    }
    const shared = sharedLength(child.label, prefix, at);
    node = shared === child.label.length ? child : splitNode(node, child, shared);
    at += shared;
  }
  if (node.leaves === undefined) node.leaves = [leaf];
  else node.leaves.push(leaf);
}

function sharedLength(label: string, prefix: string, at: number): number {
  let length = 1;
  while (length < label.length && label.charCodeAt(length) === prefix.charCodeAt(at + length)) length++;
  return length;
}

/** Puts a node with the first `length` characters of the child's label between the child and its parent. */
function splitNode<L extends Ranked>(parent: PathNode<L>, child: PathNode<L>, length: number): PathNode<L> {
  const upper = new PathNode<L>(child.label.slice(0, length));
  const lower = new PathNode<L>(child.label.slice(length));
  lower.children = child.children;
  lower.leaves = child.leaves;
  lower.bestRank = child.bestRank;
  upper.bestRank = child.bestRank;
  upper.children = new Map([[lower.label.charCodeAt(0), lower]]);
  parent.children!.set(upper.label.charCodeAt(0), upper);
  return upper;
}
