import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { receiveHttp, take } from '../plugins/receivers.ts';
import { ask, HOST, startEcho, startStreams, startUdpEcho, talk, udpClient } from './rig.ts';

interface Wanted {
  readonly port: number;
  readonly config?: object;
  readonly protocol?: 'tcp' | 'udp';
  readonly plugins?: readonly object[];
}

/** A route of streams whose connections are traced to the collector. */
async function startTraced(t: TestContext, { port, config = {}, protocol = 'tcp', plugins = [] }: Wanted) {
  const collector = await receiveHttp(() => 202);
  t.after(() => collector.close());
  const zipkin = {
    name: 'zipkin',
    protocols: ['tcp', 'udp'],
    config: {
      http_endpoint: `http://${HOST}:${collector.port}/api/v2/spans`,
      sample_ratio: 1,
      queue: { max_batch_size: 10, max_coalescing_delay: 0.05 },
      ...config,
    },
  };
  const route = { name: 'r', protocols: [protocol], sources: [{ ip: '127.0.0.0/8' }], plugins: [zipkin, ...plugins] };
  const services = [{ name: 's', protocol, host: HOST, port, retries: 1, read_timeout: 100, routes: [route] }];
  const { ports, access } = await startStreams(t, { services }, [{ udp: protocol === 'udp' }]);
  return { collector, port: ports[0]!, access };
}

async function spansIn(collector: Awaited<ReturnType<typeof receiveHttp>>): Promise<JsonObject[]> {
  const [message] = await take(collector, 1);
  return JSON.parse(message!.body) as JsonObject[];
}

const named = (spans: readonly JsonObject[]): unknown[] => spans.map(({ name }) => name);
const tagsOf = (span: JsonObject | undefined): JsonObject => span!['tags'] as JsonObject;
const notesOf = (span: JsonObject | undefined): unknown[] =>
  (span!['annotations'] as JsonObject[]).map(({ value }) => value);

test('a connection becomes three spans of one trace', async (t) => {
  const echo = await startEcho(t, 'one');
  const { collector, port } = await startTraced(t, {
    port: echo,
    config: { static_tags: [{ name: 'a', value: 'b' }] },
  });
  await talk(port, 'hello');
  const spans = await spansIn(collector);
  const [request, proxy, balancer] = spans as [JsonObject, JsonObject, JsonObject];
  assert.deepEqual(named(spans), ['stream', 'stream (proxy)', 'stream (balancer try 1)']);
  assert.deepEqual(
    spans.map(({ kind }) => kind),
    ['SERVER', 'CLIENT', 'CLIENT'],
  );
  assert.match(String(request['traceId']), /^[0-9a-f]{32}$/);
  for (const child of [proxy, balancer]) {
    assert.deepEqual([child['traceId'], child['parentId']], [request['traceId'], request['id']]);
  }
  const { ipv4, port: clientPort } = request['remoteEndpoint'] as JsonObject;
  assert.deepEqual([ipv4, typeof clientPort, request['parentId']], [HOST, 'number', undefined]);
  const { 'kong.node.id': node, ...tags } = tagsOf(request);
  assert.match(String(node), /^[0-9a-f-]{36}$/);
  assert.deepEqual(tags, { a: 'b', lc: 'kong' });
  const { 'kong.service': service, 'kong.route': route, ...target } = tagsOf(proxy);
  assert.match(`${service} ${route}`, /^[0-9a-f-]{36} [0-9a-f-]{36}$/);
  assert.deepEqual(target, { 'kong.service_name': 's', 'kong.route_name': 'r', 'peer.hostname': HOST });
  assert.deepEqual([notesOf(request), notesOf(proxy)], [[], ['kps', 'kpf']]);
  assert.deepEqual(proxy['remoteEndpoint'], { serviceName: 's' });
  assert.deepEqual(balancer['remoteEndpoint'], { serviceName: 's', ipv4: HOST, port: echo });
  assert.deepEqual([tagsOf(balancer)['kong.balancer.try'], tagsOf(balancer)['error']], ['1', undefined]);
});

test('the duration of preread may be a tag', async (t) => {
  const config = { phase_duration_flavor: 'tags', traceid_byte_count: 8 };
  const { collector, port } = await startTraced(t, { port: await startEcho(t, 'one'), config });
  await talk(port, 'hello');
  const [request, proxy] = await spansIn(collector);
  assert.match(String(request!['traceId']), /^[0-9a-f]{16}$/);
  assert.match(String(tagsOf(proxy)['kong.preread.duration_ms']), /^\d+$/);
  assert.deepEqual(notesOf(proxy), []);
});

test('each try that nobody took is marked', async (t) => {
  const { collector, port } = await startTraced(t, { port: 9 });
  await talk(port, 'hello');
  const [, , ...tries] = await spansIn(collector);
  assert.deepEqual(named(tries), ['stream (balancer try 1)', 'stream (balancer try 2)']);
  for (const one of tries) {
    const { error, 'kong.balancer.state': state, 'http.status_code': code } = tagsOf(one);
    assert.deepEqual([error, state, code], ['true', 'failed', undefined]);
  }
});

test('a connection that a plugin refused has no try', async (t) => {
  const plugins = [{ name: 'ip-restriction', config: { deny: ['127.0.0.2'] } }];
  const { collector, port } = await startTraced(t, { port: 9, plugins });
  await talk(port, 'hello', '127.0.0.2');
  assert.deepEqual(named(await spansIn(collector)), ['stream', 'stream (proxy)']);
});

test('the datagrams of a client are one trace, when there are no more', async (t) => {
  const { collector, port } = await startTraced(t, { port: await startUdpEcho(t, 'one'), protocol: 'udp' });
  const client = udpClient(t);
  await ask(client, port, 'hello');
  await ask(client, port, 'again');
  const spans = await spansIn(collector);
  assert.deepEqual(named(spans), ['stream', 'stream (proxy)', 'stream (balancer try 1)']);
  assert.ok((spans[0]!['duration'] as number) >= 90_000);
});

test('what is not in the sample is not sent', async (t) => {
  const { collector, port, access } = await startTraced(t, {
    port: await startEcho(t, 'one'),
    config: { sample_ratio: 0 },
  });
  await talk(port, 'hello');
  while (access.length === 0) await sleep(5);
  await sleep(100);
  await take(collector, 0);
});
