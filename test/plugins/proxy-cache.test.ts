import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { type CacheEntry, cacheName, describeEntry } from '../../src/plugins/proxy-cache/entry.ts';
import { type PluginInput, type Received, type Running, type SetUp, start } from './gateway-fixture.ts';

const caching = (config: JsonObject = {}, scope: Partial<PluginInput> = {}): PluginInput => ({
  name: 'proxy-cache',
  config: { strategy: 'memory', ...config },
  ...scope,
});
const statusOf = (received: Received): string => received.header('x-cache-status').join();
const answering = (headers: Readonly<Record<string, string>>): string =>
  `/response-headers?${new URLSearchParams(headers).toString()}`;

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

/** In place of the echo: an upstream that the test writes. */
async function withUpstream(
  plugins: readonly PluginInput[],
  listener: RequestListener,
  run: (running: Running) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await withGateway({ plugins }, async (running) => {
      const [service] = running.store.state.list('services');
      const { port } = server.address() as AddressInfo;
      await running.store.commit([{ action: 'update', kind: 'services', entity: { ...service!, port } }]);
      await run(running);
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('a hit is the same answer: status, headers and body, with its age', async () => {
  await withGateway({ plugins: [caching()] }, async ({ send, echo }) => {
    const path = answering({ 'X-Made': 'upstream', 'X-RateLimit-Remaining': '5', Age: '9' });
    const miss = await send({ path });
    const hit = await send({ path });
    assert.deepEqual([statusOf(miss), statusOf(hit)], ['Miss', 'Hit']);
    assert.equal(hit.status, 200);
    assert.equal(hit.text, miss.text);
    assert.deepEqual(hit.header('x-made'), ['upstream']);
    assert.deepEqual(hit.header('content-type'), ['application/json']);
    assert.deepEqual(hit.header('content-length'), [String(hit.text.length)]);
    assert.deepEqual(hit.header('x-ratelimit-remaining'), []);
    assert.deepEqual(hit.header('age'), ['0']);
    assert.match(hit.header('x-cache-key')[0]!, /^[0-9a-f]{64}$/);
    assert.deepEqual(hit.header('x-cache-key'), miss.header('x-cache-key'));
    assert.equal(echo.requests.length, 1);
  });
});

test('a hit carries the headers of a proxied answer', async () => {
  await withGateway({ plugins: [caching()] }, async ({ send }) => {
    await send({});
    const { header } = await send({});
    assert.match(header('x-kong-proxy-latency')[0]!, /^\d+$/);
    assert.match(header('x-kong-upstream-latency')[0]!, /^\d+$/);
    assert.match(header('via')[0]!, /kong/);
    assert.equal(header('x-kong-request-id').length, 1);
    assert.deepEqual(header('x-kong-response-latency'), []);
  });
});

test('after cache_ttl the upstream is asked again', async () => {
  await withGateway({ plugins: [caching({ cache_ttl: 1, storage_ttl: 60 })] }, async ({ send }) => {
    assert.equal(statusOf(await send({})), 'Miss');
    assert.equal(statusOf(await send({})), 'Hit');
    await sleep(1100);
    assert.equal(statusOf(await send({})), 'Refresh');
    assert.equal(statusOf(await send({})), 'Hit');
  });
});

test('statuses, methods and media types that are not stored', async () => {
  await withGateway({ plugins: [caching()] }, async ({ send }) => {
    for (let i = 0; i < 2; i++) {
      assert.equal(statusOf(await send({ path: '/status/418' })), 'Bypass');
      assert.equal(statusOf(await send({ method: 'DELETE' })), 'Bypass');
      assert.equal(statusOf(await send({ path: '/reflect' })), i === 0 ? 'Miss' : 'Hit');
      const xml = { path: '/reflect', headers: { 'Content-Type': 'text/xml' } };
      assert.equal(statusOf(await send({ ...xml, path: '/reflect?xml' })), 'Bypass');
    }
    assert.equal(statusOf(await send({ path: '/status/404' })), 'Miss');
    const notFound = await send({ path: '/status/404' });
    assert.deepEqual([notFound.status, statusOf(notFound)], [404, 'Hit']);
  });
});

test('an upstream without a media type, or with a broken one', async () => {
  for (const type of [undefined, 'nonsense', 'a/b/c', ';']) {
    await withUpstream(
      [caching({ content_type: ['*/*'] })],
      (_, response) => {
        if (type !== undefined) response.setHeader('Content-Type', type);
        response.end('x');
      },
      async ({ send }) => assert.equal(statusOf(await send({})), 'Bypass', String(type)),
    );
  }
});

test('the order of the query does not matter, everything else does', async () => {
  await withGateway({ plugins: [caching()] }, async ({ send }) => {
    const keyOf = async (path: string, host = 'a.test'): Promise<string> =>
      (await send({ path, host })).header('x-cache-key')[0]!;
    const base = await keyOf('/x?a=1&b=2');
    assert.equal(await keyOf('/x?b=2&a=1'), base);
    assert.equal(await keyOf('/x?a=%31&b=2'), base);
    assert.equal(await keyOf('/x?b=2&a=1', 'A.test:8000'), base);
    const others = await Promise.all(
      [
        '/x',
        '/x?',
        '/X?a=1&b=2',
        '/x?a=1&b=2&c',
        '/x?a=1&b=2&c=',
        '/x?a=1:b=2',
        '/x?a=1&b=2&b=3',
        '/x?a=1&b=3&b=2',
        '/x?=1',
        '/x?=2',
        '/x?a=1&b=2&=1',
      ].map((path) => keyOf(path)),
    );
    const all = [base, ...others, await keyOf('/x?a=1&b=2', 'b.test')];
    // Only the empty query is none.
    assert.equal(new Set(all).size, all.length - 1);
  });
});

test('vary_query_params, vary_headers and ignore_uri_case', async () => {
  const config = { vary_query_params: ['a'], vary_headers: ['X-Lang'], ignore_uri_case: true };
  await withGateway({ plugins: [caching(config)] }, async ({ send }) => {
    const of = async (path: string, lang = 'de'): Promise<string> =>
      statusOf(await send({ path, headers: { 'X-Lang': lang } }));
    assert.equal(await of('/x?a=1&b=2'), 'Miss');
    assert.equal(await of('/X?b=9&a=1'), 'Hit');
    assert.equal(await of('/x?a=2'), 'Miss');
    assert.equal(await of('/x?a=1', 'en'), 'Miss');
    assert.equal(await of('/x?a=1', 'en'), 'Hit');
  });
});

test('an empty list of vary_query_params stands for all arguments, as none does', async () => {
  await withGateway({ plugins: [caching({ vary_query_params: [], vary_headers: [] })] }, async ({ send }) => {
    const of = async (path: string): Promise<string> => statusOf(await send({ path, headers: { 'X-Lang': path } }));
    assert.equal(await of('/x?a=1&b=2'), 'Miss');
    assert.equal(await of('/x?a=2&b=2'), 'Miss');
    assert.equal(await of('/x?b=2&a=1'), 'Hit');
  });
});

test('two bodies of a cached POST are two requests', async () => {
  await withGateway(
    { plugins: [caching({ request_method: ['POST'], content_type: ['*/*'] })] },
    async ({ send, echo }) => {
      const post = (body: string) => send({ method: 'POST', path: '/reflect', body });
      assert.equal((await post('one')).text, 'one');
      const other = await post('two');
      assert.deepEqual([statusOf(other), other.text], ['Miss', 'two']);
      const again = await post('one');
      assert.deepEqual([statusOf(again), again.text], ['Hit', 'one']);
      assert.equal(echo.requests.length, 2);
    },
  );
});

test('callers whom the gateway does not know share nothing that they asked for with a login', async () => {
  await withGateway({ plugins: [caching()] }, async ({ send, echo }) => {
    const headers = { Authorization: 'Basic abc' };
    for (let i = 0; i < 2; i++) assert.equal(statusOf(await send({ headers })), 'Bypass');
    assert.equal(statusOf(await send({})), 'Miss');
    assert.equal(statusOf(await send({ headers })), 'Bypass');
    assert.equal(echo.requests.length, 4);
  });
});

test('an answer with a cookie is not stored', async () => {
  await withGateway({ plugins: [caching()] }, async ({ send }) => {
    for (let i = 0; i < 2; i++)
      assert.equal(statusOf(await send({ path: answering({ 'Set-Cookie': 'id=1' }) })), 'Bypass');
  });
});

test('one consumer on two routes, two on one, and nobody', async () => {
  const routes = { a: ['/a'], b: ['/b'] };
  const plugins = [caching(), { name: 'key-auth', config: { anonymous: 'anonymous' } }];
  await withGateway({ plugins, routes, keys: { k1: 'bob', k2: 'ann' } }, async ({ send }) => {
    const of = async (path: string, apikey: string): Promise<string> =>
      statusOf(await send({ path, headers: { apikey } }));
    assert.equal(await of('/a', 'k1'), 'Miss');
    assert.equal(await of('/b', 'k1'), 'Miss');
    assert.equal(await of('/a', 'k2'), 'Miss');
    assert.equal(await of('/a', 'unknown'), 'Miss');
    for (const [path, key] of [
      ['/a', 'k1'],
      ['/b', 'k1'],
      ['/a', 'k2'],
      ['/a', 'unknown'],
    ] as const)
      assert.equal(await of(path, key), 'Hit');
  });
});

test('other plugins treat a hit like a fresh answer, once', async () => {
  const plugins = [
    caching(),
    { name: 'cors', config: { origins: ['https://a.test', 'https://b.test'] } },
    { name: 'rate-limiting', config: { hour: 3 } },
    { name: 'response-transformer', config: { append: { headers: ['x-list:1'], json: ['method:!'] } } },
  ];
  await withGateway({ plugins }, async ({ send }) => {
    for (const [i, origin] of ['https://a.test', 'https://b.test', 'https://a.test'].entries()) {
      const received = await send({ headers: { Origin: origin } });
      assert.equal(statusOf(received), i === 0 ? 'Miss' : 'Hit');
      assert.deepEqual(received.header('access-control-allow-origin'), [origin]);
      assert.deepEqual(received.header('x-ratelimit-remaining-hour'), [String(2 - i)]);
      assert.deepEqual(received.header('x-list'), ['1']);
      assert.deepEqual((JSON.parse(received.text) as JsonObject)['method'], ['GET', '!']);
    }
    assert.equal((await send({})).status, 429, 'hits count');
  });
});

test('an answer that breaks off is not stored', async () => {
  let count = 0;
  await withUpstream(
    [caching()],
    (_, response) => {
      count += 1;
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '10' });
      if (count === 1) response.write('12345', () => response.destroy());
      else response.end('1234567890');
    },
    async ({ send }) => {
      await assert.rejects(send({}));
      const received = await send({});
      assert.deepEqual([statusOf(received), received.text], ['Miss', '1234567890']);
      assert.equal(statusOf(await send({})), 'Hit');
    },
  );
});

test('a streamed answer is passed on as it comes, and stored when it is complete', async () => {
  let release = (): void => undefined;
  await withUpstream(
    [caching()],
    (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      response.write('first ');
      release = () => response.end('second');
    },
    async ({ send }) => {
      const first = send({});
      await sleep(100);
      const early = send({});
      await sleep(100);
      release();
      assert.equal(statusOf(await early), 'Miss', 'nothing is there before the end');
      await Promise.race([first, sleep(500)]);
      const hit = await send({});
      assert.deepEqual([statusOf(hit), hit.text], ['Hit', 'first second']);
    },
  );
});

test('bodies of many pieces are kept as they came, those of neighbours apart', async () => {
  await withUpstream(
    [caching()],
    ({ url }, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      const letter = url!.at(-1)!;
      let left = 40;
      const more = (): void => {
        if (left-- === 0) response.end();
        else response.write(`${letter}${left}`.repeat(5000), () => setImmediate(more));
      };
      more();
    },
    async ({ send }) => {
      const paths = ['/a', '/b', '/c', '/d'];
      const fresh = await Promise.all(paths.map((path) => send({ path })));
      const kept = await Promise.all(paths.map((path) => send({ path })));
      for (const [i, hit] of kept.entries()) {
        assert.equal(statusOf(hit), 'Hit');
        assert.equal(hit.text === fresh[i]!.text, true, `path ${i}`);
        assert.equal(hit.text.length > 400_000, true);
      }
    },
  );
});

test('HEAD has its own entry, with the length that the upstream told', async () => {
  await withUpstream(
    [caching()],
    ({ method }, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '5' });
      response.end(method === 'HEAD' ? undefined : 'hello');
    },
    async ({ send }) => {
      assert.equal(statusOf(await send({})), 'Miss');
      for (const expected of ['Miss', 'Hit']) {
        const head = await send({ method: 'HEAD' });
        assert.deepEqual([statusOf(head), head.text, head.header('content-length')], [expected, '', ['5']]);
      }
      const get = await send({});
      assert.deepEqual([statusOf(get), get.text], ['Hit', 'hello']);
    },
  );
});

