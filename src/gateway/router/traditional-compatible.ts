// The default flavour: every field that a route sets must match, and of all routes that do, the one of highest priority is
// taken. An expression is tried only for paths that begin with its literal part.
import { compilePattern, literalPrefix } from '../../lib/regex.ts';
import { compileAddresses } from './addresses.ts';
import type { Flavor, Placements } from './flavor.ts';
import { parseHostRule } from './host-index.ts';
import type { Leaf, Need } from './leaf.ts';
import type { Part } from './part.ts';
import { splitByPriority } from './priority.ts';
import type { RouterRoute } from './router.ts';
import { compileHeaderRules, compileSni } from './rules.ts';

export const traditionalCompatible = (calculation: 'strict' | 'original'): Flavor => ({
  split: (route) => splitByPriority(route, calculation),
  place: placeByFields,
});

export function placeByFields<R extends RouterRoute>(part: Part<R>, rank: number): Placements<R> {
  const { route } = part;
  const headers = compileHeaderRules(route.headers);
  if (!headers.ok) return headers;
  const methods = filled(route.methods);
  const leaf: Leaf<R> = {
    rank,
    route,
    prefix: '',
    regex: undefined,
    port: 0,
    hostLongerThan: 0,
    methods,
    snis: filled(route.snis)?.map(compileSni),
    headers: filled(headers.rules),
    sources: compileAddresses(route.sources),
    destinations: compileAddresses(route.destinations),
    evaluate: undefined,
    needs: methods === undefined ? headers.needs : [methodNeed(methods), ...headers.needs],
    joinsAsV1: false,
  };
  return placePaths(part, leaf, (route.hosts ?? []).map(parseHostRule), { lookaround: false });
}

/** One leaf a path; they differ in nothing else. */
export function placePaths<R extends RouterRoute>(
  { paths, isRegex }: Part<R>,
  leaf: Leaf<R>,
  hosts: readonly ReturnType<typeof parseHostRule>[],
  regexes: { readonly lookaround: boolean },
): Placements<R> {
  if (paths.length === 0) return { ok: true, placed: [{ leaf, prefix: '', hosts }] };
  const placed: { leaf: Leaf<R>; prefix: string; hosts: typeof hosts }[] = [];
  for (const [i, path] of paths.entries()) {
    const rank = leaf.rank + i;
    if (!isRegex) {
      placed.push({ leaf: { ...leaf, rank, prefix: path }, prefix: path, hosts });
      continue;
    }
    const compiled = compilePattern(path, { ...regexes, anchored: true });
    if (!compiled.ok) return { ok: false, reason: `path ~${path}: ${compiled.reason}` };
    placed.push({ leaf: { ...leaf, rank, regex: compiled.regex }, prefix: literalPrefix(path), hosts });
  }
  return { ok: true, placed };
}

export const methodNeed = (values: readonly string[]): Need => ({
  name: 'http.method',
  read: ({ input }) => input.method,
  values,
});

export const filled = <T>(list: readonly T[] | null | undefined): readonly T[] | undefined =>
  list === null || list === undefined || list.length === 0 ? undefined : list;
