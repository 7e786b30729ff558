// Routes of connections that are passed through as they are: matched by where they come from, where they go, and the server
// name they ask for. A route never gets what is not of its protocols. Routes are filed by their destination ports, or else by
// their server names; only what has neither is looked at one by one.
import { connectionFields } from '../../entities/route-fields.ts';
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { compileExpression, newTrace } from '../../lib/expression/evaluate.ts';
import { parseExpression } from '../../lib/expression/parse.ts';
import { type AddressRule, addressesFit, compileAddresses } from './addresses.ts';
import { compareParts, type Part } from './part.ts';
import type { RouterOptions, RouterRoute } from './router.ts';
import { compileSni, sniFits } from './rules.ts';
import { streamOrder } from './stream-priority.ts';

export interface StreamInput {
  /** Of a connection whose first bytes are a ClientHello: tls, whoever ends the encryption. */
  readonly scheme: 'tcp' | 'tls' | 'udp';
  readonly sourceAddress?: string | undefined;
  readonly sourcePort?: number | undefined;
  readonly destinationAddress?: string | undefined;
  readonly destinationPort?: number | undefined;
  readonly serverName?: string | undefined;
}

export interface StreamRouter<R> {
  match(input: StreamInput): R | undefined;
  /** Routes that cannot be matched. Everything else works. */
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
}

interface Entry<R> {
  readonly rank: number;
  readonly route: R;
  readonly fits: (input: StreamInput) => boolean;
}

export function compileStreamRouter<R extends RouterRoute>(
  routes: readonly R[],
  { flavor }: Pick<RouterOptions, 'flavor'>,
): StreamRouter<R> {
  const skipped: { id: string; reason: string }[] = [];
  const parts: Part<R>[] = [];
  for (const route of routes) {
    const order = streamOrder(route, flavor);
    if (order === undefined) skipped.push({ id: route.id, reason: 'it has no field to match connections by' });
    else parts.push({ route, ...order, paths: [], isRegex: false });
  }
  parts.sort(compareParts);
  const files = new Map<string, Entry<R>[]>();
  for (const [rank, { route }] of parts.entries()) {
    const made = conditionOf(route, flavor);
    if (!made.ok) {
      skipped.push({ id: route.id, reason: made.reason });
      continue;
    }
    for (const key of keysOf(route, flavor)) {
      const list = files.get(key);
      const entry = { rank, route, fits: made.fits };
      if (list === undefined) files.set(key, [entry]);
      else list.push(entry);
    }
  }
  return { skipped, match: (input) => search(files, input) };
}

const portKey = (port: number): string => `:${port}`;
const ANY = '';

function search<R>(files: ReadonlyMap<string, readonly Entry<R>[]>, input: StreamInput): R | undefined {
  const { destinationPort, serverName } = input;
  let best: Entry<R> | undefined;
  const look = (key: string): void => {
    const found = files.get(key)?.find((entry) => entry.fits(input));
    if (found !== undefined && (best === undefined || found.rank < best.rank)) best = found;
  };
  if (destinationPort !== undefined) look(portKey(destinationPort));
  if (serverName !== undefined && serverName !== '') look(serverName);
  look(ANY);
  return best?.route;
}

/** Where to file a route so that whatever it fits is found. */
function keysOf(route: RouterRoute, flavor: RouterOptions['flavor']): Iterable<string> {
  if (usesExpression(route, flavor)) return [ANY];
  const ports = (route.destinations ?? []).map(({ port }) => port ?? 0);
  return ports.length > 0 && ports.every((port) => port !== 0) ? new Set(ports.map(portKey)) : snisOrAny(route);
}

/** A server name only counts where there is one: without encryption the route takes any. */
const snisOrAny = ({ snis, protocols }: RouterRoute): Iterable<string> =>
  snis !== null && snis !== undefined && snis.length > 0 && !protocols.includes('tcp') && !protocols.includes('udp')
    ? new Set([...snis.map(compileSni).filter((sni) => !sni.includes('*')), ...(hasWildcard(snis) ? [ANY] : [])])
    : [ANY];

const hasWildcard = (snis: readonly string[]): boolean => snis.some((sni) => sni.includes('*'));

const usesExpression = ({ expression }: RouterRoute, flavor: RouterOptions['flavor']): boolean =>
  flavor === 'expressions' && typeof expression === 'string';

type Made =
  | { readonly ok: true; readonly fits: (input: StreamInput) => boolean }
  | { readonly ok: false; readonly reason: string };

function conditionOf(route: RouterRoute, flavor: RouterOptions['flavor']): Made {
  if (usesExpression(route, flavor)) return expressionOf(route, route.expression!);
  const sources = compileAddresses(route.sources);
  const destinations = compileAddresses(route.destinations);
  const snis = (route.snis ?? []).map(compileSni);
  const isRightKind = kindOf(route.protocols);
  const fits = (input: StreamInput): boolean =>
    isRightKind(input) &&
    (sources === undefined || cameFrom(sources, input)) &&
    (destinations === undefined || goesTo(destinations, input)) &&
    (snis.length === 0 || asksFor(snis, input));
  return { ok: true, fits };
}

function kindOf(protocols: readonly string[]): (input: StreamInput) => boolean {
  const takesDatagrams = protocols.includes('udp');
  const takesPlain = protocols.includes('tcp');
  const takesTls = protocols.includes('tls') || protocols.includes('tls_passthrough');
  return (input) => {
    if (input.scheme === 'udp') return takesDatagrams;
    return (takesTls && isTls(input)) || (takesPlain && input.scheme === 'tcp');
  };
}

/** A plain listener may have seen a server name, too. */
const isTls = ({ scheme, serverName }: StreamInput): boolean => scheme === 'tls' || serverName !== undefined;

const cameFrom = (rules: readonly AddressRule[], { sourceAddress, sourcePort }: StreamInput): boolean =>
  addressesFit(rules, sourceAddress, sourcePort);

const goesTo = (rules: readonly AddressRule[], { destinationAddress, destinationPort }: StreamInput): boolean =>
  addressesFit(rules, destinationAddress, destinationPort);

const asksFor = (snis: readonly string[], input: StreamInput): boolean =>
  !isTls(input) || sniFits(snis, input.serverName);

const READERS: Readonly<Record<string, (input: StreamInput) => string | number | undefined>> = {
  'net.protocol': ({ scheme }) => scheme,
  'net.src.ip': ({ sourceAddress }) => sourceAddress,
  'net.src.port': ({ sourcePort }) => sourcePort,
  'net.dst.ip': ({ destinationAddress }) => destinationAddress,
  'net.dst.port': ({ destinationPort }) => destinationPort,
  'tls.sni': ({ serverName }) => (serverName === '' ? undefined : serverName),
};

function expressionOf({ protocols }: RouterRoute, text: string): Made {
  const parsed = parseExpression(text, { table: connectionFields, encode: utf8ToBytes });
  if (!parsed.ok) return { ok: false, reason: `expression: ${parsed.reason}` };
  const evaluate = compileExpression<StreamInput>(parsed.expression, {
    read: (field) => READERS[field] ?? (() => undefined),
    traced: '',
  });
  const schemes = new Set(protocols.map((protocol) => (protocol === 'tls_passthrough' ? 'tls' : protocol)));
  return { ok: true, fits: (input) => schemes.has(input.scheme) && evaluate(input, newTrace('')) };
}