test('cache_control: what the request may ask', async () => {
  const path = answering({ 'Cache-Control': 'max-age=1' });
  await withGateway({ plugins: [caching({ cache_control: true, storage_ttl: 60 })] }, async ({ send, echo }) => {
    const asking = (text: string) => send({ path, headers: { 'Cache-Control': text } });
    const nothing = await asking('only-if-cached');
    assert.deepEqual([nothing.status, nothing.text], [504, '']);
    assert.equal(statusOf(await asking('max-age=0')), 'Miss');
    assert.equal(statusOf(await asking('')), 'Hit');
    assert.equal(statusOf(await asking('only-if-cached')), 'Hit');
    for (const text of ['no-store', 'No-Cache', 'max-age=5, no-cache'])
      assert.equal(statusOf(await asking(text)), 'Bypass');
    assert.equal(statusOf(await asking('min-fresh=30')), 'Refresh');
    await sleep(1200);
    assert.equal(statusOf(await asking('max-stale=30')), 'Hit');
    assert.equal(statusOf(await asking('max-stale')), 'Hit');
    assert.equal(statusOf(await asking('max-stale=30, max-age=0')), 'Refresh');
    await sleep(1200);
    assert.equal(statusOf(await asking('')), 'Refresh', 'what is no longer fresh is not sent');
    assert.ok(echo.requests.length >= 6);
  });
});

