import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { upstreamPath } from '../../src/gateway/router/path.ts';
import { type Captures, compileRouter } from '../../src/gateway/router/router.ts';
import { utf8ToBytes } from '../../src/lib/byte-text.ts';
import { normalise, splitTarget } from '../../src/lib/uri.ts';
import { type CaseRequest, type CaseRoute, inputOf, readFixture, withProtocols } from './cases.ts';

interface Case extends Omit<CaseRequest, 'path'> {
  readonly id: string;
  readonly routes: string;
  /** Either what came with the request line, or a path that is normalised already. */
  readonly target?: string;
  readonly path?: string;
  /** Index of the route, null for none. */
  readonly picks: number | null;
  readonly upstreamPath?: string;
  readonly strips?: string | null;
  readonly captures?: Readonly<Record<string, string>>;
}

interface Probe extends CaseRequest {
  readonly strict: number | null;
  readonly original: number | null;
  readonly strips?: string;
  readonly captures?: Readonly<Record<string, string>>;
}

const { routes: routeSets, cases } = readFixture<{ routes: Record<string, CaseRoute[]>; cases: Case[] }>(
  'traditional-compatible',
);
const probes = readFixture<{ id: string; routes: CaseRoute[]; cases: Probe[] }[]>('priorities');

/** Numbered and named together, groups that took no part left out: the form of the fixtures. */
function flat(captures: Captures | undefined): Record<string, string> | undefined {
  if (captures === undefined) return undefined;
  const numbered = captures.unnamed.map((value, i) => [String(i), value] as const);
  return Object.fromEntries([...numbered, ...Object.entries(captures.named)]);
}

/** A group without a part in the match is absent in the fixtures and empty here. */
const filledAsIn = (expected: Readonly<Record<string, string>>, count: number): Record<string, string> => ({
  ...Object.fromEntries(Array.from({ length: count }, (_, i) => [String(i), ''])),
  ...expected,
});

describe('traditional_compatible: the route a request gets', () => {
  for (const calculation of ['strict', 'original'] as const) {
    for (const one of cases) {
      test(`${one.id} (${calculation}): ${one.method} ${one.target ?? one.path} at ${one.host ?? 'no host'}`, () => {
        const routes = withProtocols(routeSets[one.routes]!);
        const router = compileRouter(routes, { flavor: 'traditional_compatible', calculation });
        const path = one.path ?? normalise(splitTarget(one.target!).path, true);
        const match = router.match(inputOf({ ...one, path }));
        assert.equal(match === undefined ? null : routes.indexOf(match.route), one.picks);
        if (one.captures !== undefined) {
          assert.deepEqual(flat(match!.captures), filledAsIn(one.captures, match!.captures!.unnamed.length));
        }
        if (one.upstreamPath === undefined) return;
        const sent = upstreamPath(match!, match!.route.service?.path, path);
        assert.equal(sent.path, utf8ToBytes(one.upstreamPath));
        assert.equal(sent.strippedPrefix ?? null, one.strips);
      });
    }
  }
});

describe('traditional_compatible: which of several routes wins', () => {
  for (const calculation of ['strict', 'original'] as const) {
    for (const group of probes) {
      test(`${group.id} (${calculation})`, () => {
        const routes = withProtocols(group.routes);
        const router = compileRouter(routes, { flavor: 'traditional_compatible', calculation });
        for (const probe of group.cases) {
          const match = router.match(inputOf(probe));
          assert.equal(
            match === undefined ? null : routes.indexOf(match.route),
            probe[calculation],
            JSON.stringify(probe),
          );
          if (probe.captures !== undefined) assert.deepEqual(flat(match!.captures), probe.captures);
          if (probe.strips !== undefined) assert.equal(match!.prefix, probe.strips);
        }
      });
    }
  }
});

const route = (id: string, fields: Omit<CaseRoute, 'id'>): CaseRoute => ({ id, ...fields });
const compile = (...routes: CaseRoute[]) =>
  compileRouter(withProtocols(routes), { flavor: 'traditional_compatible', calculation: 'strict' });
const get = (path: string, host = 'h') => inputOf({ method: 'GET', path, host });

test('a route without anything to match by is left out with the reason, the others work', () => {
  const router = compile(route('empty', { paths: [], hosts: null }), route('full', { paths: ['/'] }));
  assert.deepEqual(router.skipped, [{ id: 'empty', reason: 'it has no field to match requests by' }]);
  assert.equal(router.match(get('/'))?.route.id, 'full');
});

test('a route with an expression that cannot be run is left out, its prefixes are not', () => {
  const router = compile(route('a', { paths: ['~/x(?=y)', '/plain'] }));
  assert.equal(router.skipped.length, 1);
  assert.equal(router.match(get('/plain'))?.prefix, '/plain');
  assert.equal(router.match(get('/xy')), undefined);
});

test('a route may have prefixes of several lengths and expressions at once', () => {
  const router = compile(route('a', { paths: ['/aa', '/b', '~/c\\d+', '/dd'] }));
  assert.equal(router.match(get('/aa/1'))?.prefix, '/aa');
  assert.equal(router.match(get('/bb'))?.prefix, '/b');
  assert.equal(router.match(get('/c12/x'))?.prefix, '/c12');
  assert.equal(router.match(get('/ddd'))?.prefix, '/dd');
  assert.equal(router.match(get('/c/x')), undefined);
});

test('a path outside ASCII matches its UTF-8 bytes, however they are written in the request', () => {
  const router = compile(route('a', { paths: ['/øl'] }));
  assert.equal(router.match({ ...get(''), path: normalise('/%C3%B8l/1', true) })?.prefix, '/\u00c3\u00b8l');
});

test('the port of a host rule is compared with the one in Host, else with the one connected to', () => {
  const router = compile(route('a', { hosts: ['x.test:81'] }), route('b', { hosts: ['*.test:82'] }));
  const at = (host: string, port: number) => router.match({ ...get('/', host), port })?.route.id;
  assert.equal(at('x.test:81', 80), 'a');
  assert.equal(at('x.test', 81), 'a');
  assert.equal(at('x.test:80', 81), undefined);
  assert.equal(at('y.test:82', 80), 'b');
  assert.equal(at('y.test', 80), undefined);
});

test('a rule for an IPv6 host works with and without a port', () => {
  const router = compile(route('a', { hosts: ['[::1]'] }));
  assert.equal(router.match(get('/', '[::1]'))?.route.id, 'a');
  assert.equal(router.match(get('/', '[::1]:8000'))?.route.id, 'a');
});

test('headers are asked for only when a candidate has rules for them', () => {
  const router = compile(route('a', { paths: ['/h'], headers: { x: ['1'] } }), route('b', { paths: ['/'] }));
  let asked = 0;
  const headers = {
    getAll() {
      asked += 1;
      return [];
    },
  };
  router.match({ ...get('/other'), headers });
  assert.equal(asked, 0);
  router.match({ ...get('/h'), headers });
  assert.ok(asked > 0);
});

test('header names match whether written with dashes or underscores', () => {
  const router = compile(route('a', { headers: { X_Tenant: ['Blue'] } }));
  const given = (name: string) => router.match(inputOf({ method: 'GET', path: '/', headers: { [name]: 'BLUE' } }));
  assert.equal(given('x-tenant')?.route.id, 'a');
  assert.equal(given('X_TENANT')?.route.id, 'a');
  assert.equal(given('xtenant'), undefined);
});
