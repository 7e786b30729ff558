// The compiled routers against the plainest ones that could be written; built at once, extended, and built anew.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileRouter, type RouteInput, type Router, type RouterFlavor } from '../../src/gateway/router/router.ts';
import { uuidV5 } from '../../src/lib/ids.ts';
import { type CaseRequest, inputOf } from './cases.ts';
import { type Meaning, type NaiveRoute, pickNaively } from './naive.ts';

const NAMESPACE = '7f145bf9-0dce-4f91-98eb-debbce4b9f6b';
const PATHS = ['/', '/a', '/ab', '/abc', '/a/b', '/b', '/b/c/d', '~/a', '~/a/\\w+', '~/(a|b)', '~/ab?c?$', '~/b/.*/d'];
const HOSTS = ['a.test', 'b.test', 'a.test:81', '*.test', '*.a.test', '*.test:81', 'a.*', 'b.*', 'a.b.test'];
const LITERALS = ['/', '/a', '/ab', '/a/b', '/b', 'a', 'b', 'a.test', '.test', 'GET', 'POST', '1', '2', 'x'] as const;

const some = <T>(items: readonly T[], maxLength: number) =>
  fc.option(fc.uniqueArray(fc.constantFrom(...items), { maxLength, minLength: 1 }), { nil: null, freq: 2 });

const routeFields = fc.record({
  paths: some(PATHS, 4),
  hosts: some(HOSTS, 3),
  methods: some(['GET', 'POST'], 2),
  headers: fc.option(
    fc.dictionary(fc.constantFrom('x', 'y'), fc.uniqueArray(fc.constantFrom('1', '2'), { minLength: 1 })),
    { nil: null },
  ),
  regex_priority: fc.integer({ min: 0, max: 3 }),
  created_at: fc.integer({ min: 1, max: 3 }),
});
const snis = some(['s.test', '*.test'], 1);

/** Fields of an expression, and how to get their values in the plainest way. */
const FIELDS: Readonly<Record<string, (input: RouteInput) => readonly string[]>> = {
  'http.method': ({ method }) => [method],
  'http.host': ({ host }) => (host === '' ? [] : [host.split(':')[0]!]),
  'http.path': ({ path }) => [path],
  'http.path.segments.0': ({ path }) => path.split('/').filter(Boolean).slice(0, 1),
  'http.path.segments.0_1': ({ path }) => {
    const segments = path.split('/').filter(Boolean);
    return segments.length < 2 ? [] : [segments.slice(0, 2).join('/')];
  },
  'http.headers.x': ({ headers }) => headers.getAll('x'),
  'http.queries.q': ({ query }) => [...new URLSearchParams(query).getAll('q')],
};

const OPERATORS: Readonly<Record<string, (value: string, literal: string) => boolean>> = {
  '==': (value, literal) => value === literal,
  '!=': (value, literal) => value !== literal,
  '^=': (value, literal) => value.startsWith(literal),
  '=^': (value, literal) => value.endsWith(literal),
  contains: (value, literal) => value.includes(literal),
  '~': (value, literal) => new RegExp(`^${literal}`).test(value),
};

const predicate = fc
  .record({
    field: fc.constantFrom(...Object.keys(FIELDS)),
    operator: fc.constantFrom(...Object.keys(OPERATORS)),
    literal: fc.constantFrom(...LITERALS),
    lower: fc.boolean(),
    any: fc.boolean(),
  })
  .map(({ field, operator, literal, lower, any }): Meaning => {
    const inner = lower ? `lower(${field})` : field;
    const holds = (input: RouteInput): boolean => {
      const values = FIELDS[field]!(input).map((value) => (lower ? value.toLowerCase() : value));
      const fits = (value: string): boolean => OPERATORS[operator]!(value, literal);
      return values.length > 0 && (any ? values.some(fits) : values.every(fits));
    };
    const right = operator === '~' ? `^${literal}` : literal;
    return { text: `${any ? `any(${inner})` : inner} ${operator} "${right}"`, holds };
  });

const expression = fc.letrec<{ node: Meaning; and: Meaning; or: Meaning; not: Meaning }>((tie) => ({
  node: fc.oneof({ maxDepth: 3 }, predicate, tie('and'), tie('or'), tie('not')),
  and: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((items) => ({
    text: items.map(({ text }) => `(${text})`).join(' && '),
    holds: (input) => items.every(({ holds }) => holds(input)),
  })),
  or: fc.array(tie('node'), { minLength: 2, maxLength: 3 }).map((items) => ({
    text: items.map(({ text }) => `(${text})`).join(' || '),
    holds: (input) => items.some(({ holds }) => holds(input)),
  })),
  not: tie('node').map(({ text, holds }) => ({ text: `!(${text})`, holds: (input) => !holds(input) })),
})).node;

const classic = fc.record({ fields: routeFields, snis }).map((made) => ({ ...made.fields, snis: made.snis }));
const written = fc
  .record({ meaning: expression, priority: fc.integer({ min: 0, max: 2 }) })
  .map((made) => ({ ...made, expression: made.meaning.text }));

/** So many at one place that they are filed by what else they need. */
const crowdedFields = fc.record({
  paths: fc.constantFrom(['/'], ['/a'], ['/', '/a'], null),
  methods: some(['GET', 'POST', 'PUT'], 2),
  headers: fc.option(
    fc.dictionary(fc.constantFrom('x', 'y'), fc.uniqueArray(fc.constantFrom('1', '2', '3'), { minLength: 1 })),
    { nil: null, freq: 3 },
  ),
});
const crowdedMeaning = fc.tuple(fc.constantFrom('==', '^='), fc.constantFrom('/', '/a'), predicate, fc.boolean()).map(
  ([operator, path, other, joins]): Meaning => ({
    text: `http.path ${operator} "${path}" ${joins ? '&&' : '||'} ${other.text}`,
    holds: (input) => {
      const fits = OPERATORS[operator]!(input.path, path);
      return joins ? fits && other.holds(input) : fits || other.holds(input);
    },
  }),
);
const crowdedWritten = fc
  .record({ meaning: crowdedMeaning, priority: fc.integer({ min: 0, max: 2 }) })
  .map((made) => ({ ...made, expression: made.meaning.text }));