test('cache_control: what the client asks for counts in whole seconds', async () => {
  const path = answering({ 'Cache-Control': 'max-age=60' });
  await withGateway({ plugins: [caching({ cache_control: true })] }, async ({ send }) => {
    const asking = (text: string) => send({ path, headers: { 'Cache-Control': text } });
    await asking('');
    for (const text of ['max-age=0', 'min-fresh=60']) {
      const hit = await asking(text);
      assert.deepEqual([statusOf(hit), hit.header('age')], ['Hit', ['0']], text);
    }
    assert.equal(statusOf(await asking('min-fresh=61')), 'Refresh');
  });
});

test('cache_control: what the answer allows', async () => {
  await withGateway({ plugins: [caching({ cache_control: true })] }, async ({ send }) => {
    const of = async (headers: Readonly<Record<string, string>>): Promise<string> =>
      statusOf(await send({ path: answering(headers) }));
    const soon = new Date(Date.now() + 60_000).toUTCString();
    for (const headers of [
      { 'Cache-Control': 'max-age=60' },
      { 'Cache-Control': 'max-age=0, s-maxage=9' },
      { Expires: soon },
    ]) {
      assert.equal(await of(headers), 'Miss', JSON.stringify(headers));
    }
    for (const headers of [
      { 'Cache-Control': 'no-store, max-age=60' },
      { 'Cache-Control': 'private, max-age=60' },
      { 'Cache-Control': 'no-cache' },
      { 'Cache-Control': 'max-age=60, s-maxage=0' },
      { 'Cache-Control': 'max-age=x' },
      { Expires: '0' },
      { Expires: new Date(Date.now() - 5000).toUTCString() },
      { 'Cache-Control': 'max-age=60', Vary: '*' },
    ]) {
      assert.equal(await of(headers), 'Bypass', JSON.stringify(headers));
    }
    const headers = { Authorization: 'Bearer x' };
    assert.equal(statusOf(await send({ path: answering({ 'Cache-Control': 'max-age=60' }), headers })), 'Bypass');
  });
});

test('the cache can be looked into and emptied by its name', async () => {
  await withGateway({ plugins: [caching({ memory: { dictionary_name: 'mine' } })] }, async ({ send, gateway }) => {
    const [key] = (await send({})).header('x-cache-key');
    const cache = gateway.caches.open<CacheEntry>(cacheName('mine'));
    const entry = describeEntry(cache.get(key!)!);
    assert.equal(entry['status'], 200);
    assert.equal(entry['ttl'], 300);
    assert.equal((entry['headers'] as JsonObject)['content-type'], 'application/json');
    assert.equal(entry['body_len'], String(entry['body']).length);
    assert.equal(cache.delete(key!), true);
    assert.equal(cache.delete(key!), false);
    assert.equal(statusOf(await send({})), 'Miss');
    cache.clear();
    assert.equal(statusOf(await send({})), 'Miss');
  });
});
