// Which of two routes is asked first. A route with more paths of different kinds counts as several: all expressions
// together, and the prefixes of each length. Each of those has its own priority, and its own id to break ties by.
import { uuidV5 } from '../../lib/ids.ts';
import type { RouterRoute } from './router.ts';

/** A route, or the part of one whose paths share a priority. */
export interface RoutePart<R> {
  readonly route: R;
  /** Breaks ties, the greater first. */
  readonly id: string;
  /** Bytes; without the `~` when they are expressions. */
  readonly paths: readonly string[];
  readonly isRegex: boolean;
  /** The number of fields that must match. */
  readonly weight: number;
  readonly hasPlainHostsOnly: boolean;
  readonly headerCount: number;
  readonly regexPriority: number;
  readonly prefixLength: number;
}

const PART_NAMESPACE = '7f145bf9-0dce-4f91-98eb-debbce4b9f6b';
const MAX_WEIGHT = 7;
const MAX_HEADERS = 255;
const MAX_LENGTH = 0x7ffff;

/** `paths` are bytes; an expression starts with `~`. */
export function splitRoute<R extends RouterRoute>(route: R, paths: readonly string[]): RoutePart<R>[] {
  const { methods, hosts, headers, snis } = route;
  const headerCount = headers === null || headers === undefined ? 0 : Object.keys(headers).length;
  const counts = [methods?.length ?? 0, hosts?.length ?? 0, headerCount, snis?.length ?? 0, paths.length];
  const shared = {
    route,
    weight: Math.min(counts.filter((count) => count > 0).length, MAX_WEIGHT),
    hasPlainHostsOnly: (hosts?.length ?? 0) > 0 && hosts!.every((host) => !host.includes('*')),
    headerCount: Math.min(headerCount, MAX_HEADERS),
  };
  if (paths.length <= 1) return [describe(shared, route.id, paths)];

  const groups = new Map<number, string[]>();
  for (const path of paths) {
    const key = path.startsWith('~') ? 0 : path.length;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [path]);
    else group.push(path);
  }
  return [...groups].map(([key, group]) => describe(shared, uuidV5(PART_NAMESPACE, `${route.id}#${key}`), group));
}

type Shared<R> = Pick<RoutePart<R>, 'route' | 'weight' | 'hasPlainHostsOnly' | 'headerCount'>;

function describe<R extends RouterRoute>(shared: Shared<R>, id: string, paths: readonly string[]): RoutePart<R> {
  const isRegex = paths[0]?.startsWith('~') === true;
  return {
    ...shared,
    id,
    isRegex,
    paths: isRegex ? paths.map((path) => path.slice(1)) : paths,
    regexPriority: isRegex ? (shared.route.regex_priority ?? 0) : 0,
    prefixLength: isRegex ? 0 : Math.min(paths[0]?.length ?? 0, MAX_LENGTH),
  };
}

/** Best first. */
export function sortParts<R>(parts: RoutePart<R>[], calculation: 'strict' | 'original'): void {
  if (calculation === 'strict') {
    parts.sort((a, b) => compareStrict(a, b) || compareIds(a, b));
    return;
  }
  const priorities = new Map(parts.map((part) => [part, originalPriority(part)]));
  parts.sort((a, b) => {
    const [left, right] = [priorities.get(a)!, priorities.get(b)!];
    return left === right ? compareIds(a, b) : left < right ? 1 : -1;
  });
}

/** The documented 64-bit number, highest bits first, compared field by field. */
function compareStrict<R>(a: RoutePart<R>, b: RoutePart<R>): number {
  return (
    b.weight - a.weight ||
    Number(b.hasPlainHostsOnly) - Number(a.hasPlainHostsOnly) ||
    b.headerCount - a.headerCount ||
    Number(b.isRegex) - Number(a.isRegex) ||
    b.regexPriority - a.regexPriority ||
    b.prefixLength - a.prefixLength
  );
}

/**
 * The number that 32-bit shifts make: three fields wrap around into the low half (61 → 29, 52 → 20, 19 overflows), the two
 * flags do not, and a low half with its top bit set is a negative number that fills the upper half.
 */
function originalPriority<R>(part: RoutePart<R>): bigint {
  const low = (part.weight << 61) | (part.headerCount << 52) | (part.regexPriority << 19) | part.prefixLength;
  const flags = (part.hasPlainHostsOnly ? 1n << 60n : 0n) | (part.isRegex ? 1n << 51n : 0n);
  return BigInt.asUintN(64, BigInt(low) | flags);
}

const compareIds = <R>(a: RoutePart<R>, b: RoutePart<R>): number => (a.id === b.id ? 0 : a.id < b.id ? 1 : -1);
