// The oldest flavour. Routes are put into categories by which fields they set; more fields come first, then the fields in a
// fixed order of worth. Every path of a route counts as a route of its own; of equals the older one wins.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { categoryOf, categoryOrder, HEADER } from './category.ts';
import { firstRankOfCategories } from './category-start.ts';
import type { Flavor } from './flavor.ts';
import { type HostRule, parseHostRule } from './host-index.ts';
import type { Part } from './part.ts';
import { PathPatterns } from './path-patterns.ts';
import type { RouterRoute } from './router.ts';
import { compileHeaderRules } from './rules.ts';
import { conditionsOf, filled, NO_HOSTS, placePaths } from './traditional-compatible.ts';

export const traditional = (): Flavor => ({
  split,
  place: placeIn(new PathPatterns(true)),
  firstRank: firstRankOfCategories,
  portOf: ({ scheme }) => (scheme === 'https' ? 443 : 80),
});

const MAX_HEADERS = 0x10000;

function split<R extends RouterRoute>(route: R): Part<R>[] {
  const category = categoryOf(route);
  if (category === 0) return [];
  const hosts = (route.hosts ?? []).map(parseHostRule);
  const hasWildcardPort = hosts.some(({ kind, port }) => kind !== 'exact' && port !== 0);
  const hasPlainHostsOnly = hosts.length > 0 && hosts.every(({ kind }) => kind === 'exact');
  const ofHosts = Number(hasWildcardPort) * 4 + Number(hasPlainHostsOnly) * 2;
  const headerCount = Object.keys(route.headers ?? {}).length;
  const paths: readonly (string | undefined)[] = filled(route.paths) ?? [undefined];
  const parts: Part<R>[] = [];
  for (const sureness of surenessOf(hosts, category)) {
    for (const path of paths) {
      const isRegex = path?.startsWith('~') === true;
      const bytes = utf8ToBytes(path ?? '');
      const submatch = (sureness * 8 + ofHosts + Number(isRegex)) * MAX_HEADERS + headerCount;
      const last = isRegex ? (route.regex_priority ?? 0) : bytes.length;
      parts.push({
        route,
        high: categoryOrder(category),
        middle: submatch,
        low: last,
        tie: route.created_at ?? 0,
        id: route.id,
        paths: path === undefined ? [] : [isRegex ? bytes.slice(1) : bytes],
        isRegex,
        hosts: hosts.filter((rule) => headersLead(category) || surenessOfHost(rule) === sureness),
      });
    }
  }
  return parts;
}

/** Candidates are looked up by the host, unless the category has headers: then by those. */
const headersLead = (category: number): boolean => (category & HEADER) !== 0;

/** A host that was named with its port is tried before one that was named, and both before one that fits a wildcard. */
const surenessOfHost = ({ kind, port }: HostRule): number => (kind !== 'exact' ? 0 : port === 0 ? 1 : 2);

const surenessOf = (hosts: readonly HostRule[], category: number): Iterable<number> =>
  headersLead(category) || hosts.length === 0 ? [0] : new Set(hosts.map(surenessOfHost));

const placeIn =
  (patterns: PathPatterns): Flavor['place'] =>
  (part, rank, step) => {
    const { route } = part;
    const headers = compileHeaderRules(route.headers, 'alone');
    if (!headers.ok) return headers;
    const methods = filled(route.methods)?.map((method) => method.toUpperCase());
    const conditions = conditionsOf(route, methods, headers);
    const hosts = part.hosts?.map((rule) => ({ ...rule, mustStandForSomething: rule.kind === 'suffix' })) ?? NO_HOSTS;
    return placePaths(part, { rank, step, conditions, hosts, patterns, joinsAsV1: route.path_handling === 'v1' });
  };
