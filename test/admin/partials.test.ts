// Plugins that share settings, by the Admin API: the rules are those of what the plugin stands for, and shared settings stay
// as long as somebody uses them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { startAdmin } from './rig.ts';

test('a plugin takes settings from a partial', async (context) => {
  const admin = await startAdmin();
  context.after(() => admin.close());
  const send = async (method: string, path: string, body?: object): Promise<{ status: number; body: JsonObject }> => {
    const response = await fetch(`${admin.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as JsonObject) };
  };
  const partial = await send('POST', '/partials', { name: 'main', type: 'redis-ce', config: { host: 'r.internal' } });
  const empty = await send('POST', '/partials', { name: 'empty', type: 'redis-ce', config: {} });
  const enterprise = await send('POST', '/partials', { name: 'ee', type: 'redis-ee', config: {} });
  assert.deepEqual([partial.status, empty.status, enterprise.status], [201, 201, 201]);
  const plugin = (id: unknown, more: object = {}) =>
    send('POST', '/plugins', {
      name: 'rate-limiting',
      config: { minute: 5, policy: 'redis' },
      partials: [{ id, ...more }],
    });

  const made = await plugin(partial.body['id'], { name: 'main' });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  assert.deepEqual(made.body['partials'], [{ id: partial.body['id'], name: 'main', path: 'config.redis' }]);

  const noHost = await plugin(empty.body['id']);
  assert.equal(noHost.status, 400);
  assert.match(String(noHost.body['message']), /config\.redis: [\s\S]*required field missing/);
  const wrongKind = await plugin(enterprise.body['id']);
  assert.deepEqual(wrongKind.body['fields'], { partials: [{ id: "'redis-ee' cannot be used here" }] });
  const nobody = await plugin('5b6e4a3c-91ab-4f0e-8b43-0f6ad9a3e001');
  assert.deepEqual(nobody.body['fields'], { partials: [{ id: 'there is no such entity in partials' }] });
  const nowhere = await plugin(partial.body['id'], { path: 'config.minute' });
  assert.deepEqual(nowhere.body['fields'], { partials: [{ path: "there is no record at 'config.minute'" }] });

  const used = await send('DELETE', `/partials/${String(partial.body['id'])}`);
  assert.equal(used.status, 400);
  assert.match(String(used.body['message']), /still referenced by plugins/);
  assert.equal((await send('DELETE', `/plugins/${String(made.body['id'])}`)).status, 204);
  assert.equal((await send('DELETE', `/partials/${String(partial.body['id'])}`)).status, 204);

  const schema = await send('GET', '/schemas/plugins/rate-limiting');
  assert.deepEqual(schema.body['supported_partials'], { 'redis-ce': ['config.redis'] });
});
