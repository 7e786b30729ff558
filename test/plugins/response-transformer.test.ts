import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';

const transforming = (config: JsonObject): PluginInput => ({ name: 'response-transformer', config });

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

test('headers: remove, rename, replace, add, append', async () => {
  const config = {
    remove: { headers: ['x-gone', 'X-Gone-Too:whatever'] },
    rename: { headers: ['x-old:X-New', 'x-missing:x-nothing', 'x-twice:x-both'] },
    replace: { headers: ['x-there:replaced', 'x-absent:replaced'] },
    add: { headers: ['x-there:added', 'x-added:with:colons', 'x-empty:'] },
    append: { headers: ['x-list:2', 'x-list:3', 'x-new-list:1'] },
  };
  await withGateway({ plugins: [transforming(config)] }, async ({ send }) => {
    const query = 'x-gone=1&X-Gone-Too=1&x-old=o&X-New=n&x-twice=1&x-twice=2&x-there=t&x-list=1';
    const { header } = await send({ path: `/response-headers?${query}` });
    assert.deepEqual(header('x-gone'), []);
    assert.deepEqual(header('x-gone-too'), []);
    assert.deepEqual(header('x-old'), []);
    assert.deepEqual(header('x-new'), ['o']);
    assert.deepEqual(header('x-nothing'), []);
    assert.deepEqual(header('x-both'), ['1', '2']);
    assert.deepEqual(header('x-there'), ['replaced']);
    assert.deepEqual(header('x-absent'), []);
    assert.deepEqual(header('x-added'), ['with:colons']);
    assert.deepEqual(header('x-empty'), []);
    assert.deepEqual(header('x-list'), ['1', '2', '3']);
    assert.deepEqual(header('x-new-list'), ['1']);
  });
});

test('answers of the gateway and of other plugins are transformed, too', async () => {
  const plugins = [transforming({ add: { headers: ['x-rt:1'], json: ['more:1'] } })];
  await withGateway({ plugins: [...plugins, { name: 'request-termination' }] }, async ({ send }) => {
    const received = await send({});
    assert.equal(received.status, 503);
    assert.deepEqual(received.header('x-rt'), ['1']);
    assert.deepEqual(JSON.parse(received.text), { message: 'Service unavailable', more: '1' });
    assert.deepEqual(received.header('content-length'), [String(received.text.length)]);
  });
  await withGateway({ plugins, routes: { r: ['/only'] } }, async ({ send }) => {
    const received = await send({ path: '/other' });
    assert.equal(received.status, 404);
    assert.equal((JSON.parse(received.text) as JsonObject)['more'], '1');
  });
});

test('JSON of any kind of application type, whatever its parameters', async () => {
  await withGateway({ plugins: [transforming({ add: { json: ['k:v'] } })] }, async ({ send, logs }) => {
    const of = async (type: string): Promise<string> =>
      (await send({ method: 'POST', path: '/reflect', headers: { 'Content-Type': type }, body: '{"a":1}' })).text;
    for (const type of [
      'application/json',
      'Application/JSON; charset=utf-8',
      'application/problem+json',
      'text/plain, application/json',
    ]) {
      assert.equal(await of(type), '{"a":1,"k":"v"}', type);
    }
    for (const type of [
      'text/json',
      'text/plain',
      'application/jsonp',
      'application/json-seq',
      'application/+json/x',
    ]) {
      assert.equal(await of(type), '{"a":1}', type);
    }
    assert.equal(logs.length, 0);
  });
});

test('a large body in many pieces is transformed as a whole, and its neighbours are not mixed up', async () => {
  await withGateway({ plugins: [transforming({ replace: { json: ['last:new'] } })] }, async ({ send }) => {
    const bodies = Array.from({ length: 8 }, (_, i) => ({
      list: Array.from({ length: 20_000 }, (_, j) => `${i}-${j}`),
      last: 'old',
    }));
    const answers = await Promise.all(
      bodies.map((body) =>
        send({
          method: 'POST',
          path: '/reflect',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
    );
    for (const [i, { text }] of answers.entries()) assert.deepEqual(JSON.parse(text), { ...bodies[i], last: 'new' });
  });
});

test('a body of more than 8 MiB passes as it is', async () => {
  await withGateway({ plugins: [transforming({ add: { json: ['k:v'] } })] }, async ({ send, logs }) => {
    const body = JSON.stringify({ text: 'x'.repeat(9 * 1024 * 1024) });
    const { text } = await send({
      method: 'POST',
      path: '/reflect',
      headers: { 'Content-Type': 'application/json' },
      body,
    });
    assert.equal(text === body, true);
    assert.ok(logs.some((line) => line.startsWith('warn') && line.includes('not transformed')));
  });
});

test('HEAD, an empty body and what is no object are left alone', async () => {
  await withGateway({ plugins: [transforming({ add: { json: ['k:v'] } })] }, async ({ send, logs }) => {
    assert.equal((await send({ method: 'HEAD' })).text, '');
    const post = (body: string) =>
      send({ method: 'POST', path: '/reflect', headers: { 'Content-Type': 'application/json' }, body });
    assert.equal((await post('')).text, '');
    assert.equal(logs.length, 0);
    for (const body of ['[1]', '"x"', 'null', '{', '{"a":1}}']) assert.equal((await post(body)).text, body);
    assert.ok(logs.some((line) => line.includes('body transform failed')));
  });
});

test('without JSON rules, and for other types, the length stays known', async () => {
  for (const config of [{ add: { headers: ['a:b'] } }, { add: { json: ['a:b'] } }]) {
    await withGateway({ plugins: [transforming(config)] }, async ({ send }) => {
      const received = await send({
        method: 'POST',
        path: '/reflect',
        headers: { 'Content-Type': 'text/plain' },
        body: 'plain',
      });
      assert.deepEqual(received.header('content-length'), ['5']);
      assert.deepEqual(received.header('transfer-encoding'), []);
    });
  }
});

test('a header that cannot be sent is a failure of this plugin, told in the log, and no line is broken', async () => {
  await withGateway(
    { plugins: [transforming({ add: { headers: ['x-bad:a\r\nInjected: 1'] } })] },
    async ({ send, logs }) => {
      const received = await send({});
      assert.deepEqual(received.header('injected'), []);
      assert.ok(logs.some((line) => line.includes('response-transformer failed')));
    },
  );
});
