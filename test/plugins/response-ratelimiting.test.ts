import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { flood } from './flood.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';

const limiting = (config: JsonObject, scope: Partial<PluginInput> = {}): PluginInput => ({
  name: 'response-ratelimiting',
  config,
  ...scope,
});
const using = (text: string): string => `/response-headers?x-kong-limit=${encodeURIComponent(text)}`;

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  // A minute that ends during the test would begin to count anew.
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 4000) await sleep(left);
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

test('six uses pass, the seventh answer is replaced by an empty 429', async () => {
  await withGateway({ plugins: [limiting({ limits: { video: { minute: 6 } } })] }, async ({ send, echo }) => {
    for (let left = 5; left >= 0; left--) {
      const received = await send({ path: using('video=1') });
      assert.equal(received.status, 200);
      assert.deepEqual(received.header('x-ratelimit-limit-video-minute'), ['6']);
      assert.deepEqual(received.header('x-ratelimit-remaining-video-minute'), [String(left)]);
      assert.deepEqual(received.header('x-kong-limit'), []);
      assert.equal(echo.requests.at(-1)!.headers['x-ratelimit-remaining-video'], String(left + 1));
    }
    const refused = await send({ path: using('video=1') });
    assert.equal(refused.status, 429);
    assert.equal(refused.text, '');
    assert.deepEqual(refused.header('content-length'), ['0']);
    assert.deepEqual(refused.header('x-kong-limit'), []);
    assert.equal(echo.requests.length, 7);
    assert.equal((await send({})).status, 200, 'what uses nothing passes');
  });
});

test('amounts of several names, in one line or several, in every period', async () => {
  const limits = { video: { minute: 10, hour: 100 }, image: { minute: 5 } };
  await withGateway({ plugins: [limiting({ limits })] }, async ({ send, echo }) => {
    const { header } = await send({ path: `${using('video=2, image=1,sound=9')}&x-kong-limit=video%3D1` });
    assert.deepEqual(header('x-ratelimit-remaining-video-minute'), ['7']);
    assert.deepEqual(header('x-ratelimit-remaining-video-hour'), ['97']);
    assert.deepEqual(header('x-ratelimit-remaining-image-minute'), ['4']);
    await send({});
    assert.equal(echo.requests.at(-1)!.headers['x-ratelimit-remaining-video'], '7');
    assert.equal(echo.requests.at(-1)!.headers['x-ratelimit-remaining-image'], '4');
  });
});

test('a 429 counts nothing, not even for other names', async () => {
  await withGateway({ plugins: [limiting({ limits: { a: { minute: 1 }, b: { minute: 9 } } })] }, async ({ send }) => {
    assert.equal((await send({ path: using('a=1') })).status, 200);
    assert.equal((await send({ path: using('a=1,b=5') })).status, 429);
    assert.deepEqual((await send({})).header('x-ratelimit-remaining-b-minute'), ['9']);
  });
});

test('more than is left is still given once', async () => {
  await withGateway({ plugins: [limiting({ limits: { a: { minute: 3 } } })] }, async ({ send }) => {
    const received = await send({ path: using('a=10') });
    assert.equal(received.status, 200);
    assert.deepEqual(received.header('x-ratelimit-remaining-a-minute'), ['0']);
    assert.equal((await send({ path: using('a=1') })).status, 429);
  });
});

test('what is no amount is none', async () => {
  await withGateway({ plugins: [limiting({ limits: { a: { minute: 3 } } })] }, async ({ send }) => {
    for (const text of ['a=x', 'a=-2', 'a', 'a=', '=1', 'a=1e9', 'A=1', 'a=0', ',,']) {
      const received = await send({ path: using(text) });
      assert.deepEqual(received.header('x-ratelimit-remaining-a-minute'), ['3'], text);
    }
    assert.deepEqual((await send({ path: using(' a = 1.5 ') })).header('x-ratelimit-remaining-a-minute'), ['1.5']);
  });
});

test('block_on_first_violation asks the upstream no more', async () => {
  const plugins = [limiting({ limits: { a: { minute: 1 }, b: { minute: 9 } }, block_on_first_violation: true })];
  await withGateway({ plugins }, async ({ send, echo }) => {
    await send({ path: using('a=1') });
    const refused = await send({ path: using('b=1') });
    assert.equal(refused.status, 429);
    assert.match(refused.text, /API rate limit exceeded for 'a'/);
    assert.deepEqual(refused.header('x-ratelimit-limit-a-minute'), []);
    assert.equal(echo.requests.length, 1);
  });
});

test('consumers, credentials and addresses are counted apart', async () => {
  const auth = { name: 'key-auth' };
  const keys = { k1: 'bob', k2: 'bob', k3: 'ann' };
  const statuses = async (limit_by: string): Promise<number[]> => {
    const all: number[] = [];
    await withGateway(
      { plugins: [auth, limiting({ limits: { a: { minute: 1 } }, limit_by })], keys },
      async ({ send }) => {
        for (const apikey of Object.keys(keys))
          all.push((await send({ path: using('a=1'), headers: { apikey } })).status);
      },
    );
    return all;
  };
  assert.deepEqual(await statuses('consumer'), [200, 429, 200]);
  assert.deepEqual(await statuses('credential'), [200, 200, 200]);
  assert.deepEqual(await statuses('ip'), [200, 429, 429]);
});

test('an answer that another plugin gave before has no limits', async () => {
  await withGateway(
    { plugins: [{ name: 'key-auth' }, limiting({ limits: { a: { minute: 1 } } })] },
    async ({ send }) => {
      const received = await send({});
      assert.equal(received.status, 401);
      assert.deepEqual(received.header('x-ratelimit-limit-a-minute'), []);
    },
  );
});

test('parallel answers never use more than the limit', async () => {
  await withGateway({ plugins: [limiting({ limits: { a: { hour: 100 } } })] }, async ({ gateway }) => {
    const { port } = gateway.addresses[0]!;
    const statuses = await flood(port, { requests: 500, connections: 32, path: using('a=1') });
    assert.deepEqual([statuses.get(200), statuses.get(429)], [100, 400]);
  });
});

test('a large body behind a 429 is thrown away, and the connection to the client goes on', async () => {
  await withGateway({ plugins: [limiting({ limits: { a: { minute: 1 } } })] }, async ({ send }) => {
    const path = `/reflect?x-kong-limit=a%3D1`;
    const request = { method: 'POST', path, body: 'x'.repeat(300_000) };
    assert.equal((await send(request)).text.length, 300_000);
    const refused = await send(request);
    assert.deepEqual([refused.status, refused.text], [429, '']);
    assert.equal((await send({})).status, 200);
  });
});

test('Redis out of reach: passes without headers, not even that of the upstream, or 500', async () => {
  const away = (fault_tolerant: boolean): PluginInput =>
    limiting({ limits: { a: { minute: 1 } }, policy: 'redis', redis: { host: '127.0.0.1', port: 1 }, fault_tolerant });
  await withGateway({ plugins: [away(true)] }, async ({ send, logs }) => {
    for (let i = 0; i < 3; i++) {
      const received = await send({ path: using('a=1') });
      assert.equal(received.status, 200);
      assert.deepEqual(received.header('x-ratelimit-limit-a-minute'), []);
      assert.deepEqual(received.header('x-kong-limit'), []);
    }
    assert.equal(logs.filter((line) => line.includes('failed to get usage')).length, 1);
  });
  await withGateway({ plugins: [away(false)] }, async ({ send, echo }) => {
    assert.equal((await send({ path: using('a=1') })).status, 500);
    assert.equal(echo.requests.length, 0);
  });
});
