// The traditional flavour: what it shares with the others, and where it decides otherwise.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileRouter, type RouteInput } from '../../src/gateway/router/router.ts';
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

const options = { flavor: 'traditional', calculation: 'strict' } as const;
const fixture = readCases('traditional');

describe('traditional: the route a request gets', () => {
  for (const one of fixture.cases) {
    test(`${one.id}: ${one.method} ${one.target ?? one.path} at ${one.host ?? 'no host'}`, () =>
      checkCase(fixture, one, options));
  }
});

describe('traditional: which of several routes wins', () => {
  for (const group of readFixture<{ id: string; routes: CaseRoute[]; cases: Probe[] }[]>('priorities')) {
    test(group.id, () => {
      for (const probe of group.cases) checkProbe(group.routes, probe, probe.traditional, options);
    });
  }
});

const compile = (...routes: CaseRoute[]) => compileRouter(withProtocols(routes), options);
const get = (path: string, rest: Partial<RouteInput> = {}): RouteInput => ({
  ...inputOf({ method: 'GET', path, host: 'h' }),
  ...rest,
});

test('of equals the older route wins', () => {
  const router = compile({ id: 'b', paths: ['/a'], created_at: 2 }, { id: 'a', paths: ['/a'], created_at: 1 });
  assert.equal(router.match(get('/a'))?.route.id, 'a');
});

test('a regular expression may look around', () => {
  const router = compile({ id: 'a', paths: ['~/a(?!b)'] });
  assert.equal(router.match(get('/ac'))?.route.id, 'a');
  assert.equal(router.match(get('/ab')), undefined);
});

test('a host that was named with its port comes before one that was named, and both before wildcards', () => {
  const router = compile(
    { id: 'plain', hosts: ['a.test'] },
    { id: 'port', hosts: ['a.test:81', 'b.test'] },
    { id: 'wild', hosts: ['*.test'], created_at: 1 },
    { id: 'mixed', hosts: ['c.test', '*.d.test'] },
  );
  const at = (host: string) => router.match(get('/', { host }))?.route.id;
  assert.equal(at('a.test:81'), 'port');
  assert.equal(at('a.test:82'), 'plain');
  assert.equal(at('a.test'), 'plain');
  assert.equal(at('e.test'), 'wild');
  assert.equal(at('c.test'), 'mixed');
});

test('where Host names no port it is the usual one of the scheme, whichever the connection came in by', () => {
  const router = compile(
    { id: 'plain', hosts: ['a.*'] },
    { id: 'http', hosts: ['a.*:80'] },
    { id: 'https', hosts: ['a.*:443'] },
  );
  const at = (host: string, scheme: 'http' | 'https') => router.match(get('/', { host, scheme, port: 8000 }))?.route.id;
  assert.equal(at('a.test', 'http'), 'http');
  assert.equal(at('a.test', 'https'), 'https');
  assert.equal(at('a.test:8000', 'http'), 'plain');
});

test('a request in clear text of which no field of any route sees anything has no route, not even one of server names', () => {
  const router = compile({ id: 'sni', snis: ['s.test'] }, { id: 'post', methods: ['POST'] });
  assert.equal(router.match(get('/')), undefined);
  assert.equal(router.match(get('/', { method: 'POST' }))?.route.id, 'post');
  assert.equal(router.match(get('/', { scheme: 'https', sni: 's.test' }))?.route.id, 'sni');
});

test('in clear text the search begins at the category of the request, so routes with server names may be passed over', () => {
  const withSni: CaseRoute = { id: 'sni', hosts: ['h'], paths: ['/a'], snis: ['s.test'] };
  const without: CaseRoute = { id: 'plain', hosts: ['h'], paths: ['/'] };
  assert.equal(compile(withSni).match(get('/a'))?.route.id, 'sni');
  assert.equal(compile(withSni, without).match(get('/a'))?.route.id, 'plain');
  const encrypted = get('/a', { scheme: 'https', sni: 's.test' });
  assert.equal(compile(withSni, without).match(encrypted)?.route.id, 'sni');
});
