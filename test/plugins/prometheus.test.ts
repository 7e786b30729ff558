// The prometheus plugin in a running gateway: what requests leave in the metrics, read as Prometheus reads them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRegistry } from '../../src/gateway/environment/metrics.ts';
import { renderFamilies } from '../../src/lib/exposition.ts';
import { startEcho, startStreams, talk } from '../stream/rig.ts';
import { type Running, type SetUp, start } from './gateway-fixture.ts';

const ALL = { status_code_metrics: true, latency_metrics: true, bandwidth_metrics: true };

async function run(
  setUp: SetUp,
  use: (gateway: Running, read: () => Promise<Map<string, number>>) => Promise<void>,
): Promise<void> {
  const gateway = await start(setUp);
  try {
    await use(gateway, async () => parse(await renderFamilies(gateway.gateway.metrics())));
  } finally {
    await gateway.close();
  }
}

/** Sample → value; every line must be a comment or a sample of the text format. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n').slice(0, -1)) {
    if (/^# (HELP|TYPE) [a-z_]+ ./.test(line)) continue;
    const match = /^([a-z_]+(?:\{[a-z_]+="(?:[^"\\]|\\.)*"(?:,[a-z_]+="(?:[^"\\]|\\.)*")*\})?) (\S+)$/.exec(line);
    assert.ok(match, `not a sample: ${line}`);
    samples.set(match[1]!, match[2] === '+Inf' ? Number.POSITIVE_INFINITY : Number(match[2]));
  }
  return samples;
}

const names = (samples: Map<string, number>): string[] =>
  [...new Set([...samples.keys()].map((key) => key.split('{')[0]!))].sort();

/** The log phase runs after the client has its answer. */
async function until(isReached: () => Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 100 && !(await isReached()); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(await isReached(), `never happened: ${what}`);
}

const counted = (code: number, source: string, consumer = ''): string =>
  `kong_http_requests_total{service="echo",route="r",code="${code}",source="${source}",workspace="default",consumer="${consumer}"}`;

test('requests are counted by service, route, status and source', async () => {
  await run({ plugins: [{ name: 'prometheus', config: ALL }] }, async ({ send }, read) => {
    await send({ path: '/get' });
    await send({ path: '/get' });
    await until(async () => (await read()).get(counted(200, 'service')) === 2, 'two requests are counted');
  });
});

test('what a plugin answers is counted under source kong', async () => {
  const plugins = [{ name: 'prometheus', config: ALL }, { name: 'key-auth' }];
  await run({ plugins }, async ({ send }, read) => {
    assert.equal((await send({})).status, 401);
    await until(async () => (await read()).get(counted(401, 'kong')) === 1, 'the refusal is counted');
    assert.equal((await read()).get(counted(401, 'service')), undefined);
  });
});

test('a request that no route matches is not counted, and breaks nothing', async () => {
  const setUp: SetUp = { plugins: [{ name: 'prometheus', config: ALL }], routes: { r: ['/known'] } };
  await run(setUp, async ({ send, logs }, read) => {
    assert.equal((await send({ path: '/unknown' })).status, 404);
    await send({ path: '/known' });
    await until(async () => (await read()).has(counted(200, 'service')), 'the known route is counted');
    assert.deepEqual(
      [...(await read()).keys()].filter((key) => key.includes('code="404"')),
      [],
    );
    assert.deepEqual(logs, []);
  });
});

test('every group is off until it is asked for', async () => {
  const node = ['kong_nginx_metric_errors_total'];
  const groups: [Record<string, boolean>, string[]][] = [
    [{}, []],
    [{ status_code_metrics: true }, ['kong_http_requests_total']],
    [{ bandwidth_metrics: true }, ['kong_bandwidth_bytes']],
    [
      { latency_metrics: true },
      ['kong_kong_latency_ms', 'kong_request_latency_ms', 'kong_upstream_latency_ms'].flatMap((name) => [
        `${name}_bucket`,
        `${name}_count`,
        `${name}_sum`,
      ]),
    ],
  ];
  for (const [config, expected] of groups) {
    await run({ plugins: [{ name: 'prometheus', config }] }, async ({ send }, read) => {
      await send({});
      const wanted = [...expected, ...node].sort();
      await until(async () => names(await read()).length === wanted.length, JSON.stringify(config));
      assert.deepEqual(names(await read()), wanted);
    });
  }
});

test('bytes are counted in both directions, with the head', async () => {
  await run({ plugins: [{ name: 'prometheus', config: ALL }] }, async ({ send }, read) => {
    const bytes = async (direction: string): Promise<number> =>
      (await read()).get(
        `kong_bandwidth_bytes{service="echo",route="r",direction="${direction}",workspace="default",consumer=""}`,
      ) ?? 0;
    const { text } = await send({ method: 'POST', body: 'x'.repeat(5000) });
    await until(async () => (await bytes('ingress')) > 0, 'bytes are counted');
    const [ingress, egress] = [await bytes('ingress'), await bytes('egress')];
    assert.ok(ingress > 5000 && ingress < 6000, String(ingress));
    assert.ok(egress > text.length, String(egress));
  });
});

