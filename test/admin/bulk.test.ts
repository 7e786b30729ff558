// Many changes as one write: all of them or none.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Admin, startAdmin } from './rig.ts';

const SERVICE = '11111111-1111-4111-8111-111111111111';
const ROUTE = '22222222-2222-4222-8222-222222222222';

async function withAdmin(
  run: (admin: Admin, apply: (changes: unknown) => Promise<[number, JsonObject]>) => Promise<void>,
) {
  const admin = await startAdmin();
  const apply = async (changes: unknown): Promise<[number, JsonObject]> => {
    const response = await fetch(`${admin.url}/-/apply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ changes }),
    });
    return [response.status, (await response.json()) as JsonObject];
  };
  try {
    await run(admin, apply);
  } finally {
    await admin.close();
  }
}

const route = {
  action: 'create',
  kind: 'routes',
  entity: { id: ROUTE, name: 'r', paths: ['/'], service: { id: SERVICE } },
};
const service = { action: 'create', kind: 'services', entity: { id: SERVICE, name: 's', host: 'a.test' } };

test('GET / tells where changes can be made at once', async () => {
  await withAdmin(async ({ url }) => {
    const root = (await (await fetch(url)).json()) as { gwctl: { bulk: string } };
    assert.equal(root.gwctl.bulk, '/-/apply');
  });
});

test('children may come before their parents, and subscribers hear of one change', async () => {
  await withAdmin(async ({ store }, apply) => {
    let states = 0;
    store.subscribe(() => {
      states += 1;
    });
    assert.deepEqual(await apply([route, service]), [200, { applied: 2 }]);
    assert.equal(states, 1);
    assert.equal(store.state.get('routes', ROUTE)?.['name'], 'r');
  });
});

test('one wrong entity: nothing is kept, and the answer says which', async () => {
  await withAdmin(async ({ store }, apply) => {
    const bad = { action: 'create', kind: 'services', entity: { name: 'bad', host: 'h h' } };
    const [status, body] = await apply([service, bad]);
    assert.equal(status, 400);
    assert.equal(body['code'], 2);
    assert.equal(body['index'], 1);
    assert.deepEqual(body['fields'], { host: 'invalid value: h h' });
    assert.equal(store.state.count('services'), 0);
  });
});

test('a clash and a reference to nothing are refused with the position', async () => {
  await withAdmin(async ({ store }, apply) => {
    const twin = { action: 'create', kind: 'services', entity: { name: 's', host: 'b.test' } };
    const [clash, clashBody] = await apply([service, twin]);
    assert.deepEqual([clash, clashBody['code']], [409, 5]);
    const [dangling, danglingBody] = await apply([route]);
    assert.deepEqual([dangling, danglingBody['code'], danglingBody['index']], [400, 4, 0]);
    assert.equal(store.state.count('services') + store.state.count('routes'), 0);
  });
});

test('an update keeps created_at, a delete of what is not there is no error', async () => {
  await withAdmin(async ({ store }, apply) => {
    await apply([{ ...service, entity: { ...service.entity, created_at: 1_000_000_000 } }]);
    const update = { action: 'update', kind: 'services', entity: { id: SERVICE, name: 's', host: 'b.test' } };
    const gone = { action: 'delete', kind: 'routes', id: ROUTE };
    assert.deepEqual(await apply([update, gone]), [200, { applied: 1 }]);
    const stored = store.state.get('services', SERVICE)!;
    assert.equal(stored['host'], 'b.test');
    assert.equal(stored['created_at'], 1_000_000_000);
    assert.deepEqual(await apply([{ action: 'delete', kind: 'services', id: SERVICE }]), [200, { applied: 1 }]);
  });
});

test('what is no change is refused in one sentence', async () => {
  await withAdmin(async (_admin, apply) => {
    assert.deepEqual(await apply('x'), [400, { message: 'changes: expected an array' }]);
    assert.deepEqual(await apply([1]), [400, { message: 'expected an object', index: 0 }]);
    assert.deepEqual(await apply([{ action: 'drop', kind: 'services' }]), [
      400,
      { message: 'action: expected one of: create, update, upsert, delete', index: 0 },
    ]);
    assert.deepEqual(await apply([{ action: 'delete', kind: '__proto__', id: 'x' }]), [
      400,
      { message: "kind: no entity named '__proto__'", index: 0 },
    ]);
  });
});

test('shared settings that a plugin takes have to be there when all is done', async () => {
  await withAdmin(async ({ store }, apply) => {
    const PARTIAL = '33333333-3333-4333-8333-333333333333';
    const PLUGIN = '44444444-4444-4444-8444-444444444444';
    const partial = {
      action: 'create',
      kind: 'partials',
      entity: { id: PARTIAL, name: 'main', type: 'redis-ce', config: { host: 'r.internal' } },
    };
    const plugin = {
      action: 'create',
      kind: 'plugins',
      entity: {
        id: PLUGIN,
        name: 'rate-limiting',
        config: { minute: 5, policy: 'redis' },
        partials: [{ id: PARTIAL }],
      },
    };
    const [status, body] = await apply([service, plugin]);
    assert.equal(status, 400);
    assert.equal(body['index'], 1);
    assert.deepEqual(body['fields'], { partials: [{ id: 'there is no such entity in partials' }] });
    assert.equal(store.state.count('services'), 0);
    assert.deepEqual(await apply([plugin, partial]), [200, { applied: 2 }]);

    const [used, usedBody] = await apply([service, { action: 'delete', kind: 'partials', id: PARTIAL }]);
    assert.deepEqual([used, usedBody['index']], [400, 1]);
    assert.match(String(usedBody['message']), /still referenced by plugins/);
    assert.equal(store.state.count('services'), 0);
    const both = [
      { action: 'delete', kind: 'partials', id: PARTIAL },
      { action: 'delete', kind: 'plugins', id: PLUGIN },
    ];
    assert.deepEqual(await apply(both), [200, { applied: 2 }]);
  });
});

test('rules between entities are judged when all is done', async () => {
  await withAdmin(async ({ store }, apply) => {
    const plugin = {
      action: 'create',
      kind: 'plugins',
      entity: { name: 'request-size-limiting', route: { id: ROUTE }, protocols: ['grpc'] },
    };
    const [status, body] = await apply([service, route, plugin]);
    assert.deepEqual([status, body['index']], [400, 2]);
    assert.deepEqual(body['fields'], { protocols: "must match the associated route's protocols" });
    assert.equal(store.state.count('routes'), 0);
    const { paths: _, ...bare } = route.entity;
    const grpc = { ...route, entity: { ...bare, hosts: ['a.test'], protocols: ['grpc'], strip_path: false } };
    assert.deepEqual(await apply([plugin, service, grpc]), [200, { applied: 3 }]);
  });
});

test('a time to live starts when it is written, and a wrong one is told', async () => {
  await withAdmin(async ({ url }, apply) => {
    const consumer = { action: 'create', kind: 'consumers', entity: { id: SERVICE, username: 'bob' } };
    const key = (ttl: unknown) => ({
      action: 'create',
      kind: 'keyauth_credentials',
      entity: { id: ROUTE, key: 'k', ttl, consumer: { id: SERVICE } },
    });
    const [status, refused] = await apply([consumer, key(-1)]);
    assert.deepEqual([status, refused['code'], refused['index']], [400, 11, 1]);
    assert.deepEqual(await apply([consumer, key(3600)]), [200, { applied: 2 }]);
    const { ttl } = (await (await fetch(`${url}/key-auths/${ROUTE}`)).json()) as { ttl: number };
    assert.ok(ttl > 3500 && ttl <= 3600, String(ttl));
  });
});

test('ids are the same in any case', async () => {
  await withAdmin(async ({ url }, apply) => {
    const id = 'AAAAAAAA-1111-4111-8111-111111111111';
    const [parent, child] = [
      { ...service, entity: { ...service.entity, id } },
      { ...route, entity: { ...route.entity, service: { id: id.toLowerCase() } } },
    ];
    assert.deepEqual(await apply([child, parent]), [200, { applied: 2 }]);
    assert.equal((await fetch(`${url}/services/${id}/routes/r`)).status, 200);
    assert.deepEqual(await apply([{ action: 'upsert', kind: 'services', entity: { id, name: 's', host: 'b.test' } }]), [
      200,
      { applied: 1 },
    ]);
    const { data } = (await (await fetch(`${url}/services`)).json()) as { data: { id: string }[] };
    assert.deepEqual(
      data.map((one) => one.id),
      [id.toLowerCase()],
    );
  });
});

test('other requests are answered while very many changes are judged', async () => {
  await withAdmin(async ({ url, store }) => {
    const services = Array.from({ length: 20_000 }, (_, i) => ({
      action: 'create',
      kind: 'services',
      entity: { id: SERVICE.slice(0, -8) + String(10_000_000 + i), name: `service-${i}`, host: 'a.test' },
    }));
    const events: string[] = [];
    const posting = request(`${url}/-/apply`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    const answered = once(posting, 'response').then(async ([response]) => {
      events.push(`changes ${response.statusCode}`);
      for await (const _ of response);
    });
    posting.end(JSON.stringify({ changes: services }));
    await once(posting, 'finish');
    // More than there are pieces of the body on the way.
    const others = Array.from({ length: 40 }, () => 'other 404');
    for (const _ of others) {
      const response = await fetch(`${url}/services/service-0`);
      await response.arrayBuffer();
      events.push(`other ${response.status}`);
    }
    await answered;
    assert.deepEqual(events, [...others, 'changes 200']);
    assert.equal(store.state.count('services'), 20_000);
  });
});
