// Endpoints that a plugin adds: those of proxy-cache, over caches of this node.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { loadPluginRoutes } from '../../src/admin/plugin-routes.ts';
import { NamedCaches } from '../../src/gateway/environment/caches.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Environment, NodeEvents } from '../../src/pdk/index.ts';
import { type CacheEntry, cacheName } from '../../src/plugins/proxy-cache/entry.ts';
import { proxyCache } from '../../src/plugins/proxy-cache/index.ts';
import { type Admin, startAdmin } from './rig.ts';

const caches = new NamedCaches({ now: () => Date.now() }, 1_000_000);
const INSTANCES: Record<string, string> = {};
let admin: Admin;

before(async () => {
  const events: NodeEvents = { publish: () => undefined, subscribe: () => () => undefined };
  const environment = { openCache: (name: string) => caches.open(name), events } as Environment;
  const openInstance = () => ({ config: {}, environment });
  admin = await startAdmin({ pluginRoutes: await loadPluginRoutes([proxyCache], openInstance) });
  for (const zone of ['one', 'two']) {
    const response = await fetch(`${admin.url}/services`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: zone, host: 'a.test' }),
    });
    const service = (await response.json()) as JsonObject;
    const made = await fetch(`${admin.url}/services/${String(service['id'])}/plugins`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'proxy-cache', config: { strategy: 'memory', memory: { dictionary_name: zone } } }),
    });
    assert.equal(made.status, 201);
    INSTANCES[zone] = String(((await made.json()) as JsonObject)['id']);
  }
});
after(async () => {
  caches.close();
  await admin.close();
});

function store(zone: string, key: string): void {
  const entry: CacheEntry = {
    status: 200,
    headers: { 'X-Zone': zone },
    body: Buffer.from('kept'),
    length: 4,
    storedAt: 1_790_000_000_000,
    ttl: 300,
  };
  caches.open<CacheEntry>(cacheName(zone)).set(key, entry, { bytes: 100, ttlSeconds: 300 });
}

const call = async (method: string, path: string): Promise<[number, string]> => {
  const response = await fetch(admin.url + path, { method });
  return [response.status, await response.text()];
};

test('a stored answer is shown, of any instance or of one', async () => {
  store('one', 'abc');
  const [status, text] = await call('GET', '/proxy-cache/abc');
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(text), {
    status: 200,
    headers: { 'x-zone': 'one' },
    body: 'kept',
    body_len: 4,
    timestamp: 1_790_000_000,
    ttl: 300,
    version: 1,
  });
  assert.equal((await call('GET', `/proxy-cache/${INSTANCES['one']}/caches/abc`))[0], 200);
  assert.equal((await call('GET', `/proxy-cache/${INSTANCES['two']}/caches/abc`))[0], 404);
  assert.equal((await call('GET', '/proxy-cache/none'))[0], 404);
});

test('stored answers are forgotten one by one, of one instance, or all', async () => {
  for (const zone of ['one', 'two']) for (const key of ['a', 'b', 'c']) store(zone, key);
  assert.deepEqual(await call('DELETE', '/proxy-cache/a'), [204, '']);
  assert.equal((await call('DELETE', '/proxy-cache/a'))[0], 404);
  assert.equal((await call('DELETE', `/proxy-cache/${INSTANCES['one']}/caches/b`))[0], 204);
  assert.equal((await call('GET', '/proxy-cache/b'))[0], 200);
  assert.equal((await call('DELETE', '/proxy-cache'))[0], 204);
  assert.equal((await call('GET', '/proxy-cache/c'))[0], 404);
  assert.equal((await call('PUT', '/proxy-cache'))[0], 405);
});
