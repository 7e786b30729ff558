import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, start } from './gateway-fixture.ts';
import {
  type HttpMessage,
  type HttpReaction,
  logged,
  type Receiver,
  receiveHttp,
  take,
  withReceiver,
} from './receivers.ts';

type Sink = Receiver<HttpMessage>;

async function withSink(
  config: (port: number) => JsonObject,
  run: (running: Running, sink: Sink) => Promise<void>,
  react?: (message: HttpMessage, index: number) => HttpReaction,
): Promise<void> {
  const sink = await receiveHttp(react);
  await withReceiver(sink, { plugins: [{ name: 'http-log', config: config(sink.port) }] }, run);
}

const to = (port: number, path = '/log'): string => `http://127.0.0.1:${port}${path}`;
const uriOf = (record: JsonObject): unknown => (record['request'] as JsonObject)['uri'];

test('each request is posted as one JSON object', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port) }),
    async ({ send }, sink) => {
      await send({ path: '/get?a=1' });
      const [message] = await take(sink, 1);
      assert.equal(message!.method, 'POST');
      assert.equal(message!.url, '/log');
      assert.equal(message!.headers['content-type'], 'application/json');
      assert.equal(message!.headers['content-length'], String(Buffer.byteLength(message!.body)));
      assert.equal(message!.headers['host'], `127.0.0.1:${sink.port}`);
      const record = JSON.parse(message!.body) as JsonObject;
      assert.equal(uriOf(record), '/get?a=1');
      assert.equal((record['response'] as JsonObject)['status'], 200);
    },
  );
});

test('method, content type and headers are as configured, the query of the endpoint stays', async () => {
  await withSink(
    (port) => ({
      http_endpoint: to(port, '/log?source=gateway'),
      method: 'PUT',
      content_type: 'application/json; charset=utf-8',
      headers: { 'X-Token': 'secret' },
    }),
    async ({ send }, sink) => {
      await send({});
      const [message] = await take(sink, 1);
      assert.equal(message!.method, 'PUT');
      assert.equal(message!.url, '/log?source=gateway');
      assert.equal(message!.headers['content-type'], 'application/json; charset=utf-8');
      assert.equal(message!.headers['x-token'], 'secret');
    },
  );
});

test('a user in the endpoint becomes Basic authorization', async () => {
  await withSink(
    (port) => ({ http_endpoint: `http://me:p%40ss@127.0.0.1:${port}/` }),
    async ({ send }, sink) => {
      await send({});
      const [message] = await take(sink, 1);
      assert.equal(message!.headers['authorization'], `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
      assert.equal(message!.url, '/');
    },
  );
});

test('over https the certificate may be anybody’s', async () => {
  const pem = (name: string): string =>
    readFileSync(new URL(`../../fixtures/schema/${name}.pem`, import.meta.url), 'utf8');
  const sink = await receiveHttp(() => 200, { key: pem('key-rsa'), cert: pem('cert-rsa') });
  const config = { http_endpoint: `https://localhost:${sink.port}/log` };
  await withReceiver(sink, { plugins: [{ name: 'http-log', config }] }, async ({ send }) => {
    await send({});
    await take(sink, 1);
  });
});

test('batches are lists, also when there is one record in them', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port), queue: { max_batch_size: 3, max_coalescing_delay: 0.2 } }),
    async ({ send }, sink) => {
      for (let i = 0; i < 4; i++) await send({ path: `/get?n=${i}` });
      const messages = await take(sink, 2);
      const batches = messages.map(({ body }) => JSON.parse(body) as JsonObject[]);
      assert.deepEqual(
        batches.map((batch) => batch.map(uriOf)),
        [['/get?n=0', '/get?n=1', '/get?n=2'], ['/get?n=3']],
      );
    },
  );
});

test('former names of the queue settings still count', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port), queue_size: 2, flush_timeout: 0.1 }),
    async ({ send }, sink) => {
      await Promise.all([send({}), send({})]);
      const [message] = await take(sink, 1);
      assert.equal((JSON.parse(message!.body) as JsonObject[]).length, 2);
    },
  );
});

