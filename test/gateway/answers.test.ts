// What upstream and client see of the gateway: its own headers, its own answers, and what it refuses to pass on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeaderList } from '../../src/gateway/http1/headers.ts';
import { createTrust } from '../../src/gateway/trust.ts';
import { deadPort, echo, start, startUpstream } from './rig.ts';

interface Echoed {
  readonly target: string;
  readonly headers: Record<string, string>;
}

test('the upstream is told who asked, for what and through whom', async () => {
  const upstream = await startUpstream(echo);
  const url = `http://127.0.0.1:${upstream.port}/base`;
  const running = await start({ services: [{ name: 's', url, routes: [{ paths: ['/api'] }] }] });
  const answer = await running.send('/api/x%20y?q=1', { headers: { 'x-forwarded-for': '10.1.1.1', via: '1.1 edge' } });
  const { target, headers } = JSON.parse(answer.text) as Echoed;
  assert.equal(target, '/base/x%20y?q=1');
  assert.equal(headers['host'], `127.0.0.1:${upstream.port}`);
  assert.equal(headers['x-forwarded-for'], '10.1.1.1, 127.0.0.1');
  assert.equal(headers['x-forwarded-proto'], 'http');
  assert.equal(headers['x-forwarded-host'], 'example.test');
  assert.equal(headers['x-forwarded-port'], String(running.port));
  assert.equal(headers['x-forwarded-path'], '/api/x%20y');
  assert.equal(headers['x-forwarded-prefix'], '/api');
  assert.equal(headers['x-real-ip'], '127.0.0.1');
  assert.equal(headers['via'], '1.1 edge, 1.1 kong/3.10.0');
  assert.match(headers['x-kong-request-id']!, /^[0-9a-f]{32}$/);
  assert.equal(answer.headers['via'], '1.1 kong/3.10.0');
  assert.equal(answer.headers['server'], 'kong/3.10.0');
  assert.match(String(answer.headers['x-kong-upstream-latency']), /^\d+$/);
  assert.match(String(answer.headers['x-kong-proxy-latency']), /^\d+$/);
  assert.equal(answer.headers['x-kong-request-id'], headers['x-kong-request-id']);
  assert.equal(answer.headers['x-kong-response-latency'], undefined);
  await running.close();
  await upstream.close();
});

test('what a client claims of itself does not reach the upstream', async () => {
  const upstream = await startUpstream(echo);
  const running = await start({
    services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] }],
  });
  const claims = {
    'X-Consumer-Username': 'admin',
    x_consumer_username: 'admin',
    'X-Credential-Identifier': 'k',
    'X-Anonymous-Consumer': 'true',
    'X-Authenticated-Scope': 'all',
    X_Forwarded_Proto: 'https',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'admin.internal',
    'X-Forwarded-Prefix': '/admin',
    'X-Real-IP': '10.9.9.9',
    'X-Kong-Request-Id': 'forged',
    Forwarded: 'for=10.9.9.9',
  };
  const { text } = await running.send('/', { headers: claims });
  for (const word of ['admin', 'forged', '10.9.9.9', 'https', 'x-credential', 'x-anonymous', 'x-authenticated', 'x_']) {
    assert.ok(!text.toLowerCase().includes(word), `${word} in ${text}`);
  }
  await running.close();
  await upstream.close();
});

test('a trusted peer is believed', async () => {
  const upstream = await startUpstream(echo);
  const trust = { trustedIps: ['127.0.0.0/8'], realIpHeader: 'X-Forwarded-For', realIpRecursive: true };
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] };
  const running = await start({ services: [service] }, { trust });
  const headers = {
    'x-forwarded-for': '10.0.0.1, 127.0.0.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'shop.test',
    'x-forwarded-port': '443',
    'x-consumer-username': 'bob',
    x_consumer_id: 'b',
  };
  const echoed = (JSON.parse((await running.send('/', { headers })).text) as Echoed).headers;
  assert.equal(echoed['x-consumer-username'], 'bob');
  assert.equal(echoed['x_consumer_id'], undefined);
  assert.equal(echoed['x-real-ip'], '10.0.0.1');
  assert.equal(echoed['x-forwarded-for'], '10.0.0.1, 127.0.0.9, 127.0.0.1');
  assert.deepEqual(
    [echoed['x-forwarded-proto'], echoed['x-forwarded-host'], echoed['x-forwarded-port']],
    ['https', 'shop.test', '443'],
  );
  await running.close();
  await upstream.close();
});