const requests = fc
  .record(
    {
      method: fc.constantFrom('GET', 'POST', 'PUT'),
      path: fc.constantFrom('/', '/a', '/ab', '/abcd', '/a/b', '/a/bc', '/b', '/b/c', '/b/c/d', '/c', '/A'),
      query: fc.constantFrom('q=1', 'q=1&q=2', 'q', 'p=1'),
      host: fc.constantFrom(
        'a.test',
        'A.test',
        'b.test',
        'a.test:81',
        'b.test:80',
        'a.b.test',
        'x.a.test',
        '.test',
        '',
      ),
      scheme: fc.constantFrom<'http' | 'https'>('http', 'https'),
      sni: fc.constantFrom('s.test', 'other'),
      headers: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom<string | string[]>('1', '2', ['1', '2'])),
    },
    { requiredKeys: ['method', 'path'] },
  )
  .map((made) => inputOf(made as CaseRequest));

interface Flavor {
  readonly flavor: RouterFlavor;
  readonly calculation: 'strict' | 'original';
  readonly fields: fc.Arbitrary<object>;
  readonly crowded: fc.Arbitrary<object>;
}

const FLAVORS: readonly Flavor[] = [
  { flavor: 'traditional_compatible', calculation: 'strict', fields: classic, crowded: crowdedFields },
  { flavor: 'traditional_compatible', calculation: 'original', fields: classic, crowded: crowdedFields },
  { flavor: 'traditional', calculation: 'strict', fields: classic, crowded: crowdedFields },
  { flavor: 'traditional', calculation: 'strict', fields: routeFields, crowded: crowdedFields },
  {
    flavor: 'expressions',
    calculation: 'strict',
    fields: fc.oneof({ weight: 3, arbitrary: written }, classic),
    crowded: fc.oneof({ weight: 3, arbitrary: crowdedWritten }, crowdedFields),
  },
];

const withId = (fields: object, i: number): NaiveRoute => {
  const id = uuidV5(NAMESPACE, String(i));
  return { protocols: ['http', 'https'], ...fields, id };
};

const isUsable = (route: NaiveRoute): boolean =>
  route.meaning !== undefined ||
  [route.paths, route.hosts, route.methods, route.snis, route.headers].some(
    (list) => Object.keys(list ?? {}).length > 0,
  );

const drain = <T>(steps: Generator<void, T>): T => {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
};

for (const { flavor, calculation, fields, crowded } of FLAVORS) {
  const options = { flavor, calculation } as const;
  const compare = (router: Router<NaiveRoute>, routes: readonly NaiveRoute[], input: RouteInput): void => {
    const expected = pickNaively(flavor, calculation, routes.filter(isUsable), input);
    const match = router.match(input);
    assert.equal(match?.route.id, expected?.route.id);
    if (expected?.path?.startsWith('/') === true) assert.equal(match!.prefix, expected.path);
  };

  describe(`${flavor}, ${calculation}${fields === routeFields ? ', no server names' : ''}`, () => {
    test('the compiled router picks what trying every route would pick', () => {
      const sets = fc.array(fields, { maxLength: 40 });
      fc.assert(
        fc.property(sets, fc.array(requests, { minLength: 1, maxLength: 8 }), (made, inputs) => {
          const routes = made.map(withId);
          const router = compileRouter(routes, options);
          assert.equal(router.skipped.length, routes.filter((route) => !isUsable(route)).length);
          for (const input of inputs) compare(router, routes, input);
        }),
        { numRuns: 1200 },
      );
    });

    test('many routes at one place are told apart by what else they need', () => {
      const sets = fc.array(crowded, { minLength: 20, maxLength: 60 });
      fc.assert(
        fc.property(sets, fc.array(requests, { minLength: 1, maxLength: 8 }), (made, inputs) => {
          const routes = made.map(withId);
          const router = compileRouter(routes, options);
          for (const input of inputs) compare(router, routes, input);
        }),
        { numRuns: 400 },
      );
    });

    test('a router that was extended, or built anew from an older one, picks the same as one built at once', () => {
      const change = fc.record({ at: fc.nat(15), fields: fc.option(fields, { nil: undefined, freq: 3 }) });
      fc.assert(
        fc.property(
          fc.array(fields, { maxLength: 15 }),
          fc.array(change, { maxLength: 12 }),
          fc.array(requests, { minLength: 1, maxLength: 8 }),
          (made, changes, inputs) => {
            const before = made.map(withId);
            const after = new Map(before.map((route) => [route.id, route]));
            for (const { at, fields: next } of changes) {
              const route = withId(next ?? {}, at);
              if (next === undefined) after.delete(route.id);
              else after.set(route.id, route);
            }
            const routes = [...after.values()];
            const changed = routes.filter((route) => !before.includes(route));
            const removed = before.map(({ id }) => id).filter((id) => !after.has(id));
            const base = compileRouter(before, options);
            const extended = base.extend(changed, removed);
            assert.ok(extended !== undefined || flavor === 'traditional');
            const rebuilt = drain(base.rebuild(changed, removed));
            for (const input of inputs) {
              if (extended !== undefined) compare(extended, routes, input);
              compare(rebuilt, routes, input);
            }
          },
        ),
        { numRuns: 800 },
      );
    });
  });
}
