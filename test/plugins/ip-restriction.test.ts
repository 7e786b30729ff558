import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';
import { callGrpc } from './grpc-call.ts';

const restricting = (config: JsonObject, scope: Partial<PluginInput> = {}): PluginInput => ({
  name: 'ip-restriction',
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

test('status and message of a refusal', async () => {
  await withGateway(
    { plugins: [restricting({ deny: ['127.0.0.1'], status: 401, message: 'Forbidden' })] },
    async ({ send, logs }) => {
      const received = await send({});
      assert.equal(received.status, 401);
      assert.equal((JSON.parse(received.text) as JsonObject)['message'], 'Forbidden');
      assert.ok(logs.some((line) => line.startsWith('warn') && line.includes('127.0.0.1')));
    },
  );
});

test('a status that is none of an error refuses with 403', async () => {
  for (const status of [200, 700, 403.5]) {
    await withGateway({ plugins: [restricting({ deny: ['127.0.0.1'], status })] }, async ({ send }) => {
      assert.equal((await send({})).status, 403, String(status));
    });
  }
});

test('behind a trusted proxy its word counts, in both families', async () => {
  const setUp = {
    plugins: [restricting({ allow: ['10.1.0.0/16', '2001:db8::/32'], deny: ['10.1.9.0/24'] })],
    trustedIps: ['127.0.0.1'],
  };
  await withGateway(setUp, async ({ send }) => {
    const statusOf = async (ip: string): Promise<number> => (await send({ headers: { 'X-Real-IP': ip } })).status;
    assert.equal(await statusOf('10.1.2.3'), 200);
    assert.equal(await statusOf('10.1.9.3'), 403);
    assert.equal(await statusOf('10.2.0.1'), 403);
    assert.equal(await statusOf('2001:db8::1'), 200);
    assert.equal(await statusOf('2001:db9::1'), 403);
    assert.equal(await statusOf('::ffff:10.1.2.3'), 200);
  });
});

test('it runs after authentication, also on a consumer', async () => {
  const plugins = [{ name: 'key-auth' }, restricting({ deny: ['127.0.0.1'] }, { consumer: 'bob' })];
  await withGateway({ plugins, keys: { k1: 'bob', k2: 'ann' } }, async ({ send }) => {
    assert.equal((await send({ headers: { apikey: 'k1' } })).status, 403);
    assert.equal((await send({ headers: { apikey: 'k2' } })).status, 200);
    assert.equal((await send({})).status, 401);
  });
});

test('gRPC clients are told that the permission is missing', async () => {
  await withGateway({ plugins: [restricting({ deny: ['127.0.0.1'] })], http2: true }, async ({ gateway }) => {
    const head = await callGrpc(gateway.addresses[0]!.port);
    assert.equal(head['grpc-status'], '7');
  });
});

test('a changed list holds for the next request', async () => {
  await withGateway({ plugins: [restricting({ deny: ['127.0.0.1'] })] }, async ({ send, store }) => {
    assert.equal((await send({})).status, 403);
    const [plugin] = store.state.list('plugins');
    const config = { ...(plugin!['config'] as JsonObject), deny: ['127.0.0.2'] };
    await store.commit([{ action: 'update', kind: 'plugins', entity: { ...plugin!, config } }]);
    assert.equal((await send({})).status, 200);
  });
});