test('the path that a trusted peer reports is taken whole, of the others the first of several', async () => {
  const upstream = await startUpstream(echo);
  const trust = { trustedIps: ['127.0.0.0/8'], realIpHeader: 'X-Real-IP', realIpRecursive: false };
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['/'] }] };
  const running = await start({ services: [service] }, { trust });
  const headers = {
    'x-forwarded-path': '/a,b',
    'x-forwarded-prefix': '/c,d',
    'x-forwarded-host': 'one.test, two.test',
    'x-forwarded-port': '81, 82',
  };
  const echoed = (JSON.parse((await running.send('/', { headers })).text) as Echoed).headers;
  assert.deepEqual(
    ['path', 'prefix', 'host', 'port'].map((name) => echoed[`x-forwarded-${name}`]),
    ['/a,b', '/c,d', 'one.test', '81'],
  );
  await running.close();
  await upstream.close();
});

test('the address of the client is found from the right, and never left of what cannot be read', () => {
  const trustedIps = ['127.0.0.1', '172.16.0.1', '192.168.0.1', 'fd00::/8'];
  const found = (realIpRecursive: boolean, ...lines: string[]): string => {
    const headers = new HeaderList();
    for (const line of lines) headers.append('X-Forwarded-For', line);
    const trust = createTrust({ trustedIps, realIpHeader: 'X-Forwarded-For', realIpRecursive });
    return trust.clientAddress(headers, '127.0.0.1', undefined);
  };
  const long = '127.0.0.1, 10.0.0.1, 192.168.0.1, 127.0.0.1, 172.16.0.1';
  assert.equal(found(true, long), '10.0.0.1');
  assert.equal(found(false, long), '172.16.0.1');
  assert.equal(found(true, '10.0.0.1, 192.168.0.1', '127.0.0.1'), '10.0.0.1', 'lines are one list');
  assert.equal(found(true, '172.16.0.1, 192.168.0.1'), '172.16.0.1', 'all are trusted');
  assert.equal(found(true, '10.0.0.1:4711'), '10.0.0.1');
  assert.equal(found(true, '[2001:db8::1]:4711, fd00::1'), '2001:db8::1');
  assert.equal(found(false, '::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(found(false, '[::FFFF:10.0.0.1]:80'), '10.0.0.1');
  assert.equal(found(false, '10.0.0.1, '), '10.0.0.1');
  for (const text of ['6.6.6.6, unknown', '6.6.6.6, 10.0.0.999', '6.6.6.6, _hidden', '', ',']) {
    assert.equal(found(true, text), '127.0.0.1', text);
    assert.equal(found(false, text), '127.0.0.1', text);
  }
  assert.equal(found(true, '6.6.6.6, unknown, 192.168.0.1'), '192.168.0.1');
});

test('escaped line breaks of a path never become lines', async () => {
  const upstream = await startUpstream(echo);
  const service = { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ paths: ['~/.*'] }] };
  const running = await start({ services: [service] });
  const { headers } = JSON.parse((await running.send('/a%0d%0aX-Injected:%20y')).text) as Echoed;
  assert.equal(headers['x-injected'], undefined);
  await running.close();
  await upstream.close();
});

test('errors of the router speak the format that the client accepts, JSON without a wish', async () => {
  const running = await start({});
  const ask = (accept?: string) => running.send('/', { headers: accept === undefined ? {} : { accept } });
  const plain = await ask();
  assert.equal(plain.status, 404);
  assert.equal(plain.headers['content-type'], 'application/json; charset=utf-8');
  const id = plain.headers['x-kong-request-id'];
  assert.equal(plain.text, `{\n  "message":"no Route matched with those values",\n  "request_id":"${id}"\n}`);
  assert.match(String(plain.headers['x-kong-response-latency']), /^\d+$/);
  assert.equal((await ask('text/html')).headers['content-type'], 'text/html; charset=utf-8');
  assert.match((await ask('text/html')).text, /<p>no Route matched with those values\.<\/p>/);
  assert.match((await ask('application/xml')).text, /<message>no Route matched with those values<\/message>/);
  assert.match(
    (await ask('text/html;q=0.5, text/plain')).text,
    /^no Route matched with those values\nrequest_id: [0-9a-f]{32}\n$/,
  );
  await running.close();
});

