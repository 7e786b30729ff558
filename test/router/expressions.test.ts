// Routes with expressions: what they match, in which order, and what a match reports.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileRouter, type RouteInput } from '../../src/gateway/router/router.ts';
import { type CaseRequest, type CaseRoute, checkCase, flat, inputOf, readCases, withProtocols } from './cases.ts';

const options = { flavor: 'expressions', calculation: 'strict' } as const;
const fixture = readCases('expressions');

describe('expressions: the route a request gets', () => {
  for (const one of fixture.cases) {
    test(`${one.id}: ${one.method} ${one.target ?? one.path}`, () => checkCase(fixture, one, options));
  }
});

const compile = (...routes: CaseRoute[]) => compileRouter(withProtocols(routes), options);
const get = (path: string, rest: Partial<CaseRequest> = {}): RouteInput =>
  inputOf({ method: 'GET', path, host: 'h', ...rest });
const holds = (expression: string, input: RouteInput): boolean =>
  compile({ id: 'a', expression }).match(input) !== undefined;

test('the higher priority is asked first, up to the highest there is; of equals the greater id', () => {
  const on = (id: string, priority: number): CaseRoute => ({ id, expression: 'http.path ^= "/"', priority });
  const first = (...routes: CaseRoute[]) => compile(...routes).match(get('/'))?.route.id;
  assert.equal(first(on('a', 2), on('b', 1)), 'a');
  assert.equal(first(on('a', 70_368_744_177_662), on('b', 70_368_744_177_663)), 'b');
  assert.equal(first(on('a', 70_368_744_177_663), on('b', 70_368_744_177_662)), 'a');
  assert.equal(first(on('a', 0), on('b', 0)), 'b');
});

test('the fields of a request', () => {
  const input: RouteInput = {
    ...inputOf({
      method: 'POST',
      path: '/v1/users/7/',
      query: 'a=1&a=2&flag&empty=&sp=x%20y+z',
      host: 'Api.Test:8443',
      scheme: 'https',
      sni: 'api.test',
      headers: { 'X-One': 'A', 'x-many': ['a', 'b'], host: 'never' },
    }),
    connection: { remoteAddress: '10.1.2.3', remotePort: 5555, localAddress: 'fd00::1' },
  };
  for (const expression of [
    'net.protocol == "https"',
    'tls.sni == "api.test"',
    'http.method == "POST"',
    'http.host == "Api.Test"',
    'lower(http.host) == "api.test"',
    'http.path == "/v1/users/7/"',
    'http.path.segments.len == 3',
    'http.path.segments.0 == "v1"',
    'http.path.segments.2 == "7"',
    'http.path.segments.0_1 == "v1/users"',
    'http.path.segments.1_2 ~ r#"^users/\\d+$"#',
    'http.headers.x_one == "A"',
    'lower(http.headers.x_one) == "a"',
    'any(http.headers.x_many) == "b"',
    'any(http.queries.a) == "2"',
    'http.queries.a != "3"',
    'http.queries.flag == ""',
    'http.queries.empty == ""',
    'http.queries.sp == "x y z"',
    'net.src.ip in 10.0.0.0/8',
    'net.src.ip == 10.1.2.3',
    'net.src.ip != 10.1.2.4',
    'net.src.ip not in 10.1.3.0/24',
    'net.src.port == 5555',
    'net.dst.ip in fd00::/8',
    'net.dst.port == 8443',
    'net.port == 8443',
    'http.path contains "users" && http.path =^ "/"',
  ]) {
    assert.equal(holds(expression, input), true, expression);
    assert.equal(holds(`!(${expression})`, input), false, expression);
  }
  for (const expression of [
    'http.headers.x_many == "b"',
    'any(http.queries.a) == "3"',
    'http.queries.a == "1"',
    'http.headers.host == "never"',
    'http.headers.none != "x"',
    'http.path.segments.3 != "x"',
    'http.path.segments.2_3 == "7/"',
    'net.src.ip in fd00::/8',
    'net.src.port > 5555',
  ]) {
    assert.equal(holds(expression, input), false, expression);
  }
});

test('without encryption there is no server name, without Host no host', () => {
  const input = get('/', { sni: 'a.test', host: '' });
  assert.equal(holds('tls.sni != "x"', input), false);
  assert.equal(holds('http.host != "x"', input), false);
  assert.equal(holds('!(http.host == "x")', input), true);
});

