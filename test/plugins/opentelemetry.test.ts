import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { type Running, start } from './gateway-fixture.ts';
import { deciding, measuring } from './measuring-plugin.ts';
import { arrived, QUICK, withCollector } from './opentelemetry-rig.ts';
import { type Collector, startCollector } from './otlp-collector.ts';
import { logged } from './receivers.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test('a request becomes a server span and a client span for the upstream', async () => {
  await withCollector({ headers: { 'X-Key': 'k' } }, async ({ send, echo }, collector) => {
    const before = BigInt(Date.now()) * 1_000_000n;
    await send({ path: '/get?a=1', host: 'example.test' });
    const [root, balancer] = await arrived(collector.spans, 2);
    assert.equal(collector.requests[0]!.headers['content-type'], 'application/x-protobuf');
    assert.equal(collector.requests[0]!.headers['x-key'], 'k');
    assert.equal(root!.name, 'kong');
    assert.equal(root!.kind, 2);
    assert.equal(root!.parentId, undefined);
    assert.ok(root!.start >= before - 5_000_000n && root!.end >= root!.start);
    assert.equal(root!.attributes['http.method'], 'GET');
    assert.equal(root!.attributes['http.url'], 'http://example.test/get?a=1');
    assert.equal(root!.attributes['http.host'], 'example.test');
    assert.equal(root!.attributes['http.scheme'], 'http');
    assert.equal(root!.attributes['http.flavor'], '1.1');
    assert.equal(root!.attributes['http.client_ip'], '127.0.0.1');
    assert.equal(root!.attributes['net.peer.ip'], '127.0.0.1');
    assert.equal(root!.attributes['http.status_code'], 200);
    assert.equal(root!.attributes['http.route'], '/');
    assert.match(String(root!.attributes['kong.request.id']), /^[0-9a-f]{32}$/);
    assert.equal(root!.status, undefined);
    assert.equal(balancer!.name, 'kong.balancer');
    assert.equal(balancer!.kind, 3);
    assert.equal(balancer!.parentId, root!.spanId);
    assert.equal(balancer!.attributes['net.peer.port'], echo.port);
    assert.equal(balancer!.attributes['try_count'], 1);
    const sent = echo.requests[0]!.headers['traceparent'];
    assert.equal(sent, `00-${root!.traceId}-${balancer!.spanId}-01`);
    assert.equal(collector.resources[0]!['service.name'], 'kong');
    assert.equal(collector.resources[0]!['service.version'], '3.10.0');
  });
});

