import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Running, SetUp } from './gateway-fixture.ts';
import { type Receiver, receiveUdp, take, withReceiver } from './receivers.ts';

async function withAgent(
  config: JsonObject,
  run: (running: Running, agent: Receiver<string>) => Promise<void>,
  setUp: Partial<SetUp> = {},
): Promise<void> {
  const agent = await receiveUdp();
  const plugin = { name: 'datadog', config: { host: '127.0.0.1', port: agent.port, ...config } };
  await withReceiver(agent, { ...setUp, plugins: [plugin, ...(setUp.plugins ?? [])] }, run);
}

const withKey: Partial<SetUp> = { plugins: [{ name: 'key-auth' }], keys: { secret: 'bob' } };
const asBob = { headers: { apikey: 'secret' } };
const count = (more: JsonObject = {}): JsonObject => ({
  name: 'request_count',
  stat_type: 'counter',
  sample_rate: 1,
  ...more,
});

test('each request gives six datagrams with service, status, consumer and app as tags', async () => {
  await withAgent(
    {},
    async ({ send }, agent) => {
      await send(asBob);
      const tags = String.raw`\|#name:echo,status:200,consumer:c-bob,app:kong$`;
      const expected = [
        String.raw`^kong\.request\.count:1\|c`,
        String.raw`^kong\.latency:\d+\|ms`,
        String.raw`^kong\.request\.size:\d+\|ms`,
        String.raw`^kong\.response\.size:\d+\|ms`,
        String.raw`^kong\.upstream_latency:\d+\|ms`,
        String.raw`^kong\.kong_latency:\d+\|ms`,
      ];
      for (const [i, line] of (await take(agent, 6)).entries()) assert.match(line, new RegExp(expected[i]! + tags));
    },
    withKey,
  );
});

test('without a consumer there is no consumer tag', async () => {
  await withAgent({ metrics: [count({ consumer_identifier: 'custom_id' })] }, async ({ send }, agent) => {
    await send({});
    assert.deepEqual(await take(agent, 1), ['kong.request.count:1|c|#name:echo,status:200']);
  });
});

test('dots in the name of a service become underscores, and so does what would end its tag', async () => {
  await withAgent({ metrics: [count()] }, async ({ send, store }, agent) => {
    const service = store.state.list('services')[0]!;
    await store.commit([{ action: 'update', kind: 'services', entity: { ...service, name: 'api.v1|x' } }]);
    await send({});
    assert.deepEqual(await take(agent, 1), ['kong.request.count:1|c|#name:api_v1_x,status:200']);
  });
});

test('names of tags, prefix, rate and further tags are as configured', async () => {
  const config = {
    prefix: 'edge',
    service_name_tag: 'upstream',
    status_tag: 'http_status',
    consumer_tag: 'user',
    metrics: [count({ sample_rate: 0.25, consumer_identifier: 'username', tags: ['env:test', 'plain'] })],
  };
  await withAgent(
    config,
    async ({ send }, agent) => {
      await send(asBob);
      assert.deepEqual(await take(agent, 1), [
        'edge.request.count:1|c|@0.25|#upstream:echo,http_status:200,user:bob,env:test,plain',
      ]);
    },
    withKey,
  );
});

test('a consumer id has underscores', async () => {
  await withAgent(
    { metrics: [count({ consumer_identifier: 'consumer_id' })] },
    async ({ send }, agent) => {
      await send(asBob);
      const [line = ''] = await take(agent, 1);
      assert.ok(line.endsWith(',consumer:a0000000_0000_4000_8000_000000000001'), line);
    },
    withKey,
  );
});

test('all types have their letters', async () => {
  const types = ['counter', 'gauge', 'histogram', 'meter', 'set', 'timer', 'distribution'];
  await withAgent({ metrics: types.map((stat_type) => count({ stat_type })) }, async ({ send }, agent) => {
    await send({});
    const letters = (await take(agent, 7)).map((line) => line.split('|')[1]);
    assert.deepEqual(letters, ['c', 'g', 'h', 'm', 's', 'ms', 'd']);
  });
});

test('without a service its tag is empty, and the latency of an upstream that was not asked is -1', async () => {
  const metrics = [{ name: 'upstream_latency', stat_type: 'timer' }];
  await withAgent(
    { metrics },
    async ({ send }, agent) => {
      await send({ path: '/elsewhere' });
      assert.deepEqual(await take(agent, 1), ['kong.upstream_latency:-1|ms|#name:,status:404']);
    },
    { routes: { r: ['/only'] } },
  );
});

test('an agent that is not configured is the one that the environment names', async () => {
  const agent = await receiveUdp();
  process.env['KONG_DATADOG_AGENT_HOST'] = '127.0.0.1';
  process.env['KONG_DATADOG_AGENT_PORT'] = String(agent.port);
  try {
    const plugin = { name: 'datadog', config: { host: null, port: null, metrics: [count()] } };
    await withReceiver(agent, { plugins: [plugin] }, async ({ send }) => {
      await send({});
      await take(agent, 1);
    });
  } finally {
    delete process.env['KONG_DATADOG_AGENT_HOST'];
    delete process.env['KONG_DATADOG_AGENT_PORT'];
  }
});
