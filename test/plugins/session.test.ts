// Sessions behind key-auth, which lets anonymous callers pass; who is known shows in the headers that the upstream gets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { definePlugin, type EntityWrite, type PluginDefinition } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { create } from '../../src/plugins/session/handler.ts';
import { session } from '../../src/plugins/session/index.ts';
import { authenticatedGroups } from '../../src/plugins/shared/groups.ts';
import { CONSUMERS, type PluginInput, type Received, type Running, start } from './gateway-fixture.ts';

const SECRET = 'a secret for sessions';
const KEY = { apikey: 'kong' };

/** Tells groups of whoever logs in with a key, as an identity provider's plugin would. */
const teller = definePlugin({
  name: 'teller',
  priority: 1100,
  version: '1.0.0',
  schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
  handler: async () => ({
    create: () => ({
      access({ request, shared }) {
        const told = request.header('x-told');
        if (told !== undefined) shared.set(authenticatedGroups, told.split(' '));
      },
    }),
  }),
});

/** Seconds by which the clock of the plugin is ahead. */
let ahead = 0;
const clock = { now: () => Date.now() + ahead * 1000 };

/** Lives count from the clock of the plugin, too. */
const later = (write: EntityWrite): EntityWrite =>
  write.action === 'delete' || typeof write.values['ttl'] !== 'number'
    ? write
    : { ...write, values: { ...write.values, ttl: write.values['ttl'] + ahead } };

const sessionAhead: PluginDefinition = {
  ...session,
  handler: async () => ({
    create(config: never, environment) {
      const { entities } = environment;
      return create(config, {
        ...environment,
        clock,
        entities: {
          isReadOnly: false,
          get: (kind, id) => entities.get(kind, id),
          list: (kind) => entities.list(kind),
          find: (kind, field, value) => entities.find(kind, field, value),
          findTuple: (kind, values) => entities.findTuple(kind, values),
          children: (kind, field, parent) => entities.children(kind, field, parent),
          write: (writes) => entities.write(writes.map(later)),
        },
      });
    },
  }),
};
const definitions = [...bundledPlugins.filter(({ name }) => name !== 'session'), sessionAhead, teller];

