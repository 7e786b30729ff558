// The flavour of expressions: a route says in a language of its own what it matches, and in a number how soon it is asked.
// Routes without an expression work as in the default flavour and come after all that have one.
import { requestFields } from '../../entities/route-fields.ts';
import { utf8ToBytes } from '../../lib/byte-text.ts';
import { compileExpression, type Divided, type Evaluate } from '../../lib/expression/evaluate.ts';
import { parseExpression } from '../../lib/expression/parse.ts';
import type { Expression } from '../../lib/expression/tree.ts';
import { findImplied } from './expression-index.ts';
import type { Flavor, Placed, Placements } from './flavor.ts';
import { type Conditions, type Leaf, NO_NEEDS } from './leaf.ts';
import type { Part } from './part.ts';
import { PathPatterns } from './path-patterns.ts';
import { splitByPriority } from './priority.ts';
import { type RequestFields, readerOf } from './request-fields.ts';
import type { RouterRoute } from './router.ts';
import { placeByFields } from './traditional-compatible.ts';

export const expressions = (calculation: 'strict' | 'original'): Flavor => {
  const placeClassic = placeByFields();
  const patterns = new PathPatterns(false);
  return {
    split(route) {
      if (typeof route.expression !== 'string') return splitByPriority(route, calculation);
      return [
        {
          route,
          high: ABOVE_ALL,
          middle: route.priority ?? 0,
          low: 0,
          tie: 0,
          id: route.id,
          paths: [],
          isRegex: false,
        },
      ];
    },
    place: (part, rank, step) =>
      typeof part.route.expression === 'string'
        ? placeExpression(part, part.route.expression, rank, patterns)
        : placeClassic(part, rank, step),
  };
};

const ABOVE_ALL = 2 ** 40;

function placeExpression<R extends RouterRoute>(
  { route }: Part<R>,
  text: string,
  rank: number,
  patterns: PathPatterns,
): Placements<R> {
  const parsed = parseExpression(text, { table: requestFields, encode: utf8ToBytes });
  if (!parsed.ok) return { ok: false, reason: `expression: ${parsed.reason}` };
  const { hosts, prefixes, needs, prefix, isWhole, methods, rest } = findImplied(parsed.expression);
  const schemes = onlySchemes(route.protocols);
  const pattern = schemes === undefined ? patternOf(rest, prefixes, patterns) : undefined;
  const evaluate = onSchemes(
    schemes,
    rest === undefined || pattern !== undefined
      ? undefined
      : compileExpression(rest, { read: readerOf, traced: 'http.path', divide: (text) => patterns.divide(text) }),
  );
  const isFree = methods === undefined && evaluate === undefined && needs.length === 0;
  const conditions = isFree ? undefined : { ...NO_CONDITIONS, methods, evaluate, needs };
  const leaf: Leaf<R> = {
    rank,
    route,
    prefix: pattern?.prefix ?? prefix,
    isWhole,
    regex: pattern?.regex,
    port: 0,
    hostLongerThan: 0,
    conditions,
    joinsAsV1: false,
  };
  return { ok: true, placed: prefixes.map((one): Placed<R> => ({ leaf, prefix: one, hosts })) };
}

/** All that is left is one pattern of the path, of which the tree compares the beginning: then the leaf can do it alone. */
function patternOf(
  rest: Expression | undefined,
  [prefix, ...more]: readonly string[],
  patterns: PathPatterns,
): Divided | undefined {
  if (rest?.kind !== 'test' || more.length > 0) return undefined;
  const { field, lower, literal } = rest;
  if (field !== 'http.path' || lower || literal.type !== 'Regex' || !literal.value.startsWith('^')) return undefined;
  const divided = patterns.divide(literal.value.slice(1));
  return divided?.prefix === prefix ? divided : undefined;
}

const NO_CONDITIONS: Conditions = {
  methods: undefined,
  snis: undefined,
  headers: undefined,
  sources: undefined,
  destinations: undefined,
  evaluate: undefined,
  needs: NO_NEEDS,
};

const SCHEMES: Readonly<Record<string, string>> = { http: 'http', grpc: 'http', https: 'https', grpcs: 'https' };

/** Undefined for both. A route for https alone takes clear text too, to tell the client to come back encrypted. */
function onlySchemes(protocols: readonly string[]): ReadonlySet<string | undefined> | undefined {
  if (protocols.length === 1 && protocols[0] === 'https') return undefined;
  const schemes = new Set(protocols.map((protocol) => SCHEMES[protocol]));
  return schemes.has('http') && schemes.has('https') ? undefined : schemes;
}

function onSchemes(
  schemes: ReadonlySet<string | undefined> | undefined,
  evaluate: Evaluate<RequestFields> | undefined,
): Evaluate<RequestFields> | undefined {
  if (schemes === undefined) return evaluate;
  return (fields, trace) => schemes.has(fields.input.scheme) && (evaluate === undefined || evaluate(fields, trace));
}
