// One way to match a route: a prefix of the path, maybe under one of its hosts, and what else a request has to fulfil there.
// Every flavour turns its routes into leaves; ranks put all leaves of a router into one order.
import { type Evaluate, newTrace, type ReadField, type Trace } from '../../lib/expression/evaluate.ts';
import { type AddressRule, addressesFit } from './addresses.ts';
import type { RequestFields } from './request-fields.ts';
import type { Captures, RouteMatch } from './router.ts';
import { type HeaderRule, headersFit, sniFits } from './rules.ts';

/** A field of which a request must have one of these values, or the leaf cannot match. Says where to file a leaf. */
export interface Need {
  /** Equal names read the same. */
  readonly name: string;
  readonly read: ReadField<RequestFields>;
  readonly values: readonly string[];
}

export interface Leaf<R> {
  /** The lower wins. */
  readonly rank: number;
  readonly route: R;
  /** What the path begins with, as a match reports it. */
  readonly prefix: string;
  /** The path is the prefix and nothing more. */
  readonly isWhole: boolean;
  /** Sticky, for what is behind the prefix. Many leaves may share one. */
  readonly regex: RegExp | undefined;
  /** 0 for any. */
  readonly port: number;
  /** The host has to be longer: a wildcard may have to stand for something. */
  readonly hostLongerThan: number;
  readonly conditions: Conditions | undefined;
  /** path_handling v1, in the one flavour that knows it. */
  readonly joinsAsV1: boolean;
}

/** What else has to be fulfilled; the same for all leaves of a part. */
export interface Conditions {
  readonly methods: readonly string[] | undefined;
  readonly snis: readonly string[] | undefined;
  readonly headers: readonly HeaderRule[] | undefined;
  readonly sources: readonly AddressRule[] | undefined;
  readonly destinations: readonly AddressRule[] | undefined;
  readonly evaluate: Evaluate<RequestFields> | undefined;
  readonly needs: readonly Need[];
}

export const NO_NEEDS: readonly Need[] = [];

/** Where a match leaves what it found. */
export interface Found {
  regex: RegExpExecArray | undefined;
  trace: Trace | undefined;
}

/** Answers what the match left behind, or undefined when the leaf does not match. */
export function tryLeaf<R>(leaf: Leaf<R>, fields: RequestFields): Found | undefined {
  if (leaf.port !== 0 && leaf.port !== fields.port) return undefined;
  if (leaf.hostLongerThan > 0 && fields.host.length <= leaf.hostLongerThan) return undefined;
  if (leaf.isWhole && leaf.prefix.length !== fields.input.path.length) return undefined;
  const { conditions } = leaf;
  if (conditions !== undefined && !conditionsHold(conditions, fields)) return undefined;
  if (leaf.regex !== undefined) {
    leaf.regex.lastIndex = leaf.prefix.length;
    const regex = leaf.regex.exec(fields.input.path);
    return regex === null ? undefined : { regex, trace: undefined };
  }
  if (conditions?.evaluate === undefined) return NOTHING_FOUND;
  const trace = newTrace(leaf.prefix);
  return conditions.evaluate(fields, trace) ? { regex: undefined, trace } : undefined;
}

function conditionsHold(conditions: Conditions, fields: RequestFields): boolean {
  const { methods, snis, headers, sources, destinations } = conditions;
  const { input } = fields;
  if (methods !== undefined && !methods.includes(input.method)) return false;
  if (snis !== undefined && input.scheme === 'https' && !sniFits(snis, input.sni)) return false;
  if (headers !== undefined && !headersFit(headers, fields)) return false;
  if (sources !== undefined && !sourceFits(sources, fields)) return false;
  return destinations === undefined || destinationFits(destinations, fields);
}

const NOTHING_FOUND: Found = Object.freeze({ regex: undefined, trace: undefined });

const sourceFits = (rules: readonly AddressRule[], { input }: RequestFields): boolean =>
  addressesFit(rules, input.connection?.remoteAddress, input.connection?.remotePort);

const destinationFits = (rules: readonly AddressRule[], { input, port }: RequestFields): boolean =>
  addressesFit(rules, input.connection?.localAddress, port);

export function describeMatch<R>(leaf: Leaf<R>, { regex, trace }: Found): RouteMatch<R> {
  const { route, joinsAsV1 } = leaf;
  if (regex !== undefined) {
    const prefix = leaf.prefix + regex[0];
    if (regex.length === 1) return { route, prefix, isRegex: true, captures: undefined, joinsAsV1 };
    // The groups object has no prototype, and is as good as a copy when all of them are there.
    const { groups } = regex;
    const named =
      groups !== undefined && !regex.includes(undefined as never)
        ? (groups as Captures['named'])
        : withoutAbsent(groups);
    const unnamed = filled(regex);
    unnamed[0] = prefix;
    return { route, prefix, isRegex: true, captures: { unnamed, named }, joinsAsV1 };
  }
  if (trace === undefined) return { route, prefix: leaf.prefix, isRegex: false, captures: undefined, joinsAsV1 };
  const { matched, isRegex, unnamed, named } = trace;
  const hasGroups = unnamed !== undefined && unnamed.length > 1;
  const captures = hasGroups ? { unnamed: filled(unnamed), named: named ?? NO_NAMES } : undefined;
  return { route, prefix: matched, isRegex, captures, joinsAsV1 };
}

function filled(groups: readonly (string | undefined)[]): string[] {
  const unnamed: string[] = [];
  for (let i = 0; i < groups.length; i++) unnamed.push(groups[i] ?? '');
  return unnamed;
}

const NO_NAMES: Captures['named'] = Object.freeze(Object.create(null));

function withoutAbsent(groups: Readonly<Record<string, string | undefined>> | undefined): Captures['named'] {
  if (groups === undefined) return NO_NAMES;
  const named = Object.create(null) as Record<string, string>;
  for (const name in groups) {
    const value = groups[name];
    if (value !== undefined) named[name] = value;
  }
  return named;
}
