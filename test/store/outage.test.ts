// A database that goes away while requests are served: no request notices, writes are refused in clear words, and all nodes
// agree again afterwards.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createAdminServer } from '../../src/admin/server.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import { startGateway } from '../../src/gateway/gateway.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import type { PostgresAddress } from '../../src/store/postgres/address.ts';
import { openPostgresStore } from '../../src/store/postgres/open.ts';
import { findPostgres, startPostgres } from './postgres-server.ts';

const schemas = createSchemas(bundledPlugins);

async function startNode(address: PostgresAddress) {
  const store = await openPostgresStore({ address, schemas });
  const gateway = await startGateway({
    store,
    plugins: bundledPlugins,
    listen: [{ host: '127.0.0.1', port: 0 }],
    events: { access: undefined, log: () => undefined },
  });
  const admin = createAdminServer({
    store,
    auto: { now: () => Date.now() },
    node: {
      id: '5a8b9c0d-1111-4222-8333-444455556666',
      hostname: 'test',
      configuration: {},
      plugins: bundledPlugins,
      counters: () => ({}) as never,
      health: { targets: () => new Map(), upstream: () => undefined, setTarget: () => true },
    },
  });
  await new Promise<void>((resolve) => admin.listen(0, '127.0.0.1', resolve));
  return {
    store,
    proxy: `http://127.0.0.1:${gateway.addresses[0]!.port}`,
    admin: `http://127.0.0.1:${(admin.address() as AddressInfo).port}`,
    async close() {
      admin.close();
      admin.closeAllConnections();
      await gateway.close(0);
      await store.close();
    },
  };
}

const write = async (admin: string, path: string, body: JsonObject): Promise<{ status: number; message: unknown }> => {
  const response = await fetch(admin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, message: ((await response.json()) as JsonObject)['message'] };
};

async function until(isReached: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; await delay(50)) if (await isReached()) return;
  assert.fail(`never happened: ${what}`);
}

test('PostgreSQL is stopped and started under load', async (context) => {
  const found = findPostgres();
  if ('missing' in found) return context.skip(found.missing);
  const server = await startPostgres(found.binaries);
  const upstream = createServer((_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const address = await server.createDatabase();
  const [a, b] = [await startNode(address), await startNode(address)];
  try {
    const { port } = upstream.address() as AddressInfo;
    await write(a.admin, '/services', { name: 's', url: `http://127.0.0.1:${port}` });
    await write(a.admin, '/services/s/routes', { name: 'r', paths: ['/'] });
    await until(async () => (await fetch(b.proxy)).status === 200, 'the route on the other node');

    let isLoading = true;
    const failures: string[] = [];
    let requests = 0;
    const load = [a, b].map(async ({ proxy }) => {
      while (isLoading) {
        const status = await fetch(proxy).then((response) => response.status, String);
        requests += 1;
        if (status !== 200) failures.push(String(status));
      }
    });

    await server.stop();
    await until(() => !a.store.isReachable && !b.store.isReachable, 'both nodes notice');
    const refused = await write(a.admin, '/services', { name: 'lost', host: 'lost.test' });
    assert.equal(refused.status, 503);
    assert.match(String(refused.message), /database|PostgreSQL/);
    assert.equal(a.store.state.find('services', 'name', 'lost'), undefined);

    await server.start();
    await until(
      async () => (await write(b.admin, '/services', { name: 'after', host: 'after.test' })).status === 201,
      'a write',
    );
    await until(() => a.store.state.find('services', 'name', 'after') !== undefined, 'the other node hears of it');
    assert.equal(b.store.state.find('services', 'name', 'lost'), undefined);
    isLoading = false;
    await Promise.all(load);
    assert.deepEqual(failures, []);
    assert.ok(requests > 50, `${requests} requests`);
  } finally {
    await Promise.all([a.close(), b.close()]);
    upstream.close();
    upstream.closeAllConnections();
    await server.remove();
  }
});
