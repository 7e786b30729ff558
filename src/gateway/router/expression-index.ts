// What must hold for an expression to be true, as far as an index can use it: the host is one of these, the path begins with
// one of those, a field has one of some values. It may say less than the expression does, never more.
import { readSegmentRange, SEGMENTS } from '../../entities/route-fields.ts';
import { lowerBytes } from '../../lib/byte-text.ts';
import { type Expression, type Test, testsOf } from '../../lib/expression/tree.ts';
import { literalPrefix } from '../../lib/regex.ts';
import type { HostRule } from './host-index.ts';
import type { Need } from './leaf.ts';
import { readerOf } from './request-fields.ts';

export interface Implied {
  /** Empty for any. */
  readonly hosts: readonly HostRule[];
  /** At least one; '' for any. */
  readonly prefixes: readonly string[];
  readonly needs: readonly Need[];
  /** What a match reports as the matched part of the path, unless `rest` says otherwise. */
  readonly prefix: string;
  /** The path is that and nothing more. */
  readonly isWhole: boolean;
  readonly methods: readonly string[] | undefined;
  /** What none of the above covers. */
  readonly rest: Expression | undefined;
}

interface Found {
  readonly hosts: readonly HostRule[] | undefined;
  readonly prefixes: readonly string[] | undefined;
  readonly needs: ReadonlyMap<string, Need>;
}

const NOTHING: Found = { hosts: undefined, prefixes: undefined, needs: new Map() };
const MANY = 64;

export function findImplied(expression: Expression): Implied {
  const { hosts = [], prefixes = [''], needs } = find(expression);
  const isPlain = hosts.length * prefixes.length <= MANY;
  const places = isPlain ? [...new Set(prefixes)] : [sharedPrefix(prefixes)];
  const items = expression.kind === 'and' ? expression.items : [expression];
  const host = items.find((item) => isHostTest(item, hosts));
  const method = items.find(isMethodTest);
  const path = items.find((item) => isPathTest(item, places));
  const others = items.filter((item) => item !== host && item !== method && item !== path);
  // Whatever else looks at the path may report another part of it.
  const tellsPath = path !== undefined && others.some(looksAtPath);
  const rest = tellsPath ? [...items.filter((item) => item !== host && item !== method)] : others;
  const covered = tellsPath ? undefined : path;
  return {
    hosts,
    prefixes: places,
    needs: [...needs.values()],
    prefix: covered === undefined ? '' : textOf(covered),
    isWhole: covered !== undefined && covered.operator === '==',
    methods: method === undefined ? undefined : [textOf(method)],
    rest: rest.length === 0 ? undefined : rest.length === 1 ? rest[0] : { kind: 'and', items: rest },
  };
}

const textOf = ({ literal }: Test): string => literal.value as string;

const isPlainTest = (item: Expression, field: string): item is Test =>
  item.kind === 'test' && item.field === field && !item.lower;

/** A test of the host that finding the tree for it makes true. */
function isHostTest(item: Expression, [rule, ...more]: readonly HostRule[]): boolean {
  if (rule === undefined || more.length > 0 || !isPlainTest(item, 'http.host')) return false;
  return rule.text === textOf(item) && hostRule(item.operator, rule.text)?.[0]?.kind === rule.kind;
}

const isPathTest = (item: Expression, [prefix, ...more]: readonly string[]): item is Test =>
  isPlainTest(item, 'http.path') &&
  (item.operator === '^=' || item.operator === '==') &&
  more.length === 0 &&
  textOf(item) === prefix;

const isMethodTest = (item: Expression): item is Test => isPlainTest(item, 'http.method') && item.operator === '==';

const looksAtPath = (item: Expression): boolean => [...testsOf(item)].some(({ field }) => field === 'http.path');

function find(expression: Expression): Found {
  if (expression.kind === 'test') return findInTest(expression);
  if (expression.kind === 'not') return NOTHING;
  return expression.items.map(find).reduce(expression.kind === 'and' ? both : either);
}

