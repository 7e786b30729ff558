// The compiled router against the plainest one that could be written: try every path of every route, take the highest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileRouter, type RouteInput, type RouterRoute } from '../../src/gateway/router/router.ts';
import { uuidV5 } from '../../src/lib/ids.ts';
import { type CaseRequest, inputOf } from './cases.ts';

const PART_NAMESPACE = '7f145bf9-0dce-4f91-98eb-debbce4b9f6b';

interface Entry {
  readonly route: RouterRoute;
  readonly path: string | undefined;
  readonly priority: bigint;
  readonly id: string;
  readonly position: number;
}

const size = (list: object | null | undefined): number => Object.keys(list ?? {}).length;
const oneIf = (value: boolean): bigint => (value ? 1n : 0n);

/** The priority as the documented 64-bit number. */
function priorityOf(route: RouterRoute, path: string | undefined): bigint {
  const fields = [route.methods, route.hosts, route.headers, route.snis, route.paths];
  const weight = BigInt(fields.filter((field) => size(field) > 0).length);
  const isPlain = size(route.hosts) > 0 && !route.hosts!.some((host) => host.includes('*'));
  const isRegex = path?.startsWith('~') === true;
  return (
    (weight << 61n) |
    (oneIf(isPlain) << 60n) |
    (BigInt(size(route.headers)) << 52n) |
    (oneIf(isRegex) << 51n) |
    (BigInt(isRegex ? (route.regex_priority ?? 0) : 0) << 19n) |
    BigInt(isRegex ? 0 : (path?.length ?? 0))
  );
}

function entriesOf(route: RouterRoute): Entry[] {
  const paths = route.paths ?? [];
  if (paths.length === 0)
    return [{ route, path: undefined, priority: priorityOf(route, undefined), id: route.id, position: 0 }];
  return paths.map((path, position) => {
    const group = path.startsWith('~') ? 0 : path.length;
    const id = paths.length === 1 ? route.id : uuidV5(PART_NAMESPACE, `${route.id}#${group}`);
    return { route, path, priority: priorityOf(route, path), id, position };
  });
}

function fits({ route, path }: Entry, input: RouteInput): boolean {
  const [name = '', port] = input.host.split(':');
  const anyOf = <T>(list: readonly T[] | null | undefined, test: (item: T) => boolean): boolean =>
    list === null || list === undefined || list.length === 0 || list.some(test);
  const wildcard = (rule: string, text: string): boolean =>
    rule.startsWith('*')
      ? text.endsWith(rule.slice(1))
      : rule.endsWith('*')
        ? text.startsWith(rule.slice(0, -1))
        : rule === text;
  return (
    anyOf(route.methods, (method) => method === input.method) &&
    anyOf(route.hosts, (host) => {
      const [rule = '', rulePort] = host.split(':');
      return (
        name !== '' && wildcard(rule, name) && (rulePort === undefined || rulePort === (port ?? String(input.port)))
      );
    }) &&
    (input.scheme !== 'https' || anyOf(route.snis, (sni) => input.sni !== undefined && wildcard(sni, input.sni))) &&
    Object.entries(route.headers ?? {}).every(([header, values]) =>
      input.headers.getAll(header).some((value) => values.includes(value)),
    ) &&
    (path === undefined ||
      (path.startsWith('~') ? new RegExp(`^(?:${path.slice(1)})`).test(input.path) : input.path.startsWith(path)))
  );
}

function pickNaively(routes: readonly RouterRoute[], input: RouteInput): Entry | undefined {
  const found = routes.flatMap(entriesOf).filter((entry) => fits(entry, input));
  found.sort((a, b) => {
    if (a.priority !== b.priority) return a.priority < b.priority ? 1 : -1;
    return a.id === b.id ? a.position - b.position : a.id < b.id ? 1 : -1;
  });
  return found[0];
}

const PATHS = [
  '/',
  '/a',
  '/ab',
  '/abc',
  '/a/b',
  '/b',
  '/b/c/d',
  '~/a',
  '~/a/\\w+',
  '~/(a|b)',
  '~/ab?c?$',
  '~/b/.*/d',
] as const;
const HOSTS = ['a.test', 'b.test', 'a.test:81', '*.test', '*.a.test', 'a.*', 'b.*', 'a.b.test'] as const;
const some = <T>(items: readonly T[], maxLength: number) =>
  fc.option(fc.uniqueArray(fc.constantFrom(...items), { maxLength, minLength: 1 }), { nil: null });

const routeFields = fc.record({
  paths: some(PATHS, 4),
  hosts: some(HOSTS, 3),
  methods: some(['GET', 'POST'], 2),
  snis: some(['s.test', '*.test'], 1),
  headers: fc.option(
    fc.dictionary(fc.constantFrom('x', 'y'), fc.uniqueArray(fc.constantFrom('1', '2'), { minLength: 1 })),
    {
      nil: null,
    },
  ),
  regex_priority: fc.integer({ min: 0, max: 3 }),
});

const requests = fc.record(
  {
    method: fc.constantFrom('GET', 'POST', 'PUT'),
    path: fc.constantFrom('/', '/a', '/ab', '/abcd', '/a/b', '/a/bc', '/b', '/b/c', '/b/c/d', '/c'),
    host: fc.constantFrom('a.test', 'b.test', 'a.test:81', 'b.test:80', 'a.b.test', 'x.a.test', 'a.org', ''),
    scheme: fc.constantFrom<'http' | 'https'>('http', 'https'),
    sni: fc.constantFrom('s.test', 'other'),
    headers: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom<string | string[]>('1', '2', ['1', '2'])),
  },
  { requiredKeys: ['method', 'path'] },
);

test('the compiled router picks what trying every route would pick', () => {
  fc.assert(
    fc.property(
      fc.array(routeFields, { maxLength: 12 }),
      fc.array(requests, { minLength: 1, maxLength: 8 }),
      (sets, asked) => {
        const routes = sets.map((fields, i) => {
          const id = uuidV5(PART_NAMESPACE, String(i));
          return { ...fields, id, protocols: ['http', 'https'] } satisfies RouterRoute;
        });
        const usable = routes.filter((route) =>
          [route.paths, route.hosts, route.methods, route.snis, route.headers].some(size),
        );
        const router = compileRouter(routes, { flavor: 'traditional_compatible', calculation: 'strict' });
        assert.equal(router.skipped.length, routes.length - usable.length);
        for (const request of asked) {
          const input = inputOf(request as CaseRequest);
          const expected = pickNaively(usable, input);
          const match = router.match(input);
          assert.equal(match?.route.id, expected?.route.id);
          if (expected?.path !== undefined && !expected.path.startsWith('~'))
            assert.equal(match!.prefix, expected.path);
        }
      },
    ),
    { numRuns: 1500 },
  );
});
