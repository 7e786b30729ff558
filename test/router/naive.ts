// The plainest routers that could be written: try everything, take the best. What the compiled ones are compared with.

import type { RouteInput, RouterFlavor, RouterRoute } from '../../src/gateway/router/router.ts';
import { uuidV5 } from '../../src/lib/ids.ts';

/** An expression as text, and what it means. */
export interface Meaning {
  readonly text: string;
  readonly holds: (input: RouteInput) => boolean;
}

export interface NaiveRoute extends RouterRoute {
  readonly meaning?: Meaning;
}

export interface Pick {
  readonly route: NaiveRoute;
  readonly path: string | undefined;
}

interface Entry extends Pick {
  /** Compared from the left, greater first. */
  readonly order: readonly (number | bigint | string)[];
}

const PART_NAMESPACE = '7f145bf9-0dce-4f91-98eb-debbce4b9f6b';

const size = (list: object | null | undefined): number => Object.keys(list ?? {}).length;
const oneIf = (value: boolean): bigint => (value ? 1n : 0n);

export function pickNaively(
  flavor: RouterFlavor,
  calculation: 'strict' | 'original',
  routes: readonly NaiveRoute[],
  input: RouteInput,
): Pick | undefined {
  const entries =
    flavor === 'traditional'
      ? traditionalEntries(routes, input)
      : routes.flatMap((route) => compatibleEntries(route, calculation, input));
  return entries.sort((a, b) => compareOrders(a.order, b.order))[0];
}

function compareOrders(a: Entry['order'], b: Entry['order']): number {
  for (const [i, left] of a.entries()) if (left !== b[i]) return left < b[i]! ? 1 : -1;
  return 0;
}

function compatibleEntries(route: NaiveRoute, calculation: 'strict' | 'original', input: RouteInput): Entry[] {
  if (route.meaning !== undefined) {
    const order = [1, BigInt(route.priority ?? 0), route.id, 0];
    return route.meaning.holds(input) ? [{ route, path: undefined, order }] : [];
  }
  if (!fieldsFit(route, input, hostFits)) return [];
  const paths = route.paths ?? [];
  const orderOf = (path: string | undefined, id: string, i: number): Entry['order'] => {
    const number = documentedNumber(route, path);
    return [0, calculation === 'strict' ? number.value : number.wrapped, id, -i];
  };
  if (paths.length === 0) return [{ route, path: undefined, order: orderOf(undefined, route.id, 0) }];
  return paths
    .map((path, i): Entry => {
      const group = path.startsWith('~') ? 0 : path.length;
      const id = paths.length === 1 ? route.id : uuidV5(PART_NAMESPACE, `${route.id}#${group}`);
      return { route, path, order: orderOf(path, id, i) };
    })
    .filter(({ path }) => pathFits(path!, input.path));
}

/** The documented 64-bit number, and what becomes of it in 32-bit shifts. */
function documentedNumber(route: NaiveRoute, path: string | undefined): { value: bigint; wrapped: bigint } {
  const weight = [route.methods, route.hosts, route.headers, route.snis, route.paths].filter((f) => size(f) > 0).length;
  const isPlain = size(route.hosts) > 0 && !route.hosts!.some((host) => host.includes('*'));
  const isRegex = path?.startsWith('~') === true;
  const regexPriority = isRegex ? (route.regex_priority ?? 0) : 0;
  const length = isRegex ? 0 : (path?.length ?? 0);
  const flags = (oneIf(isPlain) << 60n) | (oneIf(isRegex) << 51n);
  const wide = (BigInt(weight) << 61n) | (BigInt(size(route.headers)) << 52n) | (BigInt(regexPriority) << 19n);
  const narrow = (weight << 29) | (size(route.headers) << 20) | (regexPriority << 19) | length;
  return { value: wide | flags | BigInt(length), wrapped: BigInt.asUintN(64, BigInt(narrow) | flags) };
}

const BITS = { hosts: 64, headers: 32, paths: 16, methods: 8, snis: 4 } as const;

function categoryOf(route: NaiveRoute): number {
  return Object.entries(BITS).reduce((sum, [name, bit]) => sum + (size(route[name as 'hosts']) > 0 ? bit : 0), 0);
}

