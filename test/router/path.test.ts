import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { upstreamPath } from '../../src/gateway/router/path.ts';
import { protocolVerdict } from '../../src/gateway/router/protocol.ts';
import { compileRouter } from '../../src/gateway/router/router.ts';
import { normalise } from '../../src/lib/uri.ts';
import { inputOf, readFixture, withProtocols } from './cases.ts';

interface Row {
  readonly id: string;
  readonly servicePath: string;
  /** null: the route matches by host. */
  readonly routePath: string | null;
  readonly stripPath: boolean;
  readonly pathHandling: string;
  readonly requestPath: string;
  readonly sends: string;
  /** Where that differs. */
  readonly sendsInTraditional?: string;
  readonly strips: string | null;
}

const FLAVORS = ['traditional_compatible', 'expressions', 'traditional'] as const;

for (const flavor of FLAVORS) {
  describe(`${flavor}: the path that goes upstream`, () => {
    for (const row of readFixture<Row[]>('upstream-paths')) {
      const { id, servicePath, routePath, stripPath, requestPath } = row;
      const sends = flavor === 'traditional' ? (row.sendsInTraditional ?? row.sends) : row.sends;
      test(`${id}: ${servicePath} + ${routePath ?? 'host'} + ${requestPath}, strip_path ${stripPath}: ${sends}`, () => {
        const field = routePath === null ? { hosts: ['h'] } : { paths: [routePath] };
        const routes = withProtocols([{ id, ...field, strip_path: stripPath, path_handling: row.pathHandling }]);
        const router = compileRouter(routes, { flavor, calculation: 'strict' });
        const path = normalise(requestPath, true);
        const match = router.match(inputOf({ method: 'GET', host: 'h', path }));
        const sent = upstreamPath(match!, servicePath, path);
        assert.equal(sent.path, sends);
        assert.equal(sent.strippedPrefix ?? null, row.strips);
      });
    }
  });
}

test('a service without a path adds nothing', () => {
  assert.equal(
    upstreamPath({ route: { strip_path: false }, prefix: '/a', joinsAsV1: false }, undefined, '/a/b').path,
    '/a/b',
  );
  assert.equal(
    upstreamPath({ route: { strip_path: true }, prefix: '/a', joinsAsV1: false }, undefined, '/a/b').path,
    '/b',
  );
});

test('cutting off the prefix never leaves a dot segment in front', () => {
  const sent = (path: string) =>
    upstreamPath({ route: { strip_path: true }, prefix: '/r', joinsAsV1: false }, '/s', path).path;
  assert.equal(sent('/r..'), '/s');
  assert.equal(sent('/r.'), '/s');
  assert.equal(sent('/r../x'), '/s/x');
  assert.equal(sent('/r./x'), '/s/x');
  assert.equal(sent('/r.x'), '/s/.x');
});

describe('a matched route and the scheme', () => {
  const both = { protocols: ['http', 'https'] };
  const https = { protocols: ['https'] };
  test('clear text is fine for http and for grpc', () => {
    assert.equal(protocolVerdict(both, 'http'), 'ok');
    assert.equal(protocolVerdict({ protocols: ['grpc', 'grpcs'] }, 'http'), 'ok');
  });
  test('clear text is answered with the configured status when the route is for https only', () => {
    assert.equal(protocolVerdict(https, 'https'), 'ok');
    assert.equal(protocolVerdict(https, 'http'), 426);
    assert.equal(protocolVerdict({ ...https, https_redirect_status_code: 308 }, 'http'), 308);
  });
});
