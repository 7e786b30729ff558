// Which of two classic routes is asked first, by the fields that they set. A route with more paths of different kinds counts
// as several: all expressions together, and the prefixes of each length. Each of those has its own priority, and its own id
// to break ties by.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { uuidV5 } from '../../lib/ids.ts';
import type { Part } from './part.ts';
import type { RouterRoute } from './router.ts';

const PART_NAMESPACE = '7f145bf9-0dce-4f91-98eb-debbce4b9f6b';
const MAX_WEIGHT = 7;
const MAX_HEADERS = 255;
const MAX_LENGTH = 0x7ffff;

/** Nothing when it sets none of the fields. */
export function splitByPriority<R extends RouterRoute>(route: R, calculation: 'strict' | 'original'): Part<R>[] {
  const { methods, hosts, headers, snis, sources, destinations } = route;
  const paths = (route.paths ?? []).map(utf8ToBytes);
  const headerCount = headers === null || headers === undefined ? 0 : Object.keys(headers).length;
  const lists = [methods, hosts, snis, sources, destinations, paths];
  const weight = lists.filter((list) => (list?.length ?? 0) > 0).length + (headerCount > 0 ? 1 : 0);
  if (weight === 0) return [];
  const shared: Shared = {
    weight: Math.min(weight, MAX_WEIGHT),
    hasPlainHostsOnly: (hosts?.length ?? 0) > 0 && hosts!.every((host) => !host.includes('*')),
    headerCount: Math.min(headerCount, MAX_HEADERS),
    calculation,
  };
  if (paths.length <= 1) return [describe(route, route.id, paths, shared)];

  const groups = new Map<number, string[]>();
  for (const path of paths) {
    const key = path.startsWith('~') ? 0 : path.length;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [path]);
    else group.push(path);
  }
  return [...groups].map(([key, group]) =>
    describe(route, uuidV5(PART_NAMESPACE, `${route.id}#${key}`), group, shared),
  );
}

type Order = Pick<Part<unknown>, 'high' | 'middle' | 'low'>;

interface Shared {
  /** The number of fields that must match. */
  readonly weight: number;
  readonly hasPlainHostsOnly: boolean;
  readonly headerCount: number;
  readonly calculation: 'strict' | 'original';
}

interface Ranking extends Shared {
  readonly isRegex: boolean;
  readonly regexPriority: number;
  readonly prefixLength: number;
}

function describe<R extends RouterRoute>(route: R, id: string, paths: readonly string[], shared: Shared): Part<R> {
  const isRegex = paths[0]?.startsWith('~') === true;
  const ranking: Ranking = {
    ...shared,
    isRegex,
    regexPriority: isRegex ? (route.regex_priority ?? 0) : 0,
    prefixLength: isRegex ? 0 : Math.min(paths[0]?.length ?? 0, MAX_LENGTH),
  };
  const order = shared.calculation === 'strict' ? strictOrder(ranking) : originalOrder(ranking);
  return { route, ...order, tie: 0, id, isRegex, paths: isRegex ? paths.map((path) => path.slice(1)) : paths };
}

/** The documented 64-bit number, cut where its fields end. */
function strictOrder({ weight, hasPlainHostsOnly, headerCount, isRegex, ...rest }: Ranking): Order {
  const high = (weight << 10) | (Number(hasPlainHostsOnly) << 9) | (headerCount << 1) | Number(isRegex);
  return { high, middle: rest.regexPriority, low: rest.prefixLength };
}

/**
 * The number that 32-bit shifts make: three fields wrap around into the low half (61 → 29, 52 → 20, 19 overflows), the two
 * flags do not, and a low half with its top bit set is a negative number that fills the upper half.
 */
function originalOrder(part: Ranking): Order {
  const low = (part.weight << 61) | (part.headerCount << 52) | (part.regexPriority << 19) | part.prefixLength;
  const flags = (part.hasPlainHostsOnly ? 1n << 60n : 0n) | (part.isRegex ? 1n << 51n : 0n);
  const whole = BigInt.asUintN(64, BigInt(low) | flags);
  return { high: Number(whole >> 32n), middle: Number(whole & 0xffffffffn), low: 0 };
}
