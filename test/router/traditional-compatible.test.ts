import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileRouter } from '../../src/gateway/router/router.ts';
import { normalise } from '../../src/lib/uri.ts';
import {
  type CaseRoute,
  checkCase,
  checkProbe,
  inputOf,
  type Probe,
  readCases,
  readFixture,
  withProtocols,
} from './cases.ts';

const fixture = readCases('traditional-compatible');
const probes = readFixture<{ id: string; routes: CaseRoute[]; cases: Probe[] }[]>('priorities');

// Routes without an expression work alike where there are expressions.
for (const flavor of ['traditional_compatible', 'expressions'] as const) {
  for (const calculation of ['strict', 'original'] as const) {
    const options = { flavor, calculation };
    describe(`${flavor}, ${calculation}: the route a request gets`, () => {
      for (const one of fixture.cases) {
        test(`${one.id}: ${one.method} ${one.target ?? one.path} at ${one.host ?? 'no host'}`, () =>
          checkCase(fixture, one, options));
      }
    });
    describe(`${flavor}, ${calculation}: which of several routes wins`, () => {
      for (const group of probes) {
        test(group.id, () => {
          for (const probe of group.cases) checkProbe(group.routes, probe, probe[calculation], options);
        });
      }
    });
  }
}

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

test('to a regular expression of a path a letter is a letter, in whatever script', () => {
  const router = compile(
    route('a', { paths: ['~/users/\\w+$'] }),
    route('b', { paths: ['~/é/.$'] }),
    route('c', { paths: ['~/é?x'] }),
    route('d', { paths: ['~/日+x'] }),
  );
  const pick = (path: string) => router.match(get(path))?.route.id;
  assert.deepEqual([pick('/users/josé'), pick('/users/日本'), pick('/users/a b')], ['a', 'a', undefined]);
  assert.deepEqual([pick('/é/ß'), pick('/é/ßa')], ['b', undefined]);
  assert.deepEqual([pick('/x'), pick('/éx'), pick('/ééx'), pick('/日日x')], ['c', 'c', undefined, 'd']);
});

test('header values match in any case, also beyond ASCII', () => {
  const router = compile(route('a', { headers: { city: ['Übersee', '~*^KÖLN'] } }));
  const given = (value: string) => router.match(inputOf({ method: 'GET', path: '/', headers: { city: value } }));
  for (const value of ['übersee', 'ÜBERSEE', 'köln-porz', 'KÖLN']) {
    assert.equal(given(Buffer.from(value).toString('latin1'))?.route.id, 'a', value);
  }
  assert.equal(given('\u00e3\u009cbersee'), undefined, 'other bytes that Latin-1 would take for another case');
});

test('header names match whether written with dashes or underscores', () => {
  const router = compile(route('a', { headers: { X_Tenant: ['Blue'] } }));
  const given = (name: string) => router.match(inputOf({ method: 'GET', path: '/', headers: { [name]: 'BLUE' } }));
  assert.equal(given('x-tenant')?.route.id, 'a');
  assert.equal(given('X_TENANT')?.route.id, 'a');
  assert.equal(given('xtenant'), undefined);
});