async function withSession(
  config: JsonObject,
  run: (running: Running) => Promise<void>,
  more: readonly PluginInput[] = [],
): Promise<void> {
  ahead = 0;
  const running = await start({
    plugins: [
      { name: 'session', config: { secret: SECRET, ...config } },
      { name: 'key-auth', config: { anonymous: 'anonymous' } },
      ...more,
    ],
    keys: { kong: 'bob', annkey: 'ann' },
    definitions,
  });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

/** `name=value` of every cookie that is set. */
const cookiesOf = (received: Received): string =>
  received
    .header('set-cookie')
    .map((line) => line.split(';')[0])
    .join('; ');

const whoIs = async ({ send, echo }: Running, Cookie: string): Promise<unknown> => {
  assert.equal((await send({ headers: { Cookie } })).status, 200);
  return echo.requests.at(-1)!.headers['x-consumer-username'];
};

for (const storage of ['cookie', 'kong'] as const) {
  test(`${storage}: the cookie stands for the credential, and is set once`, async () => {
    await withSession({ storage }, async (running) => {
      const { send, echo } = running;
      const login = await send({ headers: KEY });
      assert.equal(login.header('set-cookie').length, 1);
      const again = await send({ headers: { Cookie: cookiesOf(login) } });
      assert.deepEqual(again.header('set-cookie'), []);
      const seen = echo.requests.at(-1)!.headers;
      assert.equal(seen['x-consumer-id'], CONSUMERS['bob']);
      assert.equal(seen['x-consumer-custom-id'], 'c-bob');
      assert.equal(seen['x-credential-identifier'], 'c0000000-0000-4000-8000-000000000001');
      assert.equal(seen['x-anonymous-consumer'], undefined);
      assert.equal(await whoIs(running, `${cookiesOf(login)}x`), 'anonymous');
    });
  });

  test(`${storage}: logging out deletes the cookie`, async () => {
    await withSession({ storage, logout_methods: ['GET', 'POST'], read_body_for_logout: true }, async (running) => {
      const { send } = running;
      const login = async () => ({ Cookie: cookiesOf(await send({ headers: KEY })) });
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const leaving = [
        { path: '/x?session_logout', headers: await login() },
        { path: '/x?session_logout=1', method: 'POST', headers: await login() },
        { method: 'POST', headers: { ...(await login()), ...form }, body: 'a=1&session_logout=true' },
        {
          method: 'POST',
          headers: { ...(await login()), 'Content-Type': 'application/json' },
          body: '{"session_logout":true}',
        },
      ];
      for (const request of leaving) {
        const before = running.echo.requests.length;
        const received = await send(request);
        assert.equal(received.status, 200);
        assert.equal(received.text, '');
        assert.match(received.header('set-cookie')[0]!, /^session=; Path=\/; .*Expires=Thu, 01 Jan 1970.*; Max-Age=0$/);
        assert.equal(running.echo.requests.length, before);
        // What the gateway keeps is gone; a cookie that holds everything cannot be called back.
        assert.equal(await whoIs(running, request.headers.Cookie), storage === 'kong' ? 'anonymous' : 'bob');
      }
      const { Cookie } = await login();
      for (const request of [
        { path: '/x?session_logout', method: 'DELETE' },
        { method: 'POST', body: 'session_logout=1' },
        { path: '/x?other' },
      ]) {
        assert.deepEqual((await send({ ...request, headers: { Cookie } })).header('set-cookie'), []);
      }
    });
  });

  test(`${storage}: groups come back with the session`, async () => {
    const plugins = [
      { name: 'teller' },
      { name: 'acl', config: { allow: ['staff'], always_use_authenticated_groups: true } },
    ];
    await withSession(
      { storage },
      async ({ send, echo }) => {
        const login = await send({ headers: { ...KEY, 'x-told': 'staff größe' } });
        assert.equal(login.status, 200);
        const headers = { Cookie: cookiesOf(login), 'X-Authenticated-Groups': 'root' };
        assert.equal((await send({ headers })).status, 200);
        assert.equal(
          echo.requests.at(-1)!.headers['x-authenticated-groups'],
          Buffer.from('staff, größe').toString('latin1'),
        );
        const other = cookiesOf(await send({ headers: { ...KEY, 'x-told': 'guests' } }));
        assert.equal((await send({ headers: { Cookie: other } })).status, 403);
      },
      plugins,
    );
  });

  test(`${storage}: another secret or another audience does not know the session`, async () => {
    let cookie = '';
    await withSession({ storage }, async (running) => {
      cookie = cookiesOf(await running.send({ headers: KEY }));
      assert.equal(await whoIs(running, cookie), 'bob');
      const entity = running.store.state.list('plugins').find((plugin) => plugin['name'] === 'session')!;
      for (const change of [{ audience: 'other' }, { secret: 'new secret' }]) {
        const config = { ...(entity['config'] as JsonObject), ...change };
        await running.store.commit([{ action: 'update', kind: 'plugins', entity: { ...entity, config } }]);
        assert.equal(await whoIs(running, cookie), 'anonymous');
      }
      await running.store.commit([{ action: 'update', kind: 'plugins', entity }]);
      assert.equal(await whoIs(running, cookie), 'bob');
    });
  });

  test(`${storage}: a session of a consumer who is gone is deleted`, async () => {
    await withSession({ storage }, async ({ send, store, echo }) => {
      const Cookie = cookiesOf(await send({ headers: KEY }));
      await store.commit([{ action: 'delete', kind: 'consumers', id: CONSUMERS['bob']! }]);
      const received = await send({ headers: { Cookie } });
      assert.equal(echo.requests.at(-1)!.headers['x-consumer-username'], 'anonymous');
      assert.match(received.header('set-cookie')[0]!, /Max-Age=0$/);
      assert.equal(store.state.count('sessions'), 0);
    });
  });

  test(`${storage}: timeouts end a session, use prolongs it, renewal changes it`, async () => {
    await withSession({ storage, idling_timeout: 900, rolling_timeout: 0 }, async (running) => {
      const idle = cookiesOf(await running.send({ headers: KEY }));
      let used = idle;
      for (let i = 0; i < 3; i++) {
        ahead += 600;
        const received = await running.send({ headers: { Cookie: used } });
        assert.equal(running.echo.requests.at(-1)!.headers['x-consumer-username'], 'bob', String(i));
        used = cookiesOf(received) || used;
      }
      if (storage === 'cookie') assert.equal(await whoIs(running, idle), 'anonymous');
      ahead += 901;
      assert.equal(await whoIs(running, used), 'anonymous');
    });
    await withSession({ storage, idling_timeout: 0, rolling_timeout: 1000, stale_ttl: 30 }, async (running) => {
      const old = cookiesOf(await running.send({ headers: KEY }));
      ahead += 800;
      const renewed = cookiesOf(await running.send({ headers: { Cookie: old } }));
      assert.equal(running.echo.requests.at(-1)!.headers['x-consumer-username'], 'bob');
      assert.notEqual(renewed, '');
      assert.notEqual(renewed, old);
      ahead += 20;
      assert.equal(await whoIs(running, old), 'bob');
      ahead += 11;
      assert.equal(await whoIs(running, old), storage === 'kong' ? 'anonymous' : 'bob');
      ahead += 300;
      assert.equal(await whoIs(running, old), 'anonymous');
      assert.equal(await whoIs(running, renewed), 'bob');
    });
    await withSession({ storage, idling_timeout: 0, rolling_timeout: 0, absolute_timeout: 1000 }, async (running) => {
      const cookie = cookiesOf(await running.send({ headers: KEY }));
      ahead += 990;
      assert.equal(await whoIs(running, cookie), 'bob');
      ahead += 11;
      assert.equal(await whoIs(running, cookie), 'anonymous');
    });
  });
}

test('kong: the store holds sealed content, and metadata when asked for', async () => {
  const config = { storage: 'kong', store_metadata: true, hash_subject: true };
  await withSession(config, async ({ send, store }) => {
    const cookie = cookiesOf(await send({ headers: KEY }));
    const [row] = store.state.list('sessions');
    assert.ok(!JSON.stringify(row).includes('bob') && !JSON.stringify(row).includes(CONSUMERS['bob']!));
    assert.ok(!cookie.includes(String(row!['session_id'])));
    const now = Date.now() / 1000;
    assert.ok(Math.abs(Number(row!['expires']) - now - 900) < 3);
    assert.equal(row!['ttl'], row!['expires']);
    const [metadata] = store.state.list('session_metadatas');
    assert.equal(metadata!['sid'], row!['session_id']);
    assert.equal(metadata!['audience'], 'default');
    // SHA-256 of "bob".
    assert.equal(metadata!['subject'], '81b637d8fcd2c6da6359e6963113a1170de795e4b725b84d1e0b4cfd9ec58ce9');
  });
});

test('remember: a kept cookie starts the next session', async () => {
  await withSession({ remember: true, remember_rolling_timeout: 1000, logout_methods: ['GET'] }, async (running) => {
    const { send } = running;
    const login = await send({ headers: KEY });
    const [session = '', kept = ''] = login.header('set-cookie');
    assert.match(session, /^session=[^;]+; Path=\/; SameSite=Strict; Secure; HttpOnly$/);
    assert.match(
      kept,
      /^remember=[^;]+; Path=\/; SameSite=Strict; Secure; HttpOnly; Expires=\w{3}, [^;]+ GMT; Max-Age=1000$/,
    );
    const Cookie = kept.split(';')[0]!;
    const back = await send({ headers: { Cookie } });
    assert.equal(running.echo.requests.at(-1)!.headers['x-consumer-username'], 'bob');
    assert.match(cookiesOf(back), /^session=/);
    assert.equal(await whoIs(running, cookiesOf(back)), 'bob');
    // One cookie is not taken for the other.
    assert.equal(await whoIs(running, Cookie.replace('remember=', 'session=')), 'anonymous');
    const out = await send({ path: '/?session_logout', headers: { Cookie } });
    assert.deepEqual(out.header('set-cookie').length, 1);
    assert.match(out.header('set-cookie')[0]!, /^remember=; .*Max-Age=0$/);
  });
});

test('facts of the session in headers', async () => {
  const facts = ['id', 'audience', 'subject', 'timeout', 'idling-timeout', 'rolling-timeout', 'absolute-timeout'];
  const config = { request_headers: facts, response_headers: facts, absolute_timeout: 0 };
  await withSession(config, async ({ send, echo }) => {
    const login = await send({ headers: KEY });
    assert.deepEqual(login.header('session-subject'), ['bob']);
    const headers = { Cookie: cookiesOf(login), 'Session-Absolute-Timeout': '5' };
    const received = await send({ headers });
    const seen = echo.requests.at(-1)!.headers;
    assert.match(String(seen['session-id']), /^[A-Za-z0-9_-]{43}$/);
    assert.deepEqual(received.header('session-id'), [seen['session-id']]);
    assert.equal(seen['session-audience'], 'default');
    assert.ok(Number(seen['session-idling-timeout']) > 890 && Number(seen['session-timeout']) <= 900);
    assert.ok(Number(seen['session-rolling-timeout']) > 3590);
    assert.equal(seen['session-absolute-timeout'], undefined);
  });
});

test('a session that another caller takes over becomes his', async () => {
  await withSession({ storage: 'kong' }, async (running) => {
    // Without `anonymous` key-auth authenticates every request, whatever the session says.
    const { store } = running;
    const keyAuth = store.state.list('plugins').find((plugin) => plugin['name'] === 'key-auth')!;
    const config = { ...(keyAuth['config'] as JsonObject), anonymous: null };
    await store.commit([{ action: 'update', kind: 'plugins', entity: { ...keyAuth, config } }]);
    const bob = cookiesOf(await running.send({ headers: KEY }));
    const ann = cookiesOf(await running.send({ headers: { apikey: 'annkey', Cookie: bob } }));
    assert.notEqual(ann, '');
    assert.equal(store.state.count('sessions'), 1);
  });
});

test('without a secret nothing passes', async () => {
  await withSession({}, async ({ send, store, logs }) => {
    const entity = store.state.list('plugins').find((plugin) => plugin['name'] === 'session')!;
    const config = { ...(entity['config'] as JsonObject), secret: null };
    await store.commit([{ action: 'update', kind: 'plugins', entity: { ...entity, config } }]);
    assert.equal((await send({ headers: KEY })).status, 500);
    assert.ok(logs.some((line) => line.includes('session')));
  });
});
