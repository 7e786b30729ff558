// acl behind key-auth, and behind a plugin of the test that tells groups as a session does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { definePlugin } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { authenticatedGroups } from '../../src/plugins/shared/groups.ts';
import { type PluginInput, type Running, start } from './gateway-fixture.ts';

/** Puts the groups of the header `x-told` where acl finds them, before any authentication. */
const teller = definePlugin({
  name: 'teller',
  priority: 1999,
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

const MEMBERS = [
  { consumer: 'bob', group: 'admin' },
  { consumer: 'bob', group: 'größe' },
  { consumer: 'anonymous', group: 'guests' },
];

async function withAcl(
  config: JsonObject,
  run: (running: Running) => Promise<void>,
  before: readonly PluginInput[] = [{ name: 'key-auth', config: { anonymous: 'anonymous' } }],
): Promise<void> {
  const running = await start({
    plugins: [{ name: 'teller' }, ...before, { name: 'acl', config }],
    keys: { bobkey: 'bob', annkey: 'ann' },
    entities: { acls: MEMBERS },
    definitions: [...bundledPlugins, teller],
  });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

const bob = { apikey: 'bobkey' };
const ann = { apikey: 'annkey' };

test('without any authentication nobody is known: 401', async () => {
  for (const config of [{ allow: ['admin'] }, { deny: ['admin'] }]) {
    await withAcl(
      config,
      async ({ send }) => {
        const received = await send({});
        assert.equal(received.status, 401);
        assert.match(received.text, /Unauthorized/);
        assert.deepEqual(received.header('www-authenticate'), []);
      },
      [],
    );
  }
});

test('a known caller in no group is refused by allow and passes deny, with an empty header', async () => {
  await withAcl({ allow: ['admin'] }, async ({ send }) => {
    const received = await send({ headers: ann });
    assert.equal(received.status, 403);
    assert.match(received.text, /You cannot consume this service/);
  });
  await withAcl({ deny: ['admin'] }, async ({ send, echo }) => {
    assert.equal((await send({ headers: ann })).status, 200);
    assert.equal(echo.requests.at(-1)!.headers['x-consumer-groups'], '');
  });
});

test('all groups of the consumer go upstream, and nothing that the client claims', async () => {
  const claims = { 'X-Consumer-Groups': 'root', 'X-Authenticated-Groups': 'root' };
  await withAcl({ allow: ['admin'] }, async ({ send, echo }) => {
    assert.equal((await send({ headers: { ...bob, ...claims } })).status, 200);
    const { headers } = echo.requests.at(-1)!;
    assert.equal(headers['x-consumer-groups'], Buffer.from('admin, größe').toString('latin1'));
    assert.equal(headers['x-authenticated-groups'], undefined);
  });
  await withAcl({ allow: ['admin'], hide_groups_header: true }, async ({ send, echo }) => {
    assert.equal((await send({ headers: { ...bob, ...claims } })).status, 200);
    const { headers } = echo.requests.at(-1)!;
    assert.equal(headers['x-consumer-groups'], undefined);
    assert.equal(headers['x-authenticated-groups'], undefined);
  });
});

test('group names are exact', async () => {
  for (const group of ['Admin', 'adm', 'admin ']) {
    await withAcl({ allow: [group] }, async ({ send }) => {
      assert.equal((await send({ headers: bob })).status, 403, group);
    });
  }
});

test('groups that another plugin told decide for anonymous callers, and for others only when asked to', async () => {
  await withAcl({ allow: ['told'] }, async ({ send, echo }) => {
    assert.equal((await send({ headers: { 'x-told': 'told other' } })).status, 200);
    const { headers } = echo.requests.at(-1)!;
    assert.equal(headers['x-authenticated-groups'], 'told, other');
    assert.equal(headers['x-consumer-groups'], undefined);
    assert.equal((await send({ headers: { ...bob, 'x-told': 'told' } })).status, 403);
  });
  await withAcl({ allow: ['told'], always_use_authenticated_groups: true }, async ({ send }) => {
    assert.equal((await send({ headers: { ...bob, 'x-told': 'told' } })).status, 200);
    assert.equal((await send({ headers: bob })).status, 403);
  });
  await withAcl(
    { allow: ['told'] },
    async ({ send }) => assert.equal((await send({ headers: { 'x-told': 'told' } })).status, 200),
    [],
  );
});

test('groups that are added and removed in quick succession count at once', async () => {
  await withAcl({ allow: ['new'] }, async ({ send, store }) => {
    const id = '10000000-0000-4000-8000-000000000001';
    const consumer = { id: store.state.find('consumers', 'username', 'ann')!.id };
    for (let i = 0; i < 5; i++) {
      await store.commit([{ action: 'create', kind: 'acls', entity: { id, consumer, group: 'new', tags: null } }]);
      assert.equal((await send({ headers: ann })).status, 200);
      await store.commit([{ action: 'delete', kind: 'acls', id }]);
      assert.equal((await send({ headers: ann })).status, 403);
    }
  });
});
