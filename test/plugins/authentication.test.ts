// The frame around several authentication plugins: key-auth and, after it, a plugin of the test that knows a caller by the
// header `x-user`.
import assert from 'node:assert/strict';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { test } from 'node:test';
import { challenge, definePlugin, error, hasExpired, withAnonymous } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { CONSUMERS, type PluginInput, type Running, start } from './gateway-fixture.ts';

const userAuth = definePlugin({
  name: 'user-auth',
  priority: 1100,
  version: '1.0.0',
  schema: {
    fields: { config: { type: 'record', required: true, fields: { anonymous: { type: 'string' } } } },
  },
  handler: async () => ({
    create(config: { anonymous: string | null }, environment) {
      const refusal = error(401, 'who are you?', { 'WWW-Authenticate': challenge('User', 'a "test"\r\n') });
      const access = withAnonymous(
        async ({ request, client }) => {
          // Another turn of the event loop, as for a plugin that asks somebody.
          await Promise.resolve();
          const name = request.header('x-user');
          if (name === 'broken') return error(500);
          const consumer = name === undefined ? undefined : environment.entities.find('consumers', 'username', name);
          if (consumer === undefined) return refusal;
          client.authenticate(consumer, { id: `user-${name}` }, name);
          return undefined;
        },
        config.anonymous,
        environment,
      );
      return { access };
    },
  }),
});

const KEYS = { kong: 'bob' };
const ANYONE = { anonymous: 'anonymous' };

async function withPlugins(plugins: readonly PluginInput[], run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start({ plugins, keys: KEYS, definitions: [...bundledPlugins, userAuth] });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

const both = (first: PluginInput['config'], second: PluginInput['config']): PluginInput[] => [
  { name: 'key-auth', ...(first === undefined ? {} : { config: first }) },
  { name: 'user-auth', ...(second === undefined ? {} : { config: second }) },
];

test('without anonymous every plugin must succeed, and the last one says who it is', async () => {
  await withPlugins(both(undefined, undefined), async ({ send, echo }) => {
    assert.equal((await send({ headers: { apikey: 'kong', 'x-user': 'ann' } })).status, 200);
    const seen = echo.requests.at(-1)!.headers;
    assert.equal(seen['x-consumer-username'], 'ann');
    assert.equal(seen['x-credential-identifier'], 'ann');
    assert.equal(seen['x-consumer-custom-id'], undefined);

    const noUser = await send({ headers: { apikey: 'kong' } });
    assert.equal(noUser.status, 401);
    assert.match(noUser.text, /who are you/);
    assert.deepEqual(noUser.header('www-authenticate'), ['User realm="a \\"test\\""']);
    assert.match((await send({ headers: { 'x-user': 'ann' } })).text, /No API key found/);
    assert.equal(echo.requests.length, 1);
  });
});

test('with anonymous one success is enough, and the first one counts', async () => {
  await withPlugins(both(ANYONE, ANYONE), async ({ send, echo }) => {
    const cases = [
      [{ apikey: 'kong' }, 'bob', undefined],
      [{ 'x-user': 'ann' }, 'ann', undefined],
      [{ apikey: 'kong', 'x-user': 'ann' }, 'bob', undefined],
      [{ apikey: 'wrong', 'x-user': 'ann' }, 'ann', undefined],
      [{ apikey: 'wrong' }, 'anonymous', 'true'],
      [{}, 'anonymous', 'true'],
    ] as const;
    for (const [headers, username, isAnonymous] of cases) {
      assert.equal((await send({ headers: { ...headers } })).status, 200);
      const seen = echo.requests.at(-1)!.headers;
      assert.equal(seen['x-consumer-username'], username, JSON.stringify(headers));
      assert.equal(seen['x-anonymous-consumer'], isAnonymous, JSON.stringify(headers));
    }
  });
});

test('a failure of the gateway is no reason to let a caller in as anonymous', async () => {
  await withPlugins(both(ANYONE, ANYONE), async ({ send, echo }) => {
    assert.equal((await send({ headers: { 'x-user': 'broken' } })).status, 500);
    assert.equal(echo.requests.length, 0);
  });
});

test('the anonymous consumer is found by id and by username, not by custom_id', async () => {
  for (const [anonymous, status] of [
    [CONSUMERS['bob']!, 200],
    ['bob', 200],
    ['c-bob', 500],
  ] as const) {
    await withPlugins([{ name: 'key-auth', config: { anonymous } }], async ({ send }) => {
      const received = await send({});
      assert.equal(received.status, status, anonymous);
      if (status === 500) assert.match(received.text, /anonymous consumer c-bob is configured but doesn't exist/);
    });
  }
});

test('identity headers that a client sends do not pass an authentication plugin', async () => {
  await withPlugins([{ name: 'key-auth', config: { anonymous: 'ann' } }], async ({ send, echo }) => {
    const claims = {
      'X-Consumer-ID': 'x',
      'X-Consumer-Username': 'root',
      'X-Consumer-Custom-ID': 'x',
      'X-Credential-Identifier': 'x',
      'X-Anonymous-Consumer': 'x',
    };
    await send({ headers: { ...claims, apikey: 'kong' } });
    const known = echo.requests.at(-1)!.headers;
    assert.equal(known['x-consumer-id'], CONSUMERS['bob']);
    assert.equal(known['x-consumer-username'], 'bob');
    assert.equal(known['x-consumer-custom-id'], 'c-bob');
    assert.equal(known['x-credential-identifier'], 'c0000000-0000-4000-8000-000000000001');
    assert.equal(known['x-anonymous-consumer'], undefined);

    await send({ headers: claims });
    const unknown = echo.requests.at(-1)!.headers;
    assert.equal(unknown['x-consumer-username'], 'ann');
    assert.equal(unknown['x-consumer-custom-id'], undefined);
    assert.equal(unknown['x-credential-identifier'], undefined);
    assert.equal(unknown['x-anonymous-consumer'], 'true');
  });
});

/** The head of the answer. */
function callGrpc(port: number): Promise<IncomingHttpHeaders> {
  const session = connect(`http://127.0.0.1:${port}`);
  const stream = session.request({ ':method': 'POST', ':path': '/x.Y/Z', 'content-type': 'application/grpc' });
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('response', resolve);
    stream.on('close', () => session.close());
    stream.resume();
    stream.end();
  });
}

test('a gRPC caller is refused with status 16, whichever plugin refuses', async () => {
  const plugins = ['key-auth', 'basic-auth', 'hmac-auth', 'jwt'];
  for (const name of plugins) {
    const running = await start({ plugins: [{ name }], http2: true });
    try {
      const head = await callGrpc(running.gateway.addresses[0]!.port);
      assert.equal(head[':status'], 200, name);
      assert.equal(head['grpc-status'], '16', name);
    } finally {
      await running.close();
    }
  }
});

test('a challenge names its realm as a quoted text', () => {
  assert.equal(challenge('Key', null), 'Key');
  assert.equal(challenge('Key', 'my realm'), 'Key realm="my realm"');
  assert.equal(challenge('Key', 'a"b\\c\n'), 'Key realm="a\\"b\\\\c"');
});

test('ttl is the moment of expiry; that moment itself is too late', () => {
  const entity = (ttl: number | null) => ({ id: 'x', ttl });
  assert.equal(hasExpired(entity(100), 99_999), false);
  assert.equal(hasExpired(entity(100), 100_000), true);
  assert.equal(hasExpired(entity(null), 100_000), false);
  assert.equal(hasExpired({ id: 'x' }, 100_000), false);
});
