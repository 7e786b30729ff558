import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';

const ORIGIN = { Origin: 'http://a.test:8080' };
const PREFLIGHT = { method: 'OPTIONS', headers: { ...ORIGIN, 'Access-Control-Request-Method': 'PUT' } } as const;

async function withCors(
  config: JsonObject,
  run: (running: Running) => Promise<void>,
  more: { plugins?: readonly PluginInput[] } & Omit<Partial<SetUp>, 'plugins'> = {},
): Promise<void> {
  const running = await start({ ...more, plugins: [{ name: 'cors', config }, ...(more.plugins ?? [])] });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

test('a preflight needs no credentials, and no other plugin hears of it', async () => {
  const plugins = [{ name: 'key-auth' }, { name: 'rate-limiting', config: { hour: 1 } }];
  await withCors(
    {},
    async ({ send, echo }) => {
      for (let i = 0; i < 3; i++) {
        const received = await send(PREFLIGHT);
        assert.equal(received.status, 200);
        assert.deepEqual(received.header('content-length'), ['0']);
        assert.deepEqual(received.header('access-control-allow-origin'), ['*']);
      }
      assert.equal(echo.requests.length, 0);
    },
    { plugins },
  );
});

test('a preflight hears which headers it asked for, or those that are configured', async () => {
  const asked = { ...PREFLIGHT, headers: { ...PREFLIGHT.headers, 'Access-Control-Request-Headers': 'x-a, x-b' } };
  await withCors({}, async ({ send }) => {
    assert.deepEqual((await send(asked)).header('access-control-allow-headers'), ['x-a, x-b']);
  });
  await withCors({ headers: ['x-c', 'x-d'] }, async ({ send }) => {
    assert.deepEqual((await send(asked)).header('access-control-allow-headers'), ['x-c,x-d']);
  });
});

test('private networks are answered when they are asked about and allowed', async () => {
  const asked = { ...PREFLIGHT, headers: { ...PREFLIGHT.headers, 'Access-Control-Request-Private-Network': 'true' } };
  await withCors({ private_network: true }, async ({ send }) => {
    assert.deepEqual((await send(asked)).header('access-control-allow-private-network'), ['true']);
    assert.deepEqual((await send(PREFLIGHT)).header('access-control-allow-private-network'), []);
  });
  await withCors({}, async ({ send }) => {
    assert.deepEqual((await send(asked)).header('access-control-allow-private-network'), []);
  });
});

test('a preflight of an origin that may not is answered without an allowed origin', async () => {
  await withCors({ origins: ['http://x.test', 'http://y.test'], credentials: true }, async ({ send }) => {
    const received = await send(PREFLIGHT);
    assert.equal(received.status, 200);
    assert.deepEqual(received.header('access-control-allow-origin'), []);
    assert.deepEqual(received.header('access-control-allow-credentials'), ['true']);
    assert.deepEqual(received.header('vary'), ['Origin']);
  });
});

test('OPTIONS with an empty origin is no preflight', async () => {
  await withCors({}, async ({ send, echo }) => {
    await send({ method: 'OPTIONS', headers: { Origin: '', 'Access-Control-Request-Method': 'PUT' } });
    assert.equal(echo.requests.length, 1);
  });
});

test('with credentials everybody is allowed by name', async () => {
  for (const origins of [['*'], ['http://x.test', '*']]) {
    await withCors({ origins, credentials: true }, async ({ send }) => {
      for (const request of [{ headers: ORIGIN }, PREFLIGHT]) {
        const received = await send(request);
        assert.deepEqual(received.header('access-control-allow-origin'), ['http://a.test:8080']);
        assert.deepEqual(received.header('access-control-allow-credentials'), ['true']);
        assert.deepEqual(received.header('vary'), ['Origin']);
      }
    });
  }
  await withCors({ credentials: true }, async ({ send }) => {
    const received = await send({});
    assert.deepEqual(received.header('access-control-allow-origin'), ['*']);
    assert.deepEqual(received.header('access-control-allow-credentials'), []);
    assert.deepEqual(received.header('vary'), []);
  });
});

test('what the upstream varies by stays', async () => {
  await withCors({ origins: ['http://a.test:8080'] }, async ({ send }) => {
    const other = await send({ path: '/response-headers?Vary=Accept-Encoding', headers: ORIGIN });
    assert.deepEqual(other.header('vary'), ['Accept-Encoding', 'Origin']);
    const same = await send({ path: '/response-headers?Vary=accept,%20origin', headers: ORIGIN });
    assert.deepEqual(same.header('vary'), ['accept, origin']);
  });
});

test('errors carry the headers too, whoever makes them', async () => {
  const routes = { r: ['/known'] };
  await withCors(
    {},
    async ({ send }) => {
      for (const [path, status] of [
        ['/known', 401],
        ['/unknown', 404],
      ] as const) {
        const received = await send({ path, headers: ORIGIN });
        assert.equal(received.status, status);
        assert.deepEqual(received.header('access-control-allow-origin'), ['*'], path);
      }
    },
    { routes, plugins: [{ name: 'key-auth' }] },
  );
  await withCors({}, async ({ send }) => {
    const received = await send({ path: '/status/503', headers: ORIGIN });
    assert.equal(received.status, 503);
    assert.deepEqual(received.header('access-control-allow-origin'), ['*']);
  });
});

test('without an origin nothing is added where that is configured', async () => {
  await withCors({ allow_origin_absent: false, credentials: true, exposed_headers: ['x-a'] }, async ({ send }) => {
    for (const headers of [{}, { Origin: '' }]) {
      const received = await send({ headers });
      for (const name of ['origin', 'credentials'])
        assert.deepEqual(received.header(`access-control-allow-${name}`), []);
      assert.deepEqual(received.header('access-control-expose-headers'), []);
    }
    assert.deepEqual((await send({ headers: ORIGIN })).header('access-control-expose-headers'), ['x-a']);
  });
});