test('an upstream that cannot be reached is 502, plain text without a wish, after every try', async () => {
  const service = { name: 's', url: `http://127.0.0.1:${await deadPort()}`, retries: 2, routes: [{ paths: ['/'] }] };
  const running = await start({ services: [service] });
  const answer = await running.send('/');
  assert.equal(answer.status, 502);
  assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
  assert.match(answer.text, /^An invalid response was received from the upstream server\nrequest_id: /);
  assert.match(String(answer.headers['x-kong-proxy-latency']), /^\d+$/);
  assert.equal(answer.headers['x-kong-response-latency'], undefined);
  assert.equal(running.access[0]!.tries, 3);
  await running.close();
});

test('an upstream that does not answer in time is 504', async () => {
  const upstream = await startUpstream(() => undefined);
  const url = `http://127.0.0.1:${upstream.port}`;
  const running = await start({
    services: [{ name: 's', url, retries: 0, read_timeout: 100, routes: [{ paths: ['/'] }] }],
  });
  const answer = await running.send('/');
  assert.equal(answer.status, 504);
  assert.match(answer.text, /^The upstream server is timing out/);
  await running.close();
  await upstream.close();
});

test('a route without a service, a disabled service, an unknown host name', async () => {
  const running = await start({
    routes: [{ name: 'alone', paths: ['/alone'] }],
    services: [
      { name: 'off', url: 'http://127.0.0.1:1', enabled: false, routes: [{ paths: ['/off'] }] },
      { name: 'nowhere', url: 'http://nowhere.invalid', routes: [{ paths: ['/nowhere'] }] },
    ],
  });
  const alone = await running.send('/alone');
  assert.deepEqual([alone.status, JSON.parse(alone.text).message], [503, 'no Service found with those values']);
  assert.equal((await running.send('/off')).status, 404);
  const nowhere = await running.send('/nowhere');
  assert.deepEqual([nowhere.status, JSON.parse(nowhere.text).message], [503, 'name resolution failed']);
  await running.close();
});

test('a route for https only is refused or redirected in clear text', async () => {
  const service = {
    name: 's',
    url: 'http://127.0.0.1:1',
    routes: [
      { paths: ['/upgrade'], protocols: ['https'] },
      { paths: ['/moved'], protocols: ['https'], https_redirect_status_code: 301 },
    ],
  };
  const running = await start({ services: [service] });
  const upgrade = await running.send('/upgrade');
  assert.deepEqual([upgrade.status, JSON.parse(upgrade.text).message], [426, 'Please use HTTPS protocol']);
  assert.equal(upgrade.headers['upgrade'], 'TLS/1.2, HTTP/1.1');
  assert.equal(upgrade.headers['connection'], 'Upgrade');
  const last = await running.send('/upgrade', { headers: { connection: 'close' } });
  assert.equal(last.headers['connection'], 'Upgrade, close');
  const moved = await running.send('/moved?a=1');
  assert.deepEqual([moved.status, moved.headers['location'], moved.text], [301, 'https://example.test/moved?a=1', '']);
  await running.close();
});

test('preserve_host sends the client’s host, otherwise it is the service’s', async () => {
  const upstream = await startUpstream(echo);
  const routes = [{ paths: ['/kept'], preserve_host: true }, { paths: ['/own'] }];
  const running = await start({ services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes }] });
  const hostOf = async (path: string) =>
    (JSON.parse((await running.send(path, { headers: { host: 'a.test:81' } })).text) as Echoed).headers['host'];
  assert.equal(await hostOf('/kept'), 'a.test:81');
  assert.equal(await hostOf('/own'), `127.0.0.1:${upstream.port}`);
  await running.close();
  await upstream.close();
});
