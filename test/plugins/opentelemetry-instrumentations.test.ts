// Which spans opentelemetry sends, and of how many requests, as `tracing_instrumentations` and `tracing_sampling_rate` say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { tracingSettings } from '../../src/config/tracing.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { type Running, start } from './gateway-fixture.ts';
import { deciding, measuring } from './measuring-plugin.ts';
import { arrived, QUICK, withCollector } from './opentelemetry-rig.ts';
import { type Collector, startCollector } from './otlp-collector.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const SAMPLED = { headers: { traceparent: `00-${TRACE}-${SPAN}-01` } };

type Words = Parameters<typeof tracingSettings>[0];
type Run = (running: Running, collector: Collector) => Promise<void>;

/** The plugin says nothing of a rate itself unless `sampling_rate` does. */
const withTracing = (words: Words | undefined, rate: number, run: Run, sampling_rate: number | null = null) =>
  withCollector({ sampling_rate }, run, {
    plugins: [{ name: 'measuring' }, { name: 'deciding' }],
    setUp: {
      definitions: [...bundledPlugins, measuring, deciding(20)],
      tracing: words === undefined ? undefined : tracingSettings(words, rate),
    },
  });

const told = ({ echo }: Running, index = 0): string => String(echo.requests[index]!.headers['traceparent']);
const warnings = ({ logs }: Running): string[] => logs.filter((line) => line.startsWith('warn [opentelemetry]'));
const named = (collector: Collector, name: string) => collector.spans.filter((span) => span.name === name);

for (const words of [undefined, ['off']] as const) {
  test(`with instrumentations ${words ?? 'left out'} nothing is sent, and every trace goes on as not sampled`, async () => {
    const run: Run = async (running, collector) => {
      await running.send({});
      assert.match(told(running), /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      await running.send(SAMPLED);
      assert.match(told(running, 1), new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-00$`));
      await running.send({ headers: { ...SAMPLED.headers, 'x-decide': 'yes', 'x-decide-late': 'yes' } });
      assert.match(told(running, 2), /-00$/, 'a plugin that decides changes nothing');
      await sleep(200);
      assert.equal(collector.requests.length, 0);
      assert.equal(warnings(running).length, 1);
      assert.match(warnings(running)[0]!, /no spans are made.*tracing_instrumentations .*is off/);
    };
    await withTracing(words, 1, run, 1);
  });
}

for (const [words, isSampled] of [
  ['off', false],
  ['all', true],
] as const) {
  test(`lines of the log with instrumentations ${words}: marked as sampled is ${isSampled}`, async () => {
    const collector = await startCollector();
    const config = { logs_endpoint: `http://127.0.0.1:${collector.port}/v1/logs`, queue: QUICK };
    const running = await start({
      plugins: [{ name: 'opentelemetry', config }],
      tracing: tracingSettings([words], 1),
    });
    try {
      await running.echo.close();
      assert.equal((await running.send(SAMPLED)).status, 502);
      const [line] = await arrived(collector.lines, 1);
      assert.equal(line!.traceId, TRACE);
      assert.equal(line!.isSampled, isSampled);
      assert.deepEqual(warnings(running), [], 'nobody waits for spans');
    } finally {
      await running.close().catch(() => undefined);
      await collector.close();
    }
  });
}

test('all with a rate of 1 sends every request, without a word', async () => {
  await withTracing(['all'], 1, async (running, collector) => {
    await running.send({});
    await arrived(collector.spans, 5);
    const [root, balancer, lookUp] = ['kong', 'kong.balancer', 'look up'].map((name) => named(collector, name)[0]);
    assert.equal(root!.parentId, undefined);
    assert.equal(balancer!.parentId, root!.spanId);
    assert.equal(lookUp!.parentId, root!.spanId);
    assert.equal(told(running), `00-${root!.traceId}-${balancer!.spanId}-01`);
    assert.deepEqual(warnings(running), []);
  });
});

test('request alone: the upstream is told of kong, and there is no kong.balancer', async () => {
  await withTracing(['request'], 1, async (running, collector) => {
    await running.send(SAMPLED);
    await arrived(collector.spans, 4);
    const [root] = named(collector, 'kong');
    assert.deepEqual(named(collector, 'kong.balancer'), []);
    assert.equal(root!.parentId, SPAN);
    assert.equal(named(collector, 'look up')[0]!.parentId, root!.spanId);
    assert.equal(told(running), `00-${TRACE}-${root!.spanId}-01`);
  });
});

test('balancer alone: kong is made all the same, and its spans belong to that', async () => {
  await withTracing(['balancer'], 1, async (running, collector) => {
    await running.send(SAMPLED);
    await arrived(collector.spans, 5);
    const [root, balancer, lookUp] = ['kong', 'kong.balancer', 'look up'].map((name) => named(collector, name)[0]);
    assert.equal(root!.parentId, SPAN);
    assert.equal(balancer!.parentId, root!.spanId);
    assert.equal(lookUp!.parentId, root!.spanId);
    assert.equal(named(collector, 'ask')[0]!.parentId, lookUp!.spanId);
    assert.equal(told(running), `00-${TRACE}-${balancer!.spanId}-01`);
  });
});

test('kinds that are not made here: kong and the spans of plugins are sent', async () => {
  await withTracing(['router', 'dns_query'], 1, async (running, collector) => {
    await running.send(SAMPLED);
    const spans = await arrived(collector.spans, 4);
    assert.deepEqual(spans.map(({ name }) => name).sort(), ['ask', 'kong', 'look up', 'never finished']);
    const [root] = named(collector, 'kong');
    assert.equal(root!.parentId, SPAN);
    assert.equal(told(running), `00-${TRACE}-${root!.spanId}-01`);
    assert.deepEqual(warnings(running), []);
  });
});

test('the rate of the plugin wins over that of the node', async () => {
  const sampled: Run = async (running, collector) => {
    await running.send({});
    await arrived(collector.spans, 5);
    assert.match(told(running), /-01$/);
  };
  const unsampled: Run = async (running, collector) => {
    await running.send({});
    assert.match(told(running), /-00$/);
    await sleep(200);
    assert.equal(collector.requests.length, 0);
  };
  await withTracing(['all'], 0, sampled, 1);
  await withTracing(['all'], 1, unsampled, 0);
  await withTracing(['all'], 0, unsampled);
});