test('what the receiver refuses or breaks off is sent again until it is taken', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port) }),
    async ({ send, logs }, sink) => {
      await send({ path: '/get?n=1' });
      const messages = await take(sink, 3);
      assert.equal(new Set(messages.map(({ body }) => body)).size, 1);
      await logged(
        logs,
        /^warn \[http-log\] could not send, will try again: request to 127.0.0.1:\d+ returned status code 500 and body noted$/,
      );
    },
    (_, index) => (index === 0 ? 500 : index === 1 ? 'break' : 200),
  );
});

test('a redirect is no success', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port), queue: { max_retry_time: -1 } }),
    async ({ send, logs }, sink) => {
      await send({});
      await take(sink, 1);
      await logged(
        logs,
        /^error \[http-log\] could not send entries due to max_retry_time exceeded\. 1 queue entries were lost: .* status code 302 /,
      );
    },
    () => 302,
  );
});

test('a receiver that is away costs no request and is told in the log', async () => {
  const sink = await receiveHttp();
  await sink.close();
  const config = { http_endpoint: to(sink.port), queue: { max_retry_time: -1 } };
  const running = await start({ plugins: [{ name: 'http-log', config }] });
  try {
    assert.equal((await running.send({})).status, 200);
    await logged(running.logs, /^error \[http-log\] could not send .*ECONNREFUSED/);
  } finally {
    await running.close();
  }
});

test('a receiver that never answers is given up after the timeout', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port), timeout: 100, queue: { max_retry_time: -1 } }),
    async ({ send, logs }, sink) => {
      assert.equal((await send({})).status, 200);
      await take(sink, 1);
      await logged(logs, /^error \[http-log\] could not send .*timeout/i);
    },
    () => 'silence',
  );
});

test('a timeout of 0 is none of its own: a receiver that takes a moment is waited for', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port), timeout: 0, queue: { max_retry_time: -1 } }),
    async ({ send, logs }, sink) => {
      await send({});
      await take(sink, 1);
      await sleep(100);
      assert.doesNotMatch(logs.join('\n'), /could not send/);
    },
    () => {
      const until = performance.now() + 30;
      while (performance.now() < until);
      return 200;
    },
  );
});

test('with a concurrency of -1 nothing waits for the answer to something else', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port), queue: { concurrency_limit: -1, max_batch_size: 5 } }),
    async ({ send }, sink) => {
      await Promise.all(Array.from({ length: 10 }, () => send({})));
      const messages = await take(sink, 10);
      for (const { body } of messages) assert.ok(Array.isArray(JSON.parse(body)));
    },
  );
});

test('two instances with different endpoints do not mix', async () => {
  const [a, b] = await Promise.all([receiveHttp(), receiveHttp()]);
  const queue = { max_batch_size: 10, max_coalescing_delay: 0.1 };
  const running = await start({
    routes: { a: ['/a'], b: ['/b'] },
    plugins: [
      { name: 'http-log', route: 'a', config: { http_endpoint: to(a.port), queue } },
      { name: 'http-log', route: 'b', config: { http_endpoint: to(b.port), queue } },
    ],
  });
  try {
    await Promise.all(['/a?1', '/b?1', '/a?2', '/b?2'].map((path) => running.send({ path })));
    for (const [sink, name] of [
      [a, '/a'],
      [b, '/b'],
    ] as const) {
      const [message] = await take(sink, 1);
      const uris = (JSON.parse(message!.body) as JsonObject[]).map(uriOf);
      assert.deepEqual(uris.sort(), [`${name}?1`, `${name}?2`]);
    }
  } finally {
    await running.close();
    await Promise.all([a.close(), b.close()]);
  }
});

test('what waits is sent when the gateway ends', async () => {
  const sink = await receiveHttp();
  const config = { http_endpoint: to(sink.port), queue: { max_batch_size: 100, max_coalescing_delay: 3600 } };
  const running = await start({ plugins: [{ name: 'http-log', config }] });
  await running.send({});
  await running.send({});
  assert.equal(sink.received.length, 0);
  await running.close();
  const [message] = await take(sink, 1);
  assert.equal((JSON.parse(message!.body) as JsonObject[]).length, 2);
  await sink.close();
});

