// Services and targets by host name, resolved by a name server of the test's own, with requests on real sockets.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { deadPort, start } from '../gateway/rig.ts';
import { startNameServer } from './name-server.ts';

/** An upstream that says its own name, on its own address of the loopback network. */
async function named(t: TestContext, name: string, host: string, port = 0): Promise<number> {
  const server = createServer((request, response) => response.end(`${name} ${request.headers.host}`));
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, host, resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const route = { name: 'r', paths: ['/'] };

test('requests to a service with a name take turns among its addresses, and a dead one costs no request', async (t) => {
  const server = await startNameServer(t);
  const port = await named(t, 'one', '127.0.0.1');
  await named(t, 'two', '127.0.0.2', port);
  server.zone.set('app.test', [
    { type: 'A', value: '127.0.0.1' },
    { type: 'A', value: '127.0.0.2' },
    { type: 'A', value: '127.0.0.3' },
  ]);
  const { send } = await start(
    { services: [{ name: 's', host: 'app.test', port, routes: [route] }] },
    { dns: { dns_resolver: [server.address] } },
  );
  const answers: string[] = [];
  for (let i = 0; i < 6; i++) answers.push((await send('/')).text);
  const host = `app.test:${port}`;
  assert.deepEqual(answers, [`one ${host}`, `two ${host}`, `one ${host}`, `one ${host}`, `two ${host}`, `one ${host}`]);
});

test('SRV records of a service say which port', async (t) => {
  const server = await startNameServer(t);
  const port = await named(t, 'one', '127.0.0.1');
  server.zone.set('app.test', [{ type: 'SRV', value: 'box.test', port, weight: 1, priority: 1 }]);
  server.zone.set('box.test', [{ type: 'A', value: '127.0.0.1' }]);
  const { send } = await start(
    { services: [{ name: 's', host: 'app.test', port: 9, routes: [route] }] },
    { dns: { dns_resolver: [server.address] } },
  );
  const { status, text } = await send('/');
  assert.equal(status, 200);
  assert.match(text, /^one app\.test/);
});

test('a name without addresses is 503', async (t) => {
  const server = await startNameServer(t);
  const { send } = await start(
    { services: [{ name: 's', host: 'no.test', port: 9, routes: [route] }] },
    { dns: { dns_resolver: [server.address] } },
  );
  const { status, text } = await send('/');
  assert.equal(status, 503);
  assert.match(text, /name resolution failed/);
});

test('a name of which no name server can tell whether it exists is 500, with the reason', async (t) => {
  const server = await startNameServer(t);
  server.trouble.set('sick.test', 2);
  const { send } = await start(
    { services: [{ name: 's', host: 'sick.test', port: 9, routes: [route] }] },
    { dns: { dns_resolver: [server.address] } },
  );
  const { status, text } = await send('/');
  assert.equal(status, 500);
  assert.equal(
    JSON.parse(text).message,
    "failed the initial dns/balancer resolve for 'sick.test' with: " +
      'cannot resolve sick.test: the name server answers with code 2',
  );
});

test('a name under .invalid is none, and nobody is asked', async (t) => {
  const server = await startNameServer(t);
  const { send } = await start(
    { services: [{ name: 's', host: 'Some.Invalid', port: 9, routes: [route] }] },
    { dns: { dns_resolver: [server.address] } },
  );
  assert.equal((await send('/')).status, 503);
  assert.deepEqual(server.questions, []);
});

test('a target with SRV records is called by their names when the upstream wants it so', async (t) => {
  const server = await startNameServer(t);
  const port = await named(t, 'one', '127.0.0.1');
  server.zone.set('_app.test', [{ type: 'SRV', value: 'box.test', port, weight: 1, priority: 1 }]);
  server.zone.set('box.test', [{ type: 'A', value: '127.0.0.1' }]);
  for (const [use_srv_name, host] of [
    [false, '_app.test'],
    [true, 'box.test'],
  ] as const) {
    const { send } = await start(
      {
        services: [{ name: 's', host: 'u', routes: [route] }],
        upstreams: [{ name: 'u', use_srv_name, targets: [{ target: '_app.test:80' }] }],
      },
      { dns: { dns_resolver: [server.address] } },
    );
    assert.equal((await send('/')).text, `one ${host}:${port}`);
  }
});

test('with every address dead the client gets 502', async (t) => {
  const server = await startNameServer(t);
  const port = await deadPort();
  server.zone.set('app.test', [{ type: 'A', value: '127.0.0.1' }]);
  const { send, access } = await start(
    { services: [{ name: 's', host: 'app.test', port, retries: 2, routes: [route] }] },
    { dns: { dns_resolver: [server.address] } },
  );
  assert.equal((await send('/')).status, 502);
  assert.equal(access[0]!.tries, 3);
});

test('latency: a target that refuses at once does not draw the requests', async (t) => {
  const one = await named(t, 'one', '127.0.0.1');
  const dead = await deadPort();
  const { send, access } = await start({
    services: [{ name: 's', host: 'u', routes: [route] }],
    upstreams: [{ name: 'u', algorithm: 'latency', targets: [one, dead].map((at) => ({ target: `127.0.0.1:${at}` })) }],
  });
  for (let i = 0; i < 8; i++) assert.equal((await send('/')).status, 200);
  assert.ok(access.filter(({ tries }) => tries > 1).length <= 1, 'it was tried once');
});