test('what a match reports of the path is what its last test of it matched', () => {
  const prefix = (expression: string) => compile({ id: 'a', expression }).match(get('/api/v1/x'))?.prefix;
  assert.equal(prefix('http.path ^= "/api"'), '/api');
  assert.equal(prefix('http.path ^= "/api" && http.method == "GET"'), '/api');
  assert.equal(prefix('http.path == "/api/v1/x"'), '/api/v1/x');
  assert.equal(prefix('http.path ^= "/api" && http.path ^= "/api/v1"'), '/api/v1');
  assert.equal(prefix('http.path ^= "/api/v1" && http.path ^= "/api"'), '/api');
  assert.equal(prefix('http.path ^= "/api" && http.path ~ "^/[a-z]+/v"'), '/api/v');
  assert.equal(prefix('http.path =^ "/x"'), '/x');
  assert.equal(prefix('http.path contains "v1"'), '');
  assert.equal(prefix('http.method == "GET"'), '');
  assert.equal(prefix('http.path == "/no" || http.path ^= "/api/"'), '/api/');
});

test('groups of regular expressions are captured, wherever they stand', () => {
  const router = compile({
    id: 'a',
    expression: 'http.path ~ r#"^/(?P<kind>\\w+)/(\\d+)"# && http.headers.v ~ r#"^v(\\d)$"#',
  });
  const match = router.match(get('/users/12/x', { headers: { v: 'v3' } }));
  assert.deepEqual(flat(match?.captures), { 0: 'v3', 1: '3', 2: '12', kind: 'users' });
  assert.equal(match?.prefix, '/users/12');
  assert.equal(compile({ id: 'a', expression: 'http.path ~ "^/x"' }).match(get('/x'))?.captures, undefined);
  // Patterns that differ in their beginnings only.
  const two = compile(
    { id: 'a', expression: 'http.path ~ r#"^/users/(?P<id>\\d+)"#' },
    { id: 'b', expression: 'http.path ~ r#"^/orders/(?P<id>\\d+)"#' },
  );
  const found = ['/users/42/x', '/orders/7', '/x/users/42', '/users/', '/orders/users/42'].map((path) => {
    const { route, captures } = two.match(get(path)) ?? {};
    return [route?.id, flat(captures)];
  });
  assert.deepEqual(found, [
    ['a', { 0: '/users/42', 1: '42', id: '42' }],
    ['b', { 0: '/orders/7', 1: '7', id: '7' }],
    ...Array.from({ length: 3 }, () => [undefined, flat(undefined)]),
  ]);
});

test('a route takes the schemes of its protocols; one for https alone takes clear text too, to send it away', () => {
  const picks = (protocols: string[], scheme: 'http' | 'https') =>
    compile({ id: 'a', protocols, expression: 'http.path ^= "/"' }).match(get('/', { scheme })) !== undefined;
  assert.deepEqual([picks(['http', 'https'], 'http'), picks(['http', 'https'], 'https')], [true, true]);
  assert.deepEqual([picks(['http'], 'http'), picks(['http'], 'https')], [true, false]);
  assert.deepEqual([picks(['https'], 'http'), picks(['https'], 'https')], [true, true]);
  assert.deepEqual([picks(['grpc'], 'http'), picks(['grpc'], 'https')], [true, false]);
  assert.deepEqual([picks(['grpcs'], 'http'), picks(['grpcs'], 'https')], [false, true]);
});

test('an expression that cannot be read leaves its route out, with the reason', () => {
  const router = compile({ id: 'a', expression: 'http.path =' }, { id: 'b', expression: 'http.path ^= "/"' });
  assert.equal(router.match(get('/'))?.route.id, 'b');
  assert.deepEqual(
    router.skipped.map(({ id }) => id),
    ['a'],
  );
  assert.match(router.skipped[0]!.reason, /expected binary_operator/);
});

test('text outside ASCII is compared by its bytes, lower() by its characters', () => {
  assert.equal(holds('http.path ^= "/øl"', get('/øl/1')), true);
  assert.equal(holds('lower(http.path) == "/øl"', get('/ØL')), true);
});
