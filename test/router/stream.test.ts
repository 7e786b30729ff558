// Routes of connections that are passed through as they are.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RouterFlavor, RouterRoute } from '../../src/gateway/router/router.ts';
import { compileStreamRouter, type StreamInput } from '../../src/gateway/router/stream.ts';
import { type CaseRoute, readFixture } from './cases.ts';

interface Case extends StreamInput {
  readonly id: string;
  readonly flavors: readonly RouterFlavor[];
  readonly routes: string;
  /** Index of the route, null for none. */
  readonly picks: number | null;
}

const { routes: sets, cases } = readFixture<{ routes: Record<string, CaseRoute[]>; cases: Case[] }>('stream');

describe('the route a connection gets', () => {
  for (const { id, flavors, routes: name, picks, ...input } of cases) {
    for (const flavor of flavors) {
      test(`${id} (${flavor}): ${JSON.stringify(input)}`, () => {
        const routes = sets[name]!.map((route): RouterRoute => ({ protocols: ['tcp', 'tls'], ...route }));
        const match = compileStreamRouter(routes, { flavor }).match({ ...input, scheme: input.scheme ?? 'tls' });
        assert.equal(match === undefined ? null : routes.indexOf(match), picks);
      });
    }
  }
});

const FLAVORS = ['traditional_compatible', 'traditional', 'expressions'] as const;
const compile = (flavor: RouterFlavor, ...routes: RouterRoute[]) => compileStreamRouter(routes, { flavor });

for (const flavor of FLAVORS) {
  test(`${flavor}: a route gets nothing that is not of its protocols`, () => {
    const destinations = [{ port: 53 }];
    const router = compile(
      flavor,
      { id: 'a-udp', protocols: ['udp'], destinations },
      { id: 'b-tcp', protocols: ['tcp'], destinations },
      { id: 'c-tls', protocols: ['tls'], destinations },
    );
    const at = (scheme: StreamInput['scheme']) => router.match({ scheme, destinationPort: 53 })?.id;
    assert.deepEqual([at('udp'), at('tcp'), at('tls')], ['a-udp', 'b-tcp', 'c-tls']);
  });

  test(`${flavor}: sources are addresses, ranges and ports; one item has to fit as a whole`, () => {
    const router = compile(flavor, {
      id: 'a',
      protocols: ['tcp'],
      sources: [{ ip: '10.0.0.0/8', port: 7 }, { ip: 'fd00::/8' }],
    });
    const from = (sourceAddress: string, sourcePort: number) =>
      router.match({ scheme: 'tcp', sourceAddress, sourcePort })?.id;
    assert.equal(from('10.1.2.3', 7), 'a');
    assert.equal(from('10.1.2.3', 8), undefined);
    assert.equal(from('11.1.2.3', 7), undefined);
    assert.equal(from('fd12::1', 1), 'a');
    assert.equal(from('fe80::1', 1), undefined);
  });

  test(`${flavor}: a server name has to be the one of the route where there is encryption`, () => {
    const router = compile(flavor, { id: 'a', protocols: ['tls_passthrough'], snis: ['a.test.'] });
    assert.equal(router.match({ scheme: 'tls', serverName: 'a.test' })?.id, 'a');
    assert.equal(router.match({ scheme: 'tls', serverName: 'b.test' }), undefined);
    assert.equal(router.match({ scheme: 'tls' }), undefined);
    assert.equal(router.match({ scheme: 'tcp' }), undefined);
  });

  test(`${flavor}: a route without sources, destinations and server names is left out`, () => {
    const router = compile(flavor, { id: 'a', protocols: ['tcp'] });
    assert.deepEqual(router.skipped, [{ id: 'a', reason: 'it has no field to match connections by' }]);
    assert.equal(router.match({ scheme: 'tcp', destinationPort: 1 }), undefined);
  });
}

test('wildcards of server names stand at either end', () => {
  const router = compile(
    'traditional_compatible',
    { id: 'a', protocols: ['tls'], snis: ['*.a.test', 'b.*'] },
    { id: 'b', protocols: ['tls'], snis: ['x.a.test'] },
  );
  assert.equal(router.match({ scheme: 'tls', serverName: 'y.a.test' })?.id, 'a');
  assert.equal(router.match({ scheme: 'tls', serverName: 'b.org' })?.id, 'a');
  assert.equal(router.match({ scheme: 'tls', serverName: 'x.a.test' })?.id, 'b', 'of equals the greater id');
});

test('expressions of connections come before other routes, by priority', () => {
  const router = compile(
    'expressions',
    { id: 'classic', protocols: ['tls'], snis: ['a.test'], sources: [{ ip: '10.0.0.1' }] },
    { id: 'low', protocols: ['tls'], expression: 'tls.sni =^ ".test"' },
    { id: 'high', protocols: ['tls'], expression: 'net.src.ip in 10.0.0.0/8 && net.dst.port == 5432', priority: 5 },
    { id: 'broken', protocols: ['tls'], expression: 'http.path == "/"' },
  );
  assert.deepEqual(router.skipped, [{ id: 'broken', reason: 'expression: Unknown LHS field' }]);
  const from = (sourceAddress: string, serverName: string, destinationPort: number) =>
    router.match({ scheme: 'tls', sourceAddress, serverName, destinationPort })?.id;
  assert.equal(from('10.0.0.1', 'a.test', 5432), 'high');
  assert.equal(from('10.0.0.1', 'a.test', 1), 'low');
  assert.equal(from('10.0.0.1', 'a.org', 1), undefined);
});