test('the trace of the caller goes on, and his decision counts', async () => {
  await withCollector({ sampling_rate: 0 }, async ({ send, echo }, collector) => {
    await send({ headers: { traceparent: `00-${TRACE}-${SPAN}-01` } });
    const [root] = await arrived(collector.spans, 2);
    assert.equal(root!.traceId, TRACE);
    assert.equal(root!.parentId, SPAN);
    assert.match(String(echo.requests[0]!.headers['traceparent']), new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  });
});

test('a trace that the caller does not record is passed on and not exported', async () => {
  await withCollector({}, async ({ send, echo }, collector) => {
    await send({ headers: { traceparent: `00-${TRACE}-${SPAN}-00` } });
    assert.match(String(echo.requests[0]!.headers['traceparent']), new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    await sleep(150);
    assert.equal(collector.requests.length, 0);
  });
});

test('a rate of zero exports nothing', async () => {
  await withCollector({ sampling_rate: 0 }, async ({ send, echo }, collector) => {
    await send({});
    assert.match(String(echo.requests[0]!.headers['traceparent']), /-00$/);
    await sleep(150);
    assert.equal(collector.requests.length, 0);
  });
});

test('a short trace id is filled up with zeros in the export', async () => {
  await withCollector({}, async ({ send, echo }, collector) => {
    await send({ headers: { 'x-b3-traceid': SPAN, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' } });
    const [root] = await arrived(collector.spans, 2);
    assert.equal(root!.traceId, `${'0'.repeat(16)}${SPAN}`);
    assert.equal(echo.requests[0]!.headers['x-b3-traceid'], SPAN);
    assert.equal(echo.requests[0]!.headers['traceparent'], undefined);
  });
});

test('with ignore a new trace begins', async () => {
  await withCollector({ header_type: 'ignore' }, async ({ send, echo }) => {
    await send({ headers: { traceparent: `00-${TRACE}-${SPAN}-01` } });
    const sent = String(echo.requests[0]!.headers['traceparent']);
    assert.match(sent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    assert.ok(!sent.includes(TRACE));
  });
});

test('resource attributes may hold words of the request', async () => {
  const attributes = { 'service.name': 'edge', tenant: '$(headers["x-tenant"])', missing: '$(headers.x-none)' };
  await withCollector({ resource_attributes: attributes }, async ({ send }, collector) => {
    await send({ headers: { 'X-Tenant': 'acme' } });
    await arrived(collector.spans, 2);
    assert.equal(collector.resources[0]!['service.name'], 'edge');
    assert.equal(collector.resources[0]!['tenant'], 'acme');
    assert.ok(!('missing' in collector.resources[0]!));
  });
});

test('the client is told the trace id where that is configured', async () => {
  await withCollector({ http_response_header_for_traceid: 'X-Trace-Id' }, async ({ send }) => {
    const answer = await send({ headers: { traceparent: `00-${TRACE}-${SPAN}-01` } });
    assert.deepEqual(answer.header('x-trace-id'), [TRACE]);
  });
});

test('requests that other plugins refuse have a span too', async () => {
  await withCollector(
    {},
    async ({ send }, collector) => {
      assert.equal((await send({ headers: { traceparent: `00-${TRACE}-${SPAN}-01` } })).status, 401);
      const [root] = await arrived(collector.spans, 1);
      assert.equal(root!.traceId, TRACE);
      assert.equal(root!.attributes['http.status_code'], 401);
    },
    { plugins: [{ name: 'key-auth' }] },
  );
});

test('any status but 200 is tried again', async () => {
  await withCollector(
    {},
    async ({ send, logs }, collector) => {
      await send({});
      await arrived(collector.spans, 2);
      assert.equal(collector.requests.length, 2);
      await logged(
        logs,
        /^warn \[opentelemetry\] could not send, will try again: the collector answered with status 202/,
      );
    },
    { status: (index) => (index === 0 ? 202 : 200) },
  );
});

test('lines of the log go to the collector, tied to the trace of their request', async () => {
  const collector = await startCollector();
  const { port } = collector;
  const config = { logs_endpoint: `http://127.0.0.1:${port}/v1/logs`, queue: QUICK };
  const running = await start({
    plugins: [{ name: 'opentelemetry', config }],
  });
  try {
    // The upstream of this test is gone: the gateway warns that nobody answered.
    await running.echo.close();
    const answer = await running.send({ headers: { traceparent: `00-${TRACE}-${SPAN}-01` } });
    assert.equal(answer.status, 502);
    const lines = await arrived(collector.lines, 1);
    assert.equal(lines[0]!.text, 'no answer from the upstream');
    assert.equal(lines[0]!.severity, 13);
    assert.equal(lines[0]!.traceId, TRACE);
    assert.match(String(lines[0]!.attributes['request.id']), /^[0-9a-f]{32}$/);
    assert.equal(collector.requests[0]!.url, '/v1/logs');
  } finally {
    await running.close().catch(() => undefined);
    await collector.close();
  }
});

test('lines that find the queue full are left out; those that wait keep their place', async () => {
  let isAway = true;
  const collector = await startCollector(() => (isAway ? 503 : 200));
  const queue = { max_entries: 1, max_batch_size: 1, initial_retry_delay: 0.01, max_retry_delay: 0.05 };
  const config = { logs_endpoint: `http://127.0.0.1:${collector.port}/v1/logs`, queue };
  const running = await start({ plugins: [{ name: 'opentelemetry', config }] });
  try {
    await running.echo.close();
    const ids: (string | undefined)[] = [];
    for (let i = 0; i < 4; i++) {
      ids.push((await running.send({})).header('x-kong-request-id')[0]);
      while (collector.requests.length === 0) await sleep(5);
    }
    isAway = false;
    const lines = await arrived(collector.lines, 2);
    assert.deepEqual(
      lines.map(({ attributes }) => attributes['request.id']),
      ids.slice(0, 2),
    );
  } finally {
    await running.close().catch(() => undefined);
    await collector.close();
  }
});

test('what plugins measure are spans below that of the request', async () => {
  const setUp = { definitions: [...bundledPlugins, measuring] };
  const plugins = [{ name: 'measuring' }];
  const run = async ({ send }: Running, collector: Collector): Promise<void> => {
    await send({});
    const spans = await arrived(collector.spans, 5);
    const named = (name: string) => spans.find((span) => span.name === name)!;
    const [root, lookUp, ask, left] = ['kong', 'look up', 'ask', 'never finished'].map(named);
    assert.equal(lookUp!.parentId, root!.spanId);
    assert.equal(ask!.parentId, lookUp!.spanId);
    assert.ok(spans.every(({ traceId }) => traceId === root!.traceId));
    assert.deepEqual([lookUp!.kind, ask!.kind], [1, 3]);
    assert.equal(lookUp!.attributes['look.for'], 'bob');
    assert.deepEqual(lookUp!.events, [{ name: 'gave up', attributes: {} }]);
    assert.deepEqual([lookUp!.status, ask!.status], [undefined, 2]);
    assert.deepEqual(ask!.events, [{ name: 'exception', attributes: { 'exception.message': 'nobody there' } }]);
    assert.ok(ask!.end - ask!.start >= 15_000_000n && ask!.end <= lookUp!.end);
    assert.equal(left!.end, root!.end, 'it lasts as long as the request');
  };
  await withCollector({}, run, { plugins, setUp });
});

test('a plugin decides whether a trace is sent, whatever the caller and the rate say', async () => {
  const more = {
    plugins: [{ name: 'deciding' }],
    setUp: { definitions: [...bundledPlugins, deciding(20)] },
  };
  await withCollector(
    { sampling_rate: 0 },
    async ({ send, echo }, collector) => {
      await send({ headers: { 'x-decide': 'yes', traceparent: `00-${TRACE}-${SPAN}-00` } });
      await arrived(collector.spans, 2);
      await send({ headers: { 'x-decide': 'no', traceparent: `00-${TRACE}-${SPAN}-01` } });
      await send({ headers: { 'x-decide-late': 'no', traceparent: `00-${TRACE}-${SPAN}-01` } });
      await arrived(collector.spans, 2);
      assert.deepEqual(
        echo.requests.map(({ headers }) => String(headers['traceparent']).slice(-2)),
        ['01', '00', '01'],
      );
    },
    more,
  );
});
