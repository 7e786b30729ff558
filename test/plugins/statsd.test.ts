import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { CONSUMERS, type Running, type SetUp } from './gateway-fixture.ts';
import { logged, type Receiver, receiveTcp, receiveUdp, take, withReceiver } from './receivers.ts';

const NODE = hostname().replaceAll('.', '_');
const SERVICE_ID = 'b0000000-0000-4000-8000-000000000001';
const WORKSPACE = '[0-9a-f-]{36}';
const UUID = '[0-9a-f-]{36}';

/** The defaults, of which none is about the machine. */
const PLAIN_METRICS = [
  String.raw`kong\.service\.echo\.request\.count:1\|c`,
  String.raw`kong\.service\.echo\.latency:\d+\|ms`,
  String.raw`kong\.service\.echo\.request\.size:\d+\|c`,
  String.raw`kong\.service\.echo\.status\.200:1\|c`,
  String.raw`kong\.service\.echo\.response\.size:\d+\|c`,
  String.raw`kong\.service\.echo\.upstream_latency:\d+\|ms`,
  String.raw`kong\.service\.echo\.kong_latency:\d+\|ms`,
  String.raw`kong\.service\.echo\.workspace\.${WORKSPACE}\.status\.200:1\|c`,
];
const CONSUMER_METRICS = [
  String.raw`kong\.service\.echo\.user\.uniques:c-bob\|s`,
  String.raw`kong\.service\.echo\.user\.c-bob\.request\.count:1\|c`,
  String.raw`kong\.service\.echo\.user\.c-bob\.status\.200:1\|c`,
  String.raw`kong\.route\.${UUID}\.user\.c-bob\.status\.200:1\|c`,
];

async function withSink(
  config: JsonObject,
  run: (running: Running, sink: Receiver<string>) => Promise<void>,
  setUp: Partial<SetUp> = {},
): Promise<void> {
  const sink = await receiveUdp();
  const plugin = { name: 'statsd', config: { host: '127.0.0.1', port: sink.port, ...config } };
  await withReceiver(sink, { ...setUp, plugins: [plugin, ...(setUp.plugins ?? [])] }, run);
}

/** Each expression matches a line of its own, and no line is left. */
function assertLines(lines: readonly string[], expected: readonly string[]): void {
  const left = [...lines];
  for (const expression of expected) {
    const at = left.findIndex((line) => new RegExp(`^${expression}$`).test(line));
    assert.ok(at >= 0, `nothing matches ${expression} in\n${lines.join('\n')}`);
    left.splice(at, 1);
  }
  assert.deepEqual(left, []);
}

const counter = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  stat_type: 'counter',
  sample_rate: 1,
  ...more,
});
const withKey: Partial<SetUp> = { plugins: [{ name: 'key-auth' }], keys: { secret: 'bob' } };
const asBob = { headers: { apikey: 'secret' } };

test('without a consumer every request gives eight lines, each a datagram', async () => {
  await withSink({}, async ({ send }, sink) => {
    await send({});
    assertLines(await take(sink, 8), PLAIN_METRICS);
  });
});

test('a consumer gives four lines more', async () => {
  await withSink(
    {},
    async ({ send }, sink) => {
      await send(asBob);
      assertLines(await take(sink, 12), [...PLAIN_METRICS, ...CONSUMER_METRICS]);
    },
    withKey,
  );
});

test('prefix and name of the node stand first', async () => {
  const metrics = [counter('request_count')];
  await withSink({ prefix: 'edge', hostname_in_prefix: true, metrics }, async ({ send }, sink) => {
    await send({});
    assert.deepEqual(await take(sink, 1), [`edge.node.${NODE}.service.echo.request.count:1|c`]);
  });
});

test('the identifiers of a metric win over those of the plugin', async () => {
  const metrics = [
    counter('request_count'),
    counter('status_count', { service_identifier: 'service_host' }),
    counter('status_count_per_workspace', { workspace_identifier: 'workspace_name' }),
    counter('request_per_user', { consumer_identifier: 'username' }),
    counter('status_count_per_user', { consumer_identifier: 'consumer_id' }),
  ];
  const config = { metrics, service_identifier_default: 'service_id' };
  await withSink(
    config,
    async ({ send }, sink) => {
      await send(asBob);
      assert.deepEqual(await take(sink, 5), [
        `kong.service.${SERVICE_ID}.request.count:1|c`,
        'kong.service.127_0_0_1.status.200:1|c',
        `kong.service.${SERVICE_ID}.workspace.default.status.200:1|c`,
        `kong.service.${SERVICE_ID}.user.bob.request.count:1|c`,
        `kong.service.${SERVICE_ID}.user.${CONSUMERS['bob']}.status.200:1|c`,
      ]);
    },
    withKey,
  );
});

test('a consumer without the identifier gives no line about consumers', async () => {
  const metrics = [counter('request_per_user'), counter('request_count')];
  await withSink(
    { metrics },
    async ({ send }, sink) => {
      await send(asBob);
      assert.deepEqual(await take(sink, 1), ['kong.service.echo.request.count:1|c']);
    },
    { plugins: [{ name: 'key-auth' }], keys: { secret: 'ann' } },
  );
});

test('a request that no route takes is global.unmatched, and without an upstream there is no upstream latency', async () => {
  const metrics = [counter('request_count'), { name: 'upstream_latency', stat_type: 'timer' }, counter('status_count')];
  await withSink(
    { metrics },
    async ({ send }, sink) => {
      assert.equal((await send({ path: '/elsewhere' })).status, 404);
      assert.deepEqual(await take(sink, 2), [
        'kong.global.unmatched.request.count:1|c',
        'kong.global.unmatched.status.404:1|c',
      ]);
    },
    { routes: { r: ['/only'] } },
  );
});

