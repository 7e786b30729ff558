// The default flavour: every field that a route sets must match, and of all routes that do, the one of highest priority is
// taken. All ordering happens here, once; a search then only compares ranks. An expression is tried only for paths that
// begin with its literal part.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { compilePattern, literalPrefix } from '../../lib/regex.ts';
import { HostIndex, parseHostRule } from './host-index.ts';
import { insertLeaf, type PathNode } from './path-tree.ts';
import { type RoutePart, sortParts, splitRoute } from './priority.ts';
import type { Captures, RouteInput, RouteMatch, Router, RouterRoute } from './router.ts';
import { compileHeaderRules, compileSni, type HeaderRule, headersFit, sniFits } from './rules.ts';

/** One path of a route under one of its hosts. */
interface Leaf<R> {
  readonly rank: number;
  readonly route: R;
  readonly prefix: string;
  readonly regex: RegExp | undefined;
  /** 0 for any. */
  readonly port: number;
  readonly methods: readonly string[] | undefined;
  readonly snis: readonly string[] | undefined;
  readonly headers: readonly HeaderRule[] | undefined;
}

export function compileTraditionalCompatible<R extends RouterRoute>(
  routes: readonly R[],
  calculation: 'strict' | 'original',
): Router<R> {
  const parts: RoutePart<R>[] = [];
  const skipped: { id: string; reason: string }[] = [];
  for (const route of routes) {
    const paths = (route.paths ?? []).map(utf8ToBytes);
    const ofRoute = splitRoute(route, paths);
    if (ofRoute[0]!.weight > 0) parts.push(...ofRoute);
    else skipped.push({ id: route.id, reason: 'it has no field to match requests by' });
  }
  sortParts(parts, calculation);

  const index = new HostIndex<Leaf<R>>();
  let rank = 0;
  for (const part of parts) {
    const leaves = makeLeaves(part, rank);
    if (leaves.ok) for (const leaf of leaves.leaves) insertUnderHosts(index, leaf);
    else skipped.push({ id: part.route.id, reason: leaves.reason });
    rank += Math.max(part.paths.length, 1);
  }
  return new TraditionalCompatibleRouter(index, skipped);
}

type Leaves<R> = { readonly ok: true; readonly leaves: Leaf<R>[] } | { readonly ok: false; readonly reason: string };

/** Paths of one part have the same priority; the earlier is asked first. */
function makeLeaves<R extends RouterRoute>(part: RoutePart<R>, rank: number): Leaves<R> {
  const { route } = part;
  const headers = compileHeaderRules(route.headers);
  if (!headers.ok) return headers;
  const shared = {
    route,
    port: 0,
    methods: filled(route.methods),
    snis: filled(route.snis)?.map(compileSni),
    headers: filled(headers.rules),
  };
  if (part.paths.length === 0) return { ok: true, leaves: [{ ...shared, rank, prefix: '', regex: undefined }] };
  const leaves: Leaf<R>[] = [];
  for (const [i, path] of part.paths.entries()) {
    if (!part.isRegex) {
      leaves.push({ ...shared, rank: rank + i, prefix: path, regex: undefined });
      continue;
    }
    const compiled = compilePattern(path, { lookaround: false, anchored: true });
    if (!compiled.ok) return { ok: false, reason: `path ~${path}: ${compiled.reason}` };
    leaves.push({ ...shared, rank: rank + i, prefix: literalPrefix(path), regex: compiled.regex });
  }
  return { ok: true, leaves };
}

const filled = <T>(list: readonly T[] | null | undefined): readonly T[] | undefined =>
  list === null || list === undefined || list.length === 0 ? undefined : list;

function insertUnderHosts<R extends RouterRoute>(index: HostIndex<Leaf<R>>, leaf: Leaf<R>): void {
  const hosts = filled(leaf.route.hosts);
  if (hosts === undefined) {
    insertLeaf(index.any, leaf.prefix, leaf);
    return;
  }
  for (const host of hosts) {
    const rule = parseHostRule(host);
    insertLeaf(index.treeFor(rule), leaf.prefix, rule.port === 0 ? leaf : { ...leaf, port: rule.port });
  }
}

