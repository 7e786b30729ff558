// The default flavour: every field that a route sets must match, and of all routes that do, the one of highest priority is
// taken. An expression is tried only for paths that begin with its literal part.
import { compileAddresses } from './addresses.ts';
import type { Flavor, Placed, Placements } from './flavor.ts';
import { type HostRule, parseHostRule } from './host-index.ts';
import type { Conditions, Leaf, Need } from './leaf.ts';
import type { Part } from './part.ts';
import { PathPatterns } from './path-patterns.ts';
import { splitByPriority } from './priority.ts';
import type { RouterRoute } from './router.ts';
import { compileHeaderRules, compileSni, type HeaderRules } from './rules.ts';

export const traditionalCompatible = (calculation: 'strict' | 'original'): Flavor => ({
  split: (route) => splitByPriority(route, calculation),
  place: placeByFields(),
});

export function placeByFields(): Flavor['place'] {
  const patterns = new PathPatterns(false);
  return (part, rank, step) => {
    const { route } = part;
    const headers = compileHeaderRules(route.headers);
    if (!headers.ok) return headers;
    const conditions = conditionsOf(route, filled(route.methods), headers);
    const hosts = filled(route.hosts)?.map(parseHostRule) ?? NO_HOSTS;
    return placePaths(part, { rank, step, conditions, hosts, patterns, joinsAsV1: false });
  };
}

/** undefined when there is nothing to check. */
export function conditionsOf(
  route: RouterRoute,
  methods: readonly string[] | undefined,
  headers: Extract<HeaderRules, { ok: true }>,
): Conditions | undefined {
  const snis = filled(route.snis);
  const sources = compileAddresses(route.sources);
  const destinations = compileAddresses(route.destinations);
  const { rules, needs } = headers;
  const isFree = methods === undefined && snis === undefined && rules.length === 0;
  if (isFree && sources === undefined && destinations === undefined) return undefined;
  return {
    methods,
    snis: snis?.map(compileSni),
    headers: filled(rules),
    sources,
    destinations,
    evaluate: undefined,
    needs: methods === undefined ? needs : [methodNeed(methods), ...needs],
  };
}

interface Placing {
  readonly rank: number;
  readonly step: number;
  readonly conditions: Conditions | undefined;
  readonly hosts: readonly HostRule[];
  readonly patterns: PathPatterns;
  readonly joinsAsV1: boolean;
}

export const NO_HOSTS: readonly HostRule[] = [];

/** One leaf a path; they differ in nothing else. */
export function placePaths<R extends RouterRoute>(part: Part<R>, placing: Placing): Placements<R> {
  const { hosts, patterns } = placing;
  const { paths } = part;
  if (paths.length === 0) return { ok: true, placed: [{ leaf: leafOf(part, placing, 0, ''), prefix: '', hosts }] };
  const placed: Placed<R>[] = [];
  for (let i = 0; i < paths.length; i++) {
    const path = paths[i]!;
    if (!part.isRegex) {
      placed.push({ leaf: leafOf(part, placing, i, path), prefix: path, hosts });
      continue;
    }
    const compiled = patterns.compile(path);
    if (!compiled.ok) return { ok: false, reason: `path ~${path}: ${compiled.reason}` };
    const { prefix, regex } = compiled;
    placed.push({ leaf: leafOf(part, placing, i, prefix, regex), prefix, hosts });
  }
  return { ok: true, placed };
}

const leafOf = <R>(part: Part<R>, placing: Placing, i: number, prefix: string, regex?: RegExp): Leaf<R> => ({
  rank: placing.rank + i * placing.step,
  route: part.route,
  prefix,
  isWhole: false,
  regex,
  port: 0,
  hostLongerThan: 0,
  conditions: placing.conditions,
  joinsAsV1: placing.joinsAsV1,
});

export const methodNeed = (values: readonly string[]): Need => ({
  name: 'http.method',
  read: ({ input }) => input.method,
  values,
});

export const filled = <T>(list: readonly T[] | null | undefined): readonly T[] | undefined =>
  list === null || list === undefined || list.length === 0 ? undefined : list;
