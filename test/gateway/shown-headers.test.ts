// Which headers of its own the gateway adds, as `headers`, `headers_upstream` and `allow_debug_header` say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Config, loadConfig } from '../../src/config/load.ts';
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

const shownOf = ({ headers, headers_upstream, nginx_http_charset }: Config) =>
  shownHeaders(headers, headers_upstream, nginx_http_charset);

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
    { shown: shownOf(config), allowsDebug: config.allow_debug_header },
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

test('texts without a charset get the one of nginx_http_charset, whoever made them', async (t) => {
  const upstream = await startUpstream((request, response) => {
    response.setHeader('content-type', decodeURIComponent(request.url!.slice('/type/'.length)));
    response.end('x');
  });
  t.after(() => upstream.close());
  const url = `http://127.0.0.1:${upstream.port}`;
  const plugins = [
    { name: 'request-termination', config: { status_code: 200, body: 'x', content_type: 'text/plain' } },
  ];
  const routes = [
    { paths: ['/type'], strip_path: false },
    { paths: ['/own'], plugins },
  ];
  const typesWith = async (environment: Record<string, string>) => {
    const { send, close } = await start(
      { services: [{ name: 's', url, routes }] },
      { shown: shownOf(loadConfig({}, environment)) },
    );
    const typeOf = async (path: string) => (await send(path)).headers['content-type'];
    const types = await Promise.all([
      ...['text/html', 'TEXT/plain', 'application/javascript'].map((type) =>
        typeOf(`/type/${encodeURIComponent(type)}`),
      ),
      ...['text/css', 'application/json', 'text/html;charset=latin1', 'text/html; level=1'].map((type) =>
        typeOf(`/type/${encodeURIComponent(type)}`),
      ),
      typeOf('/own'),
    ]);
    await close();
    return types;
  };
  const others = ['text/css', 'application/json', 'text/html;charset=latin1', 'text/html; level=1'];
  assert.deepEqual(await typesWith({}), [
    'text/html; charset=UTF-8',
    'TEXT/plain; charset=UTF-8',
    'application/javascript; charset=UTF-8',
    ...others,
    'text/plain; charset=UTF-8',
  ]);
  assert.deepEqual(await typesWith({ KONG_NGINX_HTTP_CHARSET: 'off' }), [
    'text/html',
    'TEXT/plain',
    'application/javascript',
    ...others,
    'text/plain',
  ]);
});
