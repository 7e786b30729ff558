import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Running } from './gateway-fixture.ts';
import { logged, type Receiver, receiveUdp, take, withReceiver } from './receivers.ts';

async function withSink(
  config: JsonObject,
  run: (running: Running, sink: Receiver<string>) => Promise<void>,
): Promise<void> {
  const sink = await receiveUdp();
  const plugin = { name: 'udp-log', config: { host: '127.0.0.1', port: sink.port, ...config } };
  await withReceiver(sink, { plugins: [plugin] }, run);
}

test('each request is one datagram of JSON, without a line feed', async () => {
  await withSink({}, async ({ send }, sink) => {
    for (const path of ['/get?n=1', '/get?n=2']) await send({ path });
    const datagrams = await take(sink, 2);
    const uris = datagrams.map((text) => ((JSON.parse(text) as JsonObject)['request'] as JsonObject)['uri']);
    assert.deepEqual(uris, ['/get?n=1', '/get?n=2']);
    for (const text of datagrams) assert.equal(text.at(-1), '}');
  });
});

test('the receiver may be named', async () => {
  await withSink({ host: 'localhost' }, async ({ send }, sink) => {
    await send({});
    await take(sink, 1);
  });
});

test('custom fields are set before the record is sent', async () => {
  await withSink(
    { custom_fields_by_lua: { custom: "return 'value'", service: 'return nil' } },
    async ({ send }, sink) => {
      await send({});
      const record = JSON.parse((await take(sink, 1))[0]!) as JsonObject;
      assert.equal(record['custom'], 'value');
      assert.equal(record['service'], undefined);
    },
  );
});

test('a record larger than a datagram is lost and told, the next one comes', async () => {
  const custom_fields_by_lua = { custom: `return '${'x'.repeat(60_000)}'` };
  await withSink({ custom_fields_by_lua }, async ({ send, logs }, sink) => {
    assert.equal((await send({ headers: { 'x-large': 'y'.repeat(7000) } })).status, 200);
    await logged(logs, /^error \[udp-log\] could not send data to 127\.0\.0\.1:\d+: .*EMSGSIZE.*; 1 log records lost$/);
    await send({});
    await take(sink, 1);
  });
});

test('a name without address costs no request and is told', async () => {
  await withSink({ host: 'nowhere.invalid' }, async ({ send, logs }) => {
    assert.equal((await send({})).status, 200);
    await logged(
      logs,
      /^error \[udp-log\] could not connect to nowhere\.invalid:\d+: .*nowhere\.invalid.*; 1 log records lost$/,
    );
  });
});