test('latencies fall into the buckets of Prometheus: cumulative, the last one without bound', async () => {
  await run({ plugins: [{ name: 'prometheus', config: ALL }] }, async ({ send }, read) => {
    const labels = 'service="echo",route="r",workspace="default"';
    await send({});
    await until(
      async () => (await read()).get(`kong_request_latency_ms_count{${labels}}`) === 1,
      'a latency is measured',
    );
    const samples = await read();
    for (const [name, bounds] of [
      ['kong_kong_latency_ms', [1, 2, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500, 750, 1000, 3000, 6000]],
      ['kong_upstream_latency_ms', [25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10000, 30000, 60000]],
      ['kong_request_latency_ms', [25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10000, 30000, 60000]],
    ] as const) {
      const counts = [...bounds, '+Inf'].map((le) => samples.get(`${name}_bucket{${labels},le="${le}"}`));
      assert.ok(
        counts.every((count) => count === 0 || count === 1) && counts.at(-1) === 1,
        `${name}: ${counts.join()}`,
      );
      assert.deepEqual([...counts].sort(), counts, `${name} rises`);
      assert.equal(samples.get(`${name}_count{${labels}}`), 1);
      assert.ok(samples.get(`${name}_sum{${labels}}`)! >= 0);
    }
  });
});

test('consumers are named only with per_consumer', async () => {
  for (const isNamed of [true, false]) {
    const plugins = [
      { name: 'prometheus', config: { status_code_metrics: true, per_consumer: isNamed } },
      { name: 'key-auth' },
    ];
    await run({ plugins, keys: { 'the-key-of-bob': 'bob' } }, async ({ send }, read) => {
      assert.equal((await send({ headers: { apikey: 'the-key-of-bob' } })).status, 200);
      const consumer = isNamed ? 'bob' : '';
      await until(
        async () => (await read()).get(counted(200, 'service', consumer)) === 1,
        `consumer "${consumer}" is counted`,
      );
    });
  }
});

test('an instance on a route measures that route only', async () => {
  const setUp: SetUp = {
    plugins: [{ name: 'prometheus', route: 'a', config: { status_code_metrics: true } }],
    routes: { a: ['/a'], b: ['/b'] },
  };
  await run(setUp, async ({ send }, read) => {
    await send({ path: '/b' });
    await send({ path: '/a' });
    const routes = async (): Promise<string[]> =>
      [...(await read()).keys()].filter((key) => key.startsWith('kong_http_requests_total'));
    await until(async () => (await routes()).length > 0, 'route a is counted');
    assert.deepEqual(
      (await routes()).map((key) => /route="(\w)"/.exec(key)![1]),
      ['a'],
    );
  });
});

test('connections that are passed through are counted when they are over', async (t) => {
  const port = await startEcho(t, 'one');
  const service = {
    name: 's',
    protocol: 'tcp',
    host: '127.0.0.1',
    port,
    routes: [{ name: 'r', protocols: ['tcp', 'tls'], sources: [{ ip: '127.0.0.0/8' }] }],
  };
  const protocols = ['tcp', 'tls'];
  const plugins = [
    { name: 'prometheus', protocols, config: ALL },
    { name: 'ip-restriction', protocols, config: { deny: ['127.0.0.2'] } },
  ];
  const { ports, gateway } = await startStreams(t, { services: [service], plugins }, [{}]);
  assert.equal(await talk(ports[0]!, 'hello'), 'one\nhello');
  assert.equal(await talk(ports[0]!, 'hello', '127.0.0.2'), '');
  const read = async (): Promise<Map<string, number>> => parse(await renderFamilies(gateway.metrics()));
  const of = 'service="s",route="r"';
  const ended = async (code: number, source: string): Promise<number | undefined> =>
    (await read()).get(`kong_stream_sessions_total{${of},code="${code}",source="${source}",workspace="default"}`);
  await until(async () => (await ended(200, 'service')) === 1 && (await ended(403, 'kong')) === 1, 'both are counted');
  const samples = await read();
  const bytes = (direction: string): number | undefined =>
    samples.get(`kong_bandwidth_bytes{${of},direction="${direction}",workspace="default",consumer=""}`);
  // "hello", and "one\nhello" back.
  assert.deepEqual([bytes('ingress'), bytes('egress')], [5, 9]);
  assert.equal(samples.get(`kong_session_duration_ms_count{${of},workspace="default"}`), 2);
  assert.ok(![...samples.keys()].some((key) => key.startsWith('kong_http_requests_total')));
});

test('caches of plugins show how full they are', async () => {
  const config = {
    strategy: 'memory',
    content_type: ['text/plain', 'application/json'],
    memory: { dictionary_name: 'zone' },
  };
  await run({ plugins: [{ name: 'proxy-cache', config }] }, async ({ send }, read) => {
    const labels = async (name: string): Promise<[string, number][]> =>
      [...(await read())].filter(([key]) => key.startsWith(`${name}{`));
    const shown =
      /^kong_memory_lua_shared_dict_bytes\{node_id="[^"]+",shared_dict="[^"]*zone",kong_subsystem="http"\}$/;
    const [[name, empty] = ['', -1], ...more] = await labels('kong_memory_lua_shared_dict_bytes');
    assert.match(name, shown);
    assert.deepEqual([empty, more], [0, []]);
    assert.deepEqual(
      (await labels('kong_memory_lua_shared_dict_total_bytes')).map(([, value]) => value),
      [128 * 1024 * 1024],
    );
    const { status } = await send({ path: '/get' });
    assert.equal(status, 200);
    await until(async () => (await read()).get(name)! > 0, 'an answer is kept');
  });
});