function both(a: Found, b: Found): Found {
  const needs = new Map(a.needs);
  for (const [name, need] of b.needs) {
    const known = needs.get(name);
    if (known === undefined || need.values.length < known.values.length) needs.set(name, need);
  }
  return {
    hosts: narrower(
      a.hosts,
      b.hosts,
      (rules) => rules.length + (rules.every(({ kind }) => kind === 'exact') ? 0 : MANY),
    ),
    prefixes: narrower(a.prefixes, b.prefixes, (list) => -Math.min(...list.map(({ length }) => length))),
    needs,
  };
}

function narrower<T>(a: T | undefined, b: T | undefined, width: (list: T) => number): T | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return width(b) < width(a) ? b : a;
}

function either(a: Found, b: Found): Found {
  const needs = new Map<string, Need>();
  for (const [name, need] of a.needs) {
    const other = b.needs.get(name);
    if (other === undefined) continue;
    const values = [...new Set([...need.values, ...other.values])];
    if (values.length <= MANY) needs.set(name, { ...need, values });
  }
  return {
    hosts: a.hosts === undefined || b.hosts === undefined ? undefined : uniqueHosts([...a.hosts, ...b.hosts]),
    prefixes: a.prefixes === undefined || b.prefixes === undefined ? undefined : [...a.prefixes, ...b.prefixes],
    needs,
  };
}

function uniqueHosts(rules: readonly HostRule[]): readonly HostRule[] | undefined {
  const unique = new Map(rules.map((rule) => [`${rule.kind} ${rule.text}`, rule]));
  return unique.size > MANY ? undefined : [...unique.values()];
}

function sharedPrefix(texts: readonly string[]): string {
  return texts.reduce((shared, text) => {
    let length = 0;
    while (length < shared.length && shared[length] === text[length]) length += 1;
    return shared.slice(0, length);
  });
}

function findInTest(test: Test): Found {
  const { field, lower, operator, literal } = test;
  if (typeof literal.value !== 'string') return NOTHING;
  const { value } = literal;
  const needs = operator === '==' ? needOf(field, lower, value) : NOTHING.needs;
  if (lower) return { ...NOTHING, needs };
  if (field === 'http.path') return { hosts: undefined, prefixes: pathPrefix(operator, value), needs };
  if (field === 'http.host') return { hosts: hostRule(operator, value), prefixes: undefined, needs };
  return { hosts: undefined, prefixes: operator === '==' ? segmentPrefix(field, value) : undefined, needs };
}

function needOf(field: string, lower: boolean, value: string): ReadonlyMap<string, Need> {
  const name = lower ? `lower ${field}` : field;
  const read = readerOf(field);
  const lowered: Need['read'] = (fields) => {
    const found = read(fields);
    return typeof found === 'string'
      ? lowerBytes(found)
      : typeof found === 'object'
        ? found.map(lowerBytes)
        : undefined;
  };
  return new Map([[name, { name, read: lower ? lowered : read, values: [value] }]]);
}

function pathPrefix(operator: Test['operator'], value: string): string[] | undefined {
  if (operator === '==' || operator === '^=') return [value];
  return operator === '~' && value.startsWith('^') ? [literalPrefix(value.slice(1))] : undefined;
}

function hostRule(operator: Test['operator'], text: string): HostRule[] | undefined {
  const kind = operator === '==' ? 'exact' : operator === '^=' ? 'prefix' : operator === '=^' ? 'suffix' : undefined;
  // An index of hosts is not asked when there is none.
  if (kind === undefined || text === '') return undefined;
  return [{ kind, text, port: 0, mustStandForSomething: false }];
}

/** The first segments are how the path begins. */
function segmentPrefix(field: string, value: string): string[] | undefined {
  if (!field.startsWith(SEGMENTS) || value === '*') return undefined;
  return readSegmentRange(field.slice(SEGMENTS.length))?.from === 0 ? [`/${value}`] : undefined;
}