test('a sample rate is announced, and every request is sent', async () => {
  await withSink({ metrics: [counter('request_count', { sample_rate: 0.5 })] }, async ({ send }, sink) => {
    for (let i = 0; i < 5; i++) await send({});
    for (const line of await take(sink, 5)) assert.equal(line, 'kong.service.echo.request.count:1|c|@0.5');
  });
});

test('the type of the six plain metrics is the configured one', async () => {
  const types = ['gauge', 'histogram', 'meter', 'set', 'timer'];
  const metrics = types.map((stat_type) => counter('request_count', { stat_type }));
  await withSink({ metrics }, async ({ send }, sink) => {
    await send({});
    const letters = (await take(sink, 5)).map((line) => line.split('|')[1]);
    assert.deepEqual(letters, ['g', 'h', 'm', 's', 'ms']);
  });
});

test('only the allowed statuses are measured', async () => {
  const config = { allow_status_codes: ['200-204', '500-503'], metrics: [counter('status_count')] };
  await withSink(config, async ({ send }, sink) => {
    for (const status of [200, 204, 205, 404, 503, 504]) await send({ path: `/status/${status}` });
    const statuses = (await take(sink, 3)).map((line) => /status\.(\d+)/.exec(line)?.[1]);
    assert.deepEqual(statuses, ['200', '204', '503']);
  });
});

for (const [style, line] of [
  ['dogstatsd', 'kong.request.count:1|c|@0.5|#service:echo,route:r,workspace:W,consumer:c-bob,node:N,status:200'],
  ['influxdb', 'kong.request.count,service=echo,route=r,workspace=W,consumer=c-bob,node=N,status=200:1|c'],
  ['librato', 'kong.request.count#service=echo,route=r,workspace=W,consumer=c-bob,node=N,status=200:1|c'],
  ['signalfx', 'kong.request.count[service=echo,route=r,workspace=W,consumer=c-bob,node=N,status=200]:1|c'],
] as const) {
  test(`${style}: who and where are tags, and only the six plain metrics are sent`, async () => {
    const metrics = [
      counter('request_count', { sample_rate: 0.5 }),
      counter('status_count'),
      counter('request_per_user'),
    ];
    await withSink(
      { tag_style: style, metrics, workspace_identifier_default: 'workspace_name' },
      async ({ send }, sink) => {
        await send(asBob);
        assert.deepEqual(await take(sink, 1), [line.replace('W', 'default').replace('N', NODE)]);
      },
      withKey,
    );
  });
}

for (const [style, service] of [
  ['dogstatsd', 'api:v1=x_y'],
  ['influxdb', 'api_v1_x_y'],
  ['librato', 'api_v1_x_y'],
  ['signalfx', 'api_v1_x_y'],
] as const) {
  test(`${style}: nothing in a tag ends it or the name`, async () => {
    await withSink({ tag_style: style, metrics: [counter('request_count')] }, async ({ send, store }, sink) => {
      const known = store.state.list('services')[0]!;
      await store.commit([{ action: 'update', kind: 'services', entity: { ...known, name: 'api:v1=x,y' } }]);
      await send({});
      const [line = ''] = await take(sink, 1);
      assert.equal(/service[:=]([^,]*),/.exec(line)?.[1], service, line);
    });
  });
}

test('lines share datagrams up to udp_packet_size', async () => {
  const metrics = [1, 2, 3].map(() => counter('request_count'));
  const length = 'kong.service.echo.request.count:1|c'.length;
  await withSink({ metrics, udp_packet_size: 2 * length + 1 }, async ({ send }, sink) => {
    await send({});
    const packets = await take(sink, 2);
    assert.deepEqual(
      packets.map((packet) => packet.split('\n').length),
      [2, 1],
    );
  });
});

test('a line that is longer than udp_packet_size goes alone, and the log says so', async () => {
  const metrics = [counter('request_count'), counter('status_count')];
  const length = 'kong.service.echo.request.count:1|c'.length;
  const warnings = async (udp_packet_size: number): Promise<number> => {
    let count = 0;
    await withSink({ metrics, udp_packet_size }, async ({ send, logs }, sink) => {
      await send({});
      assert.equal((await take(sink, 2)).length, 2);
      count = logs.filter((line) => line === 'warn [statsd] UDP packet may be truncated').length;
    });
    return count;
  };
  assert.equal(await warnings(length - 1), 1);
  assert.equal(await warnings(length), 0);
});

test('over TCP every line ends with a line feed', async () => {
  const sink = await receiveTcp();
  const config = { host: '127.0.0.1', port: sink.port, use_tcp: true };
  await withReceiver(sink, { plugins: [{ name: 'statsd', config }] }, async ({ send }) => {
    await send({});
    await send({});
    const lines = (await take(sink, 16)).map((line) => line.replace(/\n$/, ''));
    assertLines(lines, [...PLAIN_METRICS, ...PLAIN_METRICS]);
    assert.equal(sink.connections(), 1);
  });
});

test('what a TCP receiver did not take is sent again when it is back', async () => {
  const away = await receiveTcp();
  await away.close();
  const config = {
    host: '127.0.0.1',
    port: away.port,
    use_tcp: true,
    metrics: [counter('request_count')],
    queue: { max_retry_delay: 0.05 },
  };
  let back: Awaited<ReturnType<typeof receiveTcp>> | undefined;
  await withReceiver(
    { close: async () => back?.close() },
    { plugins: [{ name: 'statsd', config }] },
    async (running) => {
      await running.send({});
      await logged(running.logs, /^warn \[statsd\] could not send, will try again: .*ECONNREFUSED/);
      back = await receiveTcp({ port: away.port });
      assert.deepEqual(await take(back, 1), ['kong.service.echo.request.count:1|c\n']);
    },
  );
});