test('labels that need it are escaped', async () => {
  const registry = new MetricsRegistry();
  registry
    .counter({ name: 'kong_x', help: 'a\\b\nc', labels: ['name'] })
    .series('a"b\\c\nd')
    .add(2);
  const text = await renderFamilies(registry.families());
  assert.match(text, /\n# HELP kong_x a\\\\b\\nc\n# TYPE kong_x counter\nkong_x\{name="a\\"b\\\\c\\nd"\} 2\n/);
});

test('families are sorted by name, series by their labels; of two with one name the first is shown', async () => {
  const registry = new MetricsRegistry();
  const latency = registry.histogram({ name: 'kong_b', help: 'B.', labels: ['route', 'service'], buckets: [1, 2.5] });
  latency.series('r', 's').observe(2);
  latency.series('r', 's').observe(9);
  const requests = registry.counter({ name: 'kong_a', help: 'A.', labels: ['z', 'a'] });
  requests.series('2', 'x').add(1);
  requests.series('1', 'y').add(1_500_000);
  registry.counter({ name: 'kong_b', help: 'Another.', labels: [] }).series().add(1);
  const empty = registry.counter({ name: 'kong_aa', help: 'None.', labels: ['z'] });
  assert.ok(empty);
  const families = registry.families().filter(({ name, help }) => name !== 'kong_b' || help === 'B.');
  const other = registry.families().filter(({ help }) => help === 'Another.');
  assert.equal(
    await renderFamilies([...families, ...other]),
    [
      '# HELP kong_a A.',
      '# TYPE kong_a counter',
      'kong_a{z="1",a="y"} 1500000',
      'kong_a{z="2",a="x"} 1',
      '# HELP kong_b B.',
      '# TYPE kong_b histogram',
      'kong_b_bucket{route="r",service="s",le="1"} 0',
      'kong_b_bucket{route="r",service="s",le="2.5"} 1',
      'kong_b_bucket{route="r",service="s",le="+Inf"} 2',
      'kong_b_count{route="r",service="s"} 2',
      'kong_b_sum{route="r",service="s"} 11',
      '# HELP kong_nginx_metric_errors_total Observations that were not recorded, because there were too many series.',
      '# TYPE kong_nginx_metric_errors_total counter',
      'kong_nginx_metric_errors_total 0',
      '',
    ].join('\n'),
  );
});

test('a bucket holds its bound: an observation of 25 is not above 25', async () => {
  const registry = new MetricsRegistry();
  const series = registry.histogram({ name: 'kong_h', help: 'x', labels: [], buckets: [10, 25, 50] }).series();
  for (const value of [25, 25.5, 0, 1000]) series.observe(value);
  const samples = parse(await renderFamilies(registry.families()));
  const counts = ['10', '25', '50', '+Inf'].map((le) => samples.get(`kong_h_bucket{le="${le}"}`));
  assert.deepEqual(counts, [1, 2, 3, 4]);
  assert.deepEqual([samples.get('kong_h_count'), samples.get('kong_h_sum')], [4, 1050.5]);
});

test('instances share families: the same labels are the same series', async () => {
  const registry = new MetricsRegistry();
  const options = { name: 'kong_x', help: 'x', labels: ['a', 'b'] };
  registry.counter(options).series('1', '2').add(1);
  registry.counter(options).series('1', '2').add(1);
  assert.equal(parse(await renderFamilies(registry.families())).get('kong_x{a="1",b="2"}'), 2);
});

test('series are bounded: what does not fit is dropped and counted', async () => {
  const registry = new MetricsRegistry();
  const family = registry.counter({ name: 'kong_x', help: 'x', labels: ['n'] });
  for (let i = 0; i < 100_003; i++) family.series(String(i)).add(1);
  const samples = parse(await renderFamilies(registry.families()));
  assert.equal(samples.get('kong_nginx_metric_errors_total'), 3);
  assert.equal(samples.size, 100_001);
});

test('a family of the gateway shows while some instance wants it', async () => {
  const registry = new MetricsRegistry();
  registry.offer({ name: 'kong_health', help: 'x', type: 'gauge', samples: () => [{ labels: {}, value: 1 }] });
  const isShown = async (): Promise<boolean> => parse(await renderFamilies(registry.families())).has('kong_health');
  assert.equal(await isShown(), false);
  const [hideFirst, hideSecond] = [registry.show('kong_health'), registry.show('kong_health')];
  hideFirst();
  hideFirst();
  assert.equal(await isShown(), true);
  hideSecond();
  assert.equal(await isShown(), false);
});
