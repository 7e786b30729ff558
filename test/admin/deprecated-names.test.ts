// Names that are deprecated may be written, and stand beside the new ones in every answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Admin, startAdmin } from './rig.ts';

let admin: Admin;
before(async () => {
  admin = await startAdmin();
});
after(() => admin.close());

async function call(method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const response = await fetch(admin.url + path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.ok, text);
  return JSON.parse(text) as JsonObject;
}

const counting = (config: JsonObject) => ({ name: 'rate-limiting', config: { minute: 5, policy: 'redis', ...config } });

function redisOf(plugin: JsonObject): JsonObject {
  const config = plugin['config'] as JsonObject;
  const { host, port, password } = config['redis'] as JsonObject;
  const flat = Object.fromEntries(Object.entries(config).filter(([name]) => name.startsWith('redis_')));
  return { host: host!, port: port!, password: password!, ...flat };
}

test('a plugin is answered with both names, whichever it was written with', async () => {
  const both = {
    host: 'cache.test',
    port: 6380,
    password: null,
    redis_host: 'cache.test',
    redis_port: 6380,
    redis_password: null,
    redis_username: null,
    redis_database: 0,
    redis_timeout: 2000,
    redis_ssl: false,
    redis_ssl_verify: false,
    redis_server_name: null,
  };
  for (const written of [
    { redis_host: 'cache.test', redis_port: 6380 },
    { redis: { host: 'cache.test', port: 6380 } },
  ]) {
    const made = await call('POST', '/plugins', counting(written));
    const path = `/plugins/${String(made['id'])}`;
    assert.deepEqual(redisOf(made), both);
    assert.deepEqual(redisOf(await call('GET', path)), both);
    const [listed] = (await call('GET', '/plugins'))['data'] as JsonObject[];
    assert.deepEqual(redisOf(listed!), both);
    assert.deepEqual(
      redisOf(await call('PUT', path, await call('GET', path))),
      both,
      'what was answered may be sent back',
    );

    const moved = { ...both, host: 'other.test', redis_host: 'other.test' };
    assert.deepEqual(redisOf(await call('PATCH', path, { config: { redis: { host: 'other.test' } } })), moved);
    const stored = admin.store.state.get('plugins', String(made['id']))!['config'] as JsonObject;
    assert.equal('redis_host' in stored, false);
    assert.equal((await fetch(admin.url + path, { method: 'DELETE' })).status, 204);
  }
});

test('names that stand for nothing else, or only for a form to write in, are not answered', async () => {
  const plugin = await call('POST', '/plugins', { name: 'session', config: { cookie_lifetime: 60 } });
  const config = plugin['config'] as JsonObject;
  assert.deepEqual([config['rolling_timeout'], 'cookie_lifetime' in config], [60, false]);
  const service = await call('POST', '/services', { url: 'http://upstream.test' });
  assert.equal('url' in service, false);
});
