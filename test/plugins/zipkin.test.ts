import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { CONSUMERS, type PluginInput, type Running, start } from './gateway-fixture.ts';
import { deciding, measuring } from './measuring-plugin.ts';
import { type HttpMessage, logged, type Receiver, receiveHttp, take, withReceiver } from './receivers.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const PARENT = '05e3ac9a4f6e3b90';

type Spans = Record<'request' | 'proxy' | 'balancer', JsonObject>;

async function withZipkin(
  config: JsonObject,
  run: (running: Running, sink: Receiver<HttpMessage>) => Promise<void>,
  plugins: readonly PluginInput[] = [],
): Promise<void> {
  const sink = await receiveHttp(() => 202);
  const zipkin = {
    name: 'zipkin',
    config: {
      http_endpoint: `http://127.0.0.1:${sink.port}/api/v2/spans`,
      sample_ratio: 1,
      queue: { max_batch_size: 10, max_coalescing_delay: 0.05 },
      ...config,
    },
  };
  await withReceiver(sink, { plugins: [zipkin, ...plugins], keys: { k: 'bob' } }, run);
}

async function spansOf(sink: Receiver<HttpMessage>): Promise<Spans> {
  const [message] = await take(sink, 1);
  const spans = JSON.parse(message!.body) as JsonObject[];
  return { request: spans[0]!, proxy: spans[1]!, balancer: spans[2]! };
}

const tagsOf = (span: JsonObject): JsonObject => span['tags'] as JsonObject;
const notesOf = (span: JsonObject): unknown[] => (span['annotations'] as JsonObject[]).map(({ value }) => value);

test('a request becomes three spans of one trace', async () => {
  await withZipkin({}, async ({ send, echo }, sink) => {
    await send({ path: '/get?x=1', host: 'example.test' });
    const { request, proxy, balancer } = await spansOf(sink);
    assert.equal(sink.received[0]!.headers['content-type'], 'application/json');
    assert.equal(sink.received[0]!.url, '/api/v2/spans');
    assert.equal(request['name'], 'GET');
    assert.equal(request['kind'], 'SERVER');
    assert.equal(request['parentId'], undefined);
    assert.match(String(request['traceId']), /^[0-9a-f]{32}$/);
    assert.deepEqual(request['localEndpoint'], { serviceName: 'kong' });
    assert.equal((request['remoteEndpoint'] as JsonObject)['ipv4'], '127.0.0.1');
    const tags = tagsOf(request);
    assert.equal(tags['lc'], 'kong');
    assert.equal(tags['http.method'], 'GET');
    assert.equal(tags['http.host'], 'example.test');
    assert.equal(tags['http.path'], '/get');
    assert.equal(tags['http.protocol'], 'HTTP/1.1');
    assert.equal(tags['http.status_code'], '200');
    assert.match(String(tags['kong.node.id']), /^[0-9a-f-]{36}$/);
    assert.deepEqual(notesOf(request), ['krs', 'krf']);
    assert.equal(proxy['name'], 'GET (proxy)');
    assert.equal(proxy['kind'], 'CLIENT');
    assert.equal(proxy['parentId'], request['id']);
    assert.equal(tagsOf(proxy)['kong.service_name'], 'echo');
    assert.equal(tagsOf(proxy)['kong.route_name'], 'r');
    assert.equal(tagsOf(proxy)['peer.hostname'], '127.0.0.1');
    assert.deepEqual(proxy['remoteEndpoint'], { serviceName: 'echo' });
    assert.deepEqual(notesOf(proxy), ['kas', 'kaf', 'khs', 'khf', 'kbs', 'kbf']);
    assert.equal(balancer['name'], 'GET (balancer try 1)');
    assert.equal(balancer['parentId'], request['id']);
    assert.equal(tagsOf(balancer)['kong.balancer.try'], '1');
    assert.equal(tagsOf(balancer)['error'], undefined);
    assert.deepEqual(balancer['remoteEndpoint'], { serviceName: 'echo', ipv4: '127.0.0.1', port: echo.port });
    const { headers } = echo.requests[0]!;
    assert.equal(headers['x-b3-traceid'], request['traceId']);
    assert.equal(headers['x-b3-spanid'], proxy['id']);
    assert.equal(headers['x-b3-parentspanid'], request['id']);
    assert.equal(headers['x-b3-sampled'], '1');
    assert.ok(Number(request['timestamp']) > 1.6e15 && Number(request['duration']) >= 1);
  });
});

