// Which headers of its own the gateway adds, as `headers`, `headers_upstream` and `allow_debug_header` say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { shownHeaders } from '../../src/config/shown-headers.ts';
import { deadPort, echo, start, startUpstream } from './rig.ts';

const OWN = [
  'server',
  'via',
  'x-kong-upstream-latency',
  'x-kong-proxy-latency',
  'x-kong-response-latency',
  'x-kong-upstream-status',
  'x-kong-request-id',
];

async function seen(environment: Record<string, string>) {
  const config = loadConfig({}, environment);
  const upstream = await startUpstream(echo);
  const running = await start(
    {
      services: [
        { name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ name: 'r', paths: ['/proxied'] }] },
        {
          name: 'dead',
          url: `http://127.0.0.1:${await deadPort()}`,
          retries: 1,
          routes: [{ paths: ['/dead'] }],
        },
      ],
    },
    { shown: shownHeaders(config.headers, config.headers_upstream), allowsDebug: config.allow_debug_header },
  );
  const answer = async (path: string) => {
    const { headers, text } = await running.send(path, { headers: { 'kong-debug': '1', 'x-kong-request-id': 'x' } });
    return { headers, text, own: OWN.filter((name) => headers[name] !== undefined) };
  };
  const answers = { proxied: await answer('/proxied'), own: await answer('/none'), dead: await answer('/dead') };
  await running.close();
  await upstream.close();
  return answers;
}

const asked = (text: string): Record<string, string> =>
  (JSON.parse(text) as { headers: Record<string, string> }).headers;

test('by default answers tell server, latencies and the id of the request', async () => {
  const { proxied, own, dead } = await seen({});
  const latencies = ['x-kong-upstream-latency', 'x-kong-proxy-latency'];
  assert.deepEqual(proxied.own, ['server', 'via', ...latencies, 'x-kong-request-id']);
  assert.deepEqual(own.own, ['server', 'x-kong-response-latency', 'x-kong-request-id']);
  assert.deepEqual(dead.own, ['server', ...latencies, 'x-kong-request-id'], 'of a page in place of an answer, too');
  assert.equal(dead.headers['x-kong-upstream-status'], undefined);
  assert.equal(proxied.headers['kong-route-id'], undefined);
  assert.match(asked(proxied.text)['x-kong-request-id']!, /^[0-9a-f]{32}$/);
});

test('off leaves nothing, and means nothing beside other words', async () => {
  const { proxied, own, dead } = await seen({ KONG_HEADERS: 'off', KONG_HEADERS_UPSTREAM: 'off' });
  assert.deepEqual([proxied.own, own.own, dead.own], [[], [], []]);
  assert.equal(asked(proxied.text)['x-kong-request-id'], undefined, 'not even that of the client');
  assert.deepEqual((await seen({ KONG_HEADERS: 'off,Via' })).proxied.own, ['via']);
});

test('headers are named one by one', async () => {
  const { proxied, own } = await seen({ KONG_HEADERS: 'Server,X-Kong-Proxy-Latency' });
  assert.deepEqual(proxied.own, ['server', 'x-kong-proxy-latency']);
  assert.deepEqual(own.own, ['server']);
});

test('X-Kong-Upstream-Status is the status of the last try', async () => {
  const { proxied, own, dead } = await seen({ KONG_HEADERS: 'X-Kong-Upstream-Status' });
  assert.deepEqual([proxied.own, own.own], [['x-kong-upstream-status'], []]);
  assert.equal(proxied.headers['x-kong-upstream-status'], '200');
  assert.equal(dead.headers['x-kong-upstream-status'], '502');
});

test('Kong-Debug is told route and service where that is allowed', async () => {
  const { proxied, own } = await seen({ KONG_ALLOW_DEBUG_HEADER: 'on' });
  assert.deepEqual([proxied.headers['kong-route-name'], proxied.headers['kong-service-name']], ['r', 's']);
  assert.match(String(proxied.headers['kong-route-id']), /^[0-9a-f-]{36}$/);
  assert.match(String(proxied.headers['kong-service-id']), /^[0-9a-f-]{36}$/);
  assert.equal(own.headers['kong-route-id'], undefined, 'no route, nothing to tell');
});
