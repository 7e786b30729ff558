import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, start } from './gateway-fixture.ts';
import { logged, receiveTcp, type TcpReceiver, take, withReceiver } from './receivers.ts';

const pem = (name: string): string =>
  readFileSync(new URL(`../../fixtures/schema/${name}.pem`, import.meta.url), 'utf8');

async function withSink(
  config: JsonObject,
  run: (running: Running, sink: TcpReceiver) => Promise<void>,
  options: Parameters<typeof receiveTcp>[0] = {},
): Promise<void> {
  const sink = await receiveTcp(options);
  const plugin = { name: 'tcp-log', config: { host: '127.0.0.1', port: sink.port, ...config } };
  await withReceiver(sink, { plugins: [plugin] }, run);
}

const uriOf = (line: string): unknown => ((JSON.parse(line) as JsonObject)['request'] as JsonObject)['uri'];

test('each request is one line of JSON, and all share a connection', async () => {
  await withSink({}, async ({ send }, sink) => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => send({ path: `/get?n=${i}` })));
    const lines = await take(sink, 20);
    assert.deepEqual(lines.map(uriOf).sort(), Array.from({ length: 20 }, (_, i) => `/get?n=${i}`).sort());
    assert.equal(sink.connections(), 1);
  });
});

test('the upstream latency is -1 where the gateway answered, and the parts are not more than the whole', async () => {
  await withSink({}, async ({ send }, sink) => {
    await send({});
    const [line] = await take(sink, 1);
    const { latencies, tries } = JSON.parse(line!) as { latencies: Record<string, number>; tries: unknown };
    assert.ok(latencies['kong']! + latencies['proxy']! <= latencies['request']! + 1, JSON.stringify(latencies));
    assert.ok(Array.isArray(tries));
  });
});

test('over TLS the server is asked for by name and its certificate may be anybody’s', async () => {
  const tls = { key: pem('key-rsa'), cert: pem('cert-rsa') };
  await withSink(
    { tls: true, tls_sni: 'logs.example.test' },
    async ({ send }, sink) => {
      await send({ path: '/get?secure' });
      assert.equal(uriOf((await take(sink, 1))[0]!), '/get?secure');
      assert.deepEqual(sink.serverNames, ['logs.example.test']);
    },
    { tls },
  );
});

test('an idle connection is closed after keepalive, and made again', async () => {
  await withSink({ keepalive: 50 }, async ({ send }, sink) => {
    await send({});
    await take(sink, 1);
    await sleep(200);
    await send({});
    await take(sink, 2);
    assert.equal(sink.connections(), 2);
  });
});

test('a connection that the receiver closed is made again', async () => {
  await withSink({}, async ({ send, logs }, sink) => {
    await send({});
    await take(sink, 1);
    sink.dropConnections();
    await sleep(50);
    await send({});
    await take(sink, 2);
    assert.deepEqual(logs, []);
  });
});

test('a receiver that is away costs no request, is told, and gets records when it is back', async () => {
  const away = await receiveTcp();
  await away.close();
  const running = await start({ plugins: [{ name: 'tcp-log', config: { host: '127.0.0.1', port: away.port } }] });
  try {
    assert.equal((await running.send({})).status, 200);
    await logged(
      running.logs,
      /^error \[tcp-log\] failed to connect to 127\.0\.0\.1:\d+: .*ECONNREFUSED.*; 1 log records lost$/,
    );
    const back = await receiveTcp({ port: away.port });
    await running.send({ path: '/get?back' });
    assert.equal(uriOf((await take(back, 1))[0]!), '/get?back');
    await back.close();
  } finally {
    await running.close();
  }
});

test('a server that speaks no TLS is given up', async () => {
  await withSink({ tls: true, timeout: 100 }, async ({ send, logs }) => {
    assert.equal((await send({})).status, 200);
    await logged(logs, /^error \[tcp-log\] failed to connect to .*; 1 log records lost$/);
  });
});

test('what was just logged is written when the gateway ends', async () => {
  const sink = await receiveTcp();
  const running = await start({ plugins: [{ name: 'tcp-log', config: { host: 'localhost', port: sink.port } }] });
  await running.send({});
  await running.close();
  await take(sink, 1);
  await sink.close();
});

test('custom fields are set before the record is sent', async () => {
  await withSink({ custom_fields_by_lua: { 'request.extra': 'return true' } }, async ({ send }, sink) => {
    await send({});
    const record = JSON.parse((await take(sink, 1))[0]!) as { request: JsonObject };
    assert.equal(record.request['extra'], true);
  });
});
