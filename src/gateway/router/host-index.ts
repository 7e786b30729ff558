// Finds the path trees that a request's host opens: its own, those of wildcards at its start or end, and the one of routes
// without hosts. A wildcard stands for any number of labels, so it is a plain test of how the name ends or begins.
import { PathNode } from './path-tree.ts';

/** Where a host rule of a route leads. */
export interface HostRule {
  readonly kind: 'exact' | 'suffix' | 'prefix';
  readonly text: string;
  /** 0 for any. */
  readonly port: number;
  /** The `*` needs at least one character. */
  readonly mustStandForSomething: boolean;
}

export function parseHostRule(host: string): HostRule {
  const colon = host.lastIndexOf(':');
  const hasPort = colon >= 0 && host.indexOf(']', colon) < 0;
  const name = hasPort ? host.slice(0, colon) : host;
  const port = hasPort ? Number(host.slice(colon + 1)) : 0;
  const rule = { port, mustStandForSomething: false };
  if (name.startsWith('*')) return { kind: 'suffix', text: name.slice(1), ...rule };
  if (name.endsWith('*')) return { kind: 'prefix', text: name.slice(0, -1), ...rule };
  return { kind: 'exact', text: name, ...rule };
}

export class HostIndex<R> {
  readonly any = new PathNode<R>('');
  readonly #exact = new Map<string, PathNode<R>>();
  readonly #suffixes = new Wildcards<R>();
  readonly #prefixes = new Wildcards<R>();

  treeFor(rule: HostRule): PathNode<R> {
    if (rule.kind === 'suffix') return this.#suffixes.treeFor(rule.text);
    if (rule.kind === 'prefix') return this.#prefixes.treeFor(rule.text);
    let tree = this.#exact.get(rule.text);
    if (tree === undefined) {
      tree = new PathNode('');
      this.#exact.set(rule.text, tree);
    }
    return tree;
  }

  exact(name: string): PathNode<R> | undefined {
    return this.#exact.get(name);
  }

  /** Calls `visit` with the tree of every wildcard that the name fits. */
  eachWildcard(name: string, visit: (tree: PathNode<R>) => void): void {
    for (const { length, startsWithDot } of this.#suffixes.lengths) {
      const from = name.length - length;
      if (from < 0) break;
      if (startsWithDot && name.charCodeAt(from) !== DOT) continue;
      const tree = this.#suffixes.trees.get(name.slice(from));
      if (tree !== undefined) visit(tree);
    }
    for (const { length, endsWithDot } of this.#prefixes.lengths) {
      if (length > name.length) break;
      if (endsWithDot && name.charCodeAt(length - 1) !== DOT) continue;
      const tree = this.#prefixes.trees.get(name.slice(0, length));
      if (tree !== undefined) visit(tree);
    }
  }
}

const DOT = 46;

interface Length {
  readonly length: number;
  /** Holds for every text of that length. */
  startsWithDot: boolean;
  endsWithDot: boolean;
}

/** Trees by the text beside the `*`. Only lengths that occur are looked up, so a long name costs no more than a short one. */
class Wildcards<R> {
  readonly trees = new Map<string, PathNode<R>>();
  /** Ascending. */
  readonly lengths: Length[] = [];

  treeFor(text: string): PathNode<R> {
    const known = this.trees.get(text);
    if (known !== undefined) return known;
    const tree = new PathNode<R>('');
    this.trees.set(text, tree);
    let entry = this.lengths.find(({ length }) => length === text.length);
    if (entry === undefined) {
      entry = { length: text.length, startsWithDot: true, endsWithDot: true };
      this.lengths.push(entry);
      this.lengths.sort((a, b) => a.length - b.length);
    }
    entry.startsWithDot &&= text.startsWith('.');
    entry.endsWithDot &&= text.endsWith('.');
    return tree;
  }
}
