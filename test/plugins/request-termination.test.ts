import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';
import { callGrpc } from './grpc-call.ts';

const terminating = (config: JsonObject = {}, scope: Partial<PluginInput> = {}): PluginInput => ({
  name: 'request-termination',
  config,
  ...scope,
});

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

test('each status has its text, or none', async () => {
  const texts: [number, string][] = [
    [401, '{"message":"Unauthorized"}'],
    [404, '{"message":"Not found"}'],
    [405, '{"message":"Method not allowed"}'],
    [500, '{"message":"An unexpected error occurred"}'],
    [502, '{"message":"Bad Gateway"}'],
    [503, '{"message":"Service unavailable"}'],
    [429, ''],
    [200, ''],
  ];
  for (const [status_code, text] of texts) {
    await withGateway({ plugins: [terminating({ status_code })] }, async ({ send, echo }) => {
      const received = await send({});
      assert.equal(received.status, status_code);
      assert.equal(received.text, text);
      assert.deepEqual(received.header('server'), ['kong/3.10.0']);
      assert.equal(echo.requests.length, 0);
    });
  }
});

test('a body goes out as it is, with its type or without one', async () => {
  const body = '{"code": 1, "message": "Schluß"}';
  await withGateway({ plugins: [terminating({ body, content_type: 'application/json' })] }, async ({ send }) => {
    const received = await send({});
    assert.equal(received.status, 503);
    assert.equal(received.text, body);
    assert.deepEqual(received.header('content-type'), ['application/json']);
    assert.deepEqual(received.header('content-length'), [String(Buffer.byteLength(body))]);
  });
  await withGateway({ plugins: [terminating({ body: 'x', status_code: 204 })] }, async ({ send }) => {
    const received = await send({});
    assert.equal(received.text, '');
    assert.deepEqual(received.header('content-length'), []);
  });
});

test('HEAD gets the headers and no body', async () => {
  await withGateway({ plugins: [terminating()] }, async ({ send }) => {
    const received = await send({ method: 'HEAD' });
    assert.equal(received.status, 503);
    assert.equal(received.text, '');
  });
});

test('with a trigger only requests that have it are answered', async () => {
  await withGateway({ plugins: [terminating({ trigger: 'x-stop', message: 'stop' })] }, async ({ send }) => {
    assert.equal((await send({})).status, 200);
    assert.equal((await send({ headers: { 'X-Stop': '' } })).status, 503);
    assert.equal((await send({ path: '/get?x-stop' })).status, 503);
    assert.equal((await send({ path: '/get?a=1&x%2Dstop=0' })).status, 503);
    assert.equal((await send({ path: '/get?x-stopped=1' })).status, 200);
  });
});

test('on a consumer it answers him alone', async () => {
  const plugins = [{ name: 'key-auth' }, terminating({ status_code: 402 }, { consumer: 'bob' })];
  await withGateway({ plugins, keys: { k1: 'bob', k2: 'ann' } }, async ({ send }) => {
    assert.equal((await send({ headers: { apikey: 'k1' } })).status, 402);
    assert.equal((await send({ headers: { apikey: 'k2' } })).status, 200);
    assert.equal((await send({})).status, 401);
  });
});

test('gRPC clients get the status in their own way', async () => {
  for (const [config, message] of [
    [{ message: 'closed' }, 'closed'],
    [{ body: 'in words' }, 'in words'],
    [{}, 'Service unavailable'],
  ] as const) {
    await withGateway({ plugins: [terminating(config)], http2: true }, async ({ gateway }) => {
      const head = await callGrpc(gateway.addresses[0]!.port);
      assert.deepEqual([head[':status'], head['grpc-status'], head['grpc-message']], [200, '14', message]);
    });
  }
});

test('echo tells the request as the gateway sees it', async () => {
  const plugins = [terminating({ echo: true, status_code: 200, message: 'seen' })];
  await withGateway({ plugins, routes: { r: ['~/things/(?<id>\\d+)'] } }, async ({ send, gateway, echo }) => {
    const received = await send({
      method: 'POST',
      path: '/things/7?a=1&b&a=2',
      host: 'example.test:81',
      headers: { 'Content-Type': 'application/json', 'X-Twice': ['1', '2'] },
      body: '{"deep":{"er":[1]}}',
    });
    assert.equal(received.status, 200);
    assert.equal(echo.requests.length, 0);
    const { kong, request, matched_route, matched_service, message } = JSON.parse(received.text) as Record<
      string,
      JsonObject
    >;
    assert.equal(message, 'seen');
    assert.equal(kong!['worker_pid'], process.pid);
    assert.match(String(kong!['node_id']), /^[0-9a-f-]{36}$/);
    assert.equal(request!['method'], 'POST');
    assert.equal(request!['path'], '/things/7');
    assert.equal(request!['host'], 'example.test');
    assert.equal(request!['port'], 81);
    assert.equal(request!['scheme'], 'http');
    assert.deepEqual(request!['query'], { a: ['1', '2'], b: true });
    assert.deepEqual((request!['headers'] as JsonObject)['x-twice'], ['1', '2']);
    assert.equal(request!['raw_body'], '{"deep":{"er":[1]}}');
    assert.deepEqual(request!['body'], { deep: { er: [1] } });
    assert.deepEqual(request!['uri_captures'], { named: { id: '7' }, unnamed: ['/things/7', '7'] });
    assert.equal(matched_route!['name'], 'r');
    assert.equal(matched_service!['name'], 'echo');
    assert.equal(gateway.addresses.length, 1);
  });
});

test('echo says what the status says when there is no message, and nothing when that says nothing', async () => {
  for (const [status_code, message] of [
    [404, 'Not found'],
    [418, undefined],
  ] as const) {
    await withGateway({ plugins: [terminating({ echo: true, status_code })] }, async ({ send }) => {
      const { status, text } = await send({ path: '/a/../b%20c?d=e' });
      const told = JSON.parse(text) as { message?: string; request: JsonObject };
      assert.deepEqual([status, told.message, told.request['path']], [status_code, message, '/b c']);
    });
  }
});

test('echo leaves out a body that it cannot read', async () => {
  await withGateway({ plugins: [terminating({ echo: true })] }, async ({ send }) => {
    const bodyOf = async (type: string, body: string): Promise<JsonObject> => {
      const { text } = await send({ method: 'POST', headers: { 'Content-Type': type }, body });
      return (JSON.parse(text) as { request: JsonObject }).request;
    };
    const empty = await bodyOf('application/json', '');
    assert.deepEqual([empty['raw_body'], 'body' in empty], ['', false]);
    const broken = await bodyOf('application/json', '{');
    assert.equal(broken['raw_body'], '{');
    assert.equal('body' in broken, false);
    assert.equal('body' in (await bodyOf('text/plain', 'a=1')), false);
    assert.deepEqual((await bodyOf('application/x-www-form-urlencoded', 'a=1&b=%C3%BC'))['body'], { a: '1', b: 'ü' });
    const part = '--B\r\nContent-Disposition: form-data; name="f"\r\n\r\nv\r\n--B--\r\n';
    assert.deepEqual((await bodyOf('multipart/form-data; boundary=B', part))['body'], { f: 'v' });
  });
});