class TraditionalCompatibleRouter<R extends RouterRoute> implements Router<R> {
  readonly skipped: Router<R>['skipped'];
  readonly #index: HostIndex<Leaf<R>>;
  /** The nodes passed by the current walk. */
  readonly #passed: PathNode<Leaf<R>>[] = [];
  readonly #visit = (tree: PathNode<Leaf<R>>): void => this.#walk(tree);
  // The search under way; searches never overlap.
  #input!: RouteInput;
  #port = 0;
  #bestRank = Number.POSITIVE_INFINITY;
  #best: Leaf<R> | undefined = undefined;
  #result: RegExpExecArray | null = null;

  constructor(index: HostIndex<Leaf<R>>, skipped: Router<R>['skipped']) {
    this.#index = index;
    this.skipped = skipped;
  }

  match(input: RouteInput): RouteMatch<R> | undefined {
    const { host } = input;
    const colon = host.lastIndexOf(':');
    const hasPort = colon >= 0 && host.indexOf(']', colon) < 0;
    const name = hasPort ? host.slice(0, colon) : host;
    this.#input = input;
    this.#port = hasPort ? Number(host.slice(colon + 1)) : input.port;
    this.#bestRank = Number.POSITIVE_INFINITY;
    this.#best = undefined;
    this.#result = null;
    if (name !== '') {
      const tree = this.#index.exact(name);
      if (tree !== undefined) this.#walk(tree);
      this.#index.eachWildcard(name, this.#visit);
    }
    this.#walk(this.#index.any);
    return this.#best === undefined ? undefined : describeMatch(this.#best, this.#result);
  }

  #walk(tree: PathNode<Leaf<R>>): void {
    if (tree.bestRank >= this.#bestRank) return;
    const { path } = this.#input;
    const passed = this.#passed;
    let count = 0;
    let at = 0;
    let node = tree;
    for (;;) {
      if (node.leaves !== undefined) passed[count++] = node;
      if (node.children === undefined || at === path.length) break;
      const child = node.children.get(path.charCodeAt(at));
      if (child === undefined || child.bestRank >= this.#bestRank || !path.startsWith(child.label, at)) break;
      at += child.label.length;
      node = child;
    }
    // The longest prefix is the likeliest winner, and a winner spares the others the closer look.
    while (count > 0) this.#tryLeaves(passed[--count]!.leaves!);
  }

  #tryLeaves(leaves: readonly Leaf<R>[]): void {
    for (const leaf of leaves) {
      if (leaf.rank >= this.#bestRank) return;
      if (!this.#fits(leaf)) continue;
      let result: RegExpExecArray | null = null;
      if (leaf.regex !== undefined) {
        result = leaf.regex.exec(this.#input.path);
        if (result === null) continue;
      }
      this.#bestRank = leaf.rank;
      this.#best = leaf;
      this.#result = result;
      return;
    }
  }

  #fits(leaf: Leaf<R>): boolean {
    const input = this.#input;
    if (leaf.methods !== undefined && !leaf.methods.includes(input.method)) return false;
    if (leaf.port !== 0 && leaf.port !== this.#port) return false;
    if (leaf.snis !== undefined && input.scheme === 'https' && !sniFits(leaf.snis, input.sni)) return false;
    return leaf.headers === undefined || headersFit(leaf.headers, input.headers);
  }
}

function describeMatch<R>(leaf: Leaf<R>, result: RegExpExecArray | null): RouteMatch<R> {
  if (result === null) return { route: leaf.route, prefix: leaf.prefix, isRegex: false, captures: undefined };
  const captures = result.length > 1 ? describeCaptures(result) : undefined;
  return { route: leaf.route, prefix: result[0], isRegex: true, captures };
}

function describeCaptures(result: RegExpExecArray): Captures {
  const unnamed: string[] = [];
  for (let i = 0; i < result.length; i++) unnamed.push(result[i] ?? '');
  return { unnamed, named: result.groups === undefined ? NO_NAMES : describeNamed(result.groups) };
}

const NO_NAMES: Captures['named'] = Object.freeze(Object.create(null));

function describeNamed(groups: Record<string, string | undefined>): Record<string, string> {
  const named = Object.create(null) as Record<string, string>;
  for (const name in groups) {
    const value = groups[name];
    if (value !== undefined) named[name] = value;
  }
  return named;
}