test('a span that came in b3 headers is shared with the caller', async () => {
  await withZipkin({ sample_ratio: 0 }, async ({ send }, sink) => {
    const headers = { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-parentspanid': PARENT, 'x-b3-sampled': '1' };
    await send({ headers });
    const { request } = await spansOf(sink);
    assert.equal(request['traceId'], TRACE);
    assert.equal(request['id'], SPAN);
    assert.equal(request['parentId'], PARENT);
  });
});

test('a span that came as traceparent is the parent of ours', async () => {
  await withZipkin({ sample_ratio: 0 }, async ({ send, echo }, sink) => {
    await send({ headers: { traceparent: `00-${TRACE}-${SPAN}-01` } });
    const { request, proxy } = await spansOf(sink);
    assert.notEqual(request['id'], SPAN);
    assert.equal(request['parentId'], SPAN);
    assert.equal(echo.requests[0]!.headers['traceparent'], `00-${TRACE}-${proxy['id']}-01`);
  });
});

test('what is not sampled is passed on and not sent', async () => {
  await withZipkin({ sample_ratio: 0 }, async ({ send, echo }, sink) => {
    await send({});
    assert.equal(echo.requests[0]!.headers['x-b3-sampled'], '0');
    await sleep(120);
    assert.equal(sink.received.length, 0);
  });
});

test('ids of new traces are as long as configured', async () => {
  await withZipkin({ traceid_byte_count: 8 }, async ({ send }, sink) => {
    await send({});
    assert.match(String((await spansOf(sink)).request['traceId']), /^[0-9a-f]{16}$/);
  });
});

test('tags come from the configuration and from a header; what is no tag is told', async () => {
  const config = { static_tags: [{ name: 'zone', value: 'eu' }], http_span_name: 'method_path' };
  await withZipkin(config, async ({ send, logs }, sink) => {
    await send({ path: '/get', headers: { 'Zipkin-Tags': ['foo=bar; baz=qux', 'broken; x=1'] } });
    const { request } = await spansOf(sink);
    assert.equal(request['name'], 'GET /get');
    const { zone, foo, baz, x } = tagsOf(request);
    assert.deepEqual([zone, foo, baz, x], ['eu', 'bar', 'qux', '1']);
    await logged(logs, /^warn \[zipkin\] Zipkin-Tags has parts that are no tags/);
  });
});

test('a tag from the header cannot stand for one of the gateway', async () => {
  await withZipkin({}, async ({ send }, sink) => {
    await send({ headers: { 'Zipkin-Tags': 'http.status_code=999' } });
    assert.equal(tagsOf((await spansOf(sink)).request)['http.status_code'], '200');
  });
});

for (const include of [true, false]) {
  test(`the credential is ${include ? '' : 'not '}told with include_credential ${include}`, async () => {
    await withZipkin(
      { include_credential: include },
      async ({ send }, sink) => {
        await send({ headers: { apikey: 'k' } });
        const tags = tagsOf((await spansOf(sink)).request);
        assert.equal(tags['kong.consumer'], CONSUMERS['bob']);
        assert.equal(tags['kong.credential'], include ? 'c0000000-0000-4000-8000-000000000001' : undefined);
      },
      [{ name: 'key-auth' }],
    );
  });
}

test('durations may be tags', async () => {
  await withZipkin({ phase_duration_flavor: 'tags' }, async ({ send }, sink) => {
    await send({});
    const { request, proxy } = await spansOf(sink);
    assert.match(String(tagsOf(request)['kong.rewrite.duration_ms']), /^\d+$/);
    for (const phase of ['access', 'header_filter', 'body_filter']) {
      assert.match(String(tagsOf(proxy)[`kong.${phase}.duration_ms`]), /^\d+$/);
    }
    assert.deepEqual(notesOf(proxy), []);
  });
});

test('a failed try is marked', async () => {
  await withZipkin({}, async ({ send, echo }, sink) => {
    await echo.close();
    assert.equal((await send({})).status, 502);
    const [message] = await take(sink, 1);
    const spans = JSON.parse(message!.body) as JsonObject[];
    const tags = spans.slice(2).map(tagsOf);
    assert.ok(tags.length >= 1);
    assert.equal(tags[0]!['error'], 'true');
    assert.equal(tags[0]!['kong.balancer.state'], 'failed');
    assert.equal(tags[0]!['http.status_code'], '502');
  });
});

test('requests that no route matches have a span', async () => {
  const sink = await receiveHttp(() => 202);
  const config = { http_endpoint: `http://127.0.0.1:${sink.port}/`, sample_ratio: 1 };
  const setUp = { routes: { a: ['/a'] }, plugins: [{ name: 'zipkin', config }] };
  await withReceiver(sink, setUp, async ({ send }) => {
    assert.equal((await send({ path: '/b' })).status, 404);
    const [request] = JSON.parse((await take(sink, 2))[0]!.body) as JsonObject[];
    assert.equal(tagsOf(request!)['http.status_code'], '404');
  });
});

test('without an endpoint headers still go on, and the client may be told the trace id', async () => {
  const running = await start({
    plugins: [{ name: 'zipkin', config: { http_response_header_for_traceid: 'X-B3-TraceId' } }],
  });
  try {
    const answer = await running.send({});
    const { headers } = running.echo.requests[0]!;
    assert.deepEqual(answer.header('x-b3-traceid'), [headers['x-b3-traceid']]);
    assert.ok(answer.header('content-length').length === 1 || answer.header('transfer-encoding').length === 1);
  } finally {
    await running.close();
  }
});

test('the body passes as it is while it is timed', async () => {
  await withZipkin({}, async ({ send }) => {
    const answer = await send({ method: 'POST', path: '/reflect', body: 'x'.repeat(100_000) });
    assert.equal(answer.text.length, 100_000);
  });
});

test('what plugins measure are spans below that of the request', async () => {
  const sink = await receiveHttp(() => 202);
  const config = { http_endpoint: `http://127.0.0.1:${sink.port}/`, sample_ratio: 1, queue: { max_batch_size: 10 } };
  const plugins = [{ name: 'zipkin', config }, { name: 'measuring' }];
  await withReceiver(sink, { plugins, definitions: [...bundledPlugins, measuring] }, async ({ send }) => {
    await send({});
    const [message] = await take(sink, 1);
    const spans = JSON.parse(message!.body) as JsonObject[];
    const named = (name: string): JsonObject => spans.find((span) => span['name'] === name)!;
    const [lookUp, ask] = [named('look up'), named('ask')];
    assert.equal(lookUp['parentId'], named('GET')['id']);
    assert.equal(ask['parentId'], lookUp['id']);
    assert.deepEqual([lookUp['kind'], ask['kind']], [undefined, 'CLIENT']);
    assert.deepEqual(tagsOf(lookUp), { 'look.for': 'bob', 'look.found': 'false' });
    assert.deepEqual(tagsOf(ask), { error: 'true' });
    assert.deepEqual(notesOf(ask), ['exception']);
    assert.ok((ask['duration'] as number) >= 15_000);
  });
});

test('a plugin decides whether a trace is sent, and the upstream is told when that is not too late', async () => {
  const definitions = [...bundledPlugins, deciding(200_000)];
  const sink = await receiveHttp(() => 202);
  const config = { http_endpoint: `http://127.0.0.1:${sink.port}/`, sample_ratio: 0 };
  const plugins = [{ name: 'zipkin', config }, { name: 'deciding' }];
  await withReceiver(sink, { plugins, definitions }, async ({ send, echo }) => {
    await send({});
    await send({ headers: { 'x-decide': 'yes', 'x-b3-sampled': '0' } });
    await take(sink, 3);
    await send({ headers: { 'x-decide-late': 'yes' } });
    await take(sink, 6);
    await send({ headers: { 'x-decide': 'no', 'x-b3-sampled': '1' } });
    await send({ headers: { 'x-b3-sampled': '1', 'x-decide-late': 'no' } });
    await take(sink, 6);
    assert.deepEqual(
      echo.requests.map(({ headers }) => headers['x-b3-sampled']),
      ['0', '1', '0', '0', '1'],
    );
  });
});