const rankOf = (category: number): number => category.toString(2).replaceAll('0', '').length * 1000 + category;

function traditionalEntries(routes: readonly NaiveRoute[], input: RouteInput): Entry[] {
  const start = startOf(routes, input);
  const entries: Entry[] = [];
  for (const route of routes) {
    const category = categoryOf(route);
    if (rankOf(category) > start) continue;
    const hosts = route.hosts ?? [];
    const wildcards = hosts.filter((host) => host.includes('*'));
    const submatch =
      (wildcards.some((host) => host.includes(':')) ? 4 : 0) + (hosts.length > 0 && wildcards.length === 0 ? 2 : 0);
    for (const path of size(route.paths) === 0 ? [undefined] : route.paths!) {
      for (const host of hosts.length === 0 ? [undefined] : hosts) {
        const one = { ...route, hosts: host === undefined ? [] : [host] };
        if (!fieldsFit(one, input, strictHostFits)) continue;
        if (path !== undefined && !pathFits(path, input.path)) continue;
        const isRegex = path?.startsWith('~') === true;
        const sureness = host === undefined || host.includes('*') ? 0 : host.includes(':') ? 2 : 1;
        const order = [
          rankOf(category),
          (category & BITS.headers) === 0 ? sureness : 0,
          submatch + (isRegex ? 1 : 0),
          size(route.headers),
          isRegex ? (route.regex_priority ?? 0) : (path?.length ?? 0),
          -(route.created_at ?? 0),
          route.id,
          -(route.paths ?? []).indexOf(path ?? ''),
        ];
        entries.push({ route, path, order });
      }
    }
  }
  return entries;
}

/** The category that a request in clear text seems to have is where its search begins, if routes have it. */
function startOf(routes: readonly NaiveRoute[], input: RouteInput): number {
  const sees = (test: (route: NaiveRoute) => boolean | undefined, bit: number): number =>
    routes.some((route) => test(route) === true) ? bit : 0;
  const guess =
    sees((route) => route.hosts?.some((host) => hostFits(host, input)), BITS.hosts) +
    sees((route) => Object.keys(route.headers ?? {}).some((h) => input.headers.getAll(h).length > 0), BITS.headers) +
    sees((route) => route.paths?.some((path) => pathFits(path, input.path)), BITS.paths) +
    sees((route) => route.methods?.includes(input.method), BITS.methods);
  if (input.scheme === 'http' && guess === 0) return 0;
  const isThere = routes.some((route) => categoryOf(route) === guess);
  return input.scheme === 'http' && isThere ? rankOf(guess) : Number.POSITIVE_INFINITY;
}

const pathFits = (path: string, text: string): boolean =>
  path.startsWith('~') ? new RegExp(`^(?:${path.slice(1)})`).test(text) : text.startsWith(path);

const wildcardFits = (rule: string, text: string): boolean => {
  if (rule.startsWith('*')) return text.endsWith(rule.slice(1));
  return rule.endsWith('*') ? text.startsWith(rule.slice(0, -1)) : rule === text;
};

function hostFits(host: string, input: RouteInput): boolean {
  const [name = '', port] = input.host.split(':');
  const [rule = '', rulePort] = host.split(':');
  return name !== '' && wildcardFits(rule, name) && (rulePort === undefined || rulePort === (port ?? `${input.port}`));
}

const strictHostFits = (host: string, input: RouteInput): boolean =>
  hostFits(host, input) && !(host.startsWith('*') && input.host.split(':')[0]!.length < host.split(':')[0]!.length);

function fieldsFit(route: NaiveRoute, input: RouteInput, fits: typeof hostFits): boolean {
  const anyOf = <T>(list: readonly T[] | null | undefined, test: (item: T) => boolean): boolean =>
    list === null || list === undefined || list.length === 0 || list.some(test);
  return (
    anyOf(route.methods, (method) => method === input.method) &&
    anyOf(route.hosts, (host) => fits(host, input)) &&
    (input.scheme !== 'https' || anyOf(route.snis, (sni) => input.sni !== undefined && wildcardFits(sni, input.sni))) &&
    Object.entries(route.headers ?? {}).every(([header, values]) =>
      input.headers.getAll(header).some((value) => values.includes(value)),
    )
  );
}