test('what waits is sent when the configuration changes', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port), queue: { max_batch_size: 100, max_coalescing_delay: 3600 } }),
    async ({ send, store }, sink) => {
      await send({});
      const plugin = store.state.list('plugins')[0]!;
      await store.commit([{ action: 'delete', kind: 'plugins', id: plugin.id }]);
      await sleep(50);
      await send({});
      await take(sink, 1);
    },
  );
});

test('custom fields are set before the record is sent', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port), custom_fields_by_lua: { custom: 'return 7', route: 'return nil' } }),
    async ({ send }, sink) => {
      await send({});
      const [message] = await take(sink, 1);
      const record = JSON.parse(message!.body) as JsonObject;
      assert.equal(record['custom'], 7);
      assert.equal(record['route'], undefined);
    },
  );
});

test('instances with the same destination fill one queue, those with another their own', async () => {
  const [one, other] = [await receiveHttp(), await receiveHttp()];
  const queue = { max_batch_size: 10, max_coalescing_delay: 0.2 };
  const plugins = [
    { name: 'http-log', route: 'a', config: { http_endpoint: to(one.port), queue } },
    { name: 'http-log', route: 'b', config: { http_endpoint: to(one.port), queue, headers: { 'X-By': 'b' } } },
    { name: 'http-log', route: 'c', config: { http_endpoint: to(other.port), queue } },
  ];
  await withReceiver(one, { plugins, routes: { a: ['/a'], b: ['/b'], c: ['/c'] } }, async ({ send }) => {
    for (const path of ['/a', '/b', '/c']) await send({ path });
    const [message] = await take(one, 1);
    assert.deepEqual((JSON.parse(message!.body) as JsonObject[]).map(uriOf), ['/a', '/b']);
    assert.equal(message!.headers['x-by'], 'b', 'it is sent as who added last says');
    const [apart] = await take(other, 1);
    assert.deepEqual((JSON.parse(apart!.body) as JsonObject[]).map(uriOf), ['/c']);
  });
  await other.close();
});

test('a changed configuration holds for what could not be sent before', async () => {
  await withSink(
    (port) => ({ http_endpoint: to(port), queue: { initial_retry_delay: 0.05 } }),
    async ({ send, store }, sink) => {
      await send({ path: '/before' });
      while (sink.received.length === 0) await sleep(5);
      const [plugin] = store.state.list('plugins').filter(({ name }) => name === 'http-log');
      const config = { ...(plugin!['config'] as JsonObject), headers: { 'X-Token': 'right' } };
      await store.commit([{ action: 'update', kind: 'plugins', entity: { ...plugin!, config } }]);
      while (sink.received.at(-1)!.headers['x-token'] !== 'right') await sleep(5);
      assert.equal(uriOf(JSON.parse(sink.received.at(-1)!.body) as JsonObject), '/before');
    },
    ({ headers }) => (headers['x-token'] === 'right' ? 200 : 401),
  );
});

test('former names of the queue’s settings still count, and are told once for all instances', async () => {
  const sink = await receiveHttp();
  const config = { http_endpoint: to(sink.port), queue_size: 2, flush_timeout: 0.2, retry_count: 10 };
  const plugins = [
    { name: 'http-log', route: 'a', config },
    { name: 'http-log', route: 'b', config },
  ];
  await withReceiver(sink, { plugins, routes: { a: ['/a'], b: ['/b'] } }, async ({ send, logs }) => {
    await send({ path: '/a' });
    await send({ path: '/b' });
    const [message] = await take(sink, 1);
    assert.equal((JSON.parse(message!.body) as JsonObject[]).length, 2);
    assert.deepEqual(logs, [
      'warn [http-log] config.queue_size is deprecated, please use config.queue.max_batch_size instead',
      'warn [http-log] config.flush_timeout is deprecated, please use config.queue.max_coalescing_delay instead',
    ]);
  });
});
