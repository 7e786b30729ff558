// Settings that several plugins share: what a plugin gets is its own configuration with the shared settings in their place,
// and it gets the new ones when these change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { definePlugin } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { redis } from '../../src/plugins/shared/redis.ts';
import { echo, start, startUpstream, until } from './rig.ts';

/** Answers each request with its configuration. */
function teller(made: string[]) {
  return definePlugin({
    name: 'teller',
    priority: 10,
    version: '1.0.0',
    schema: {
      fields: {
        config: { type: 'record', required: true, fields: { own: { type: 'string' }, redis: { ...redis } } },
      },
    },
    handler: () =>
      Promise.resolve({
        create: (config: JsonObject) => {
          made.push(JSON.stringify(config));
          return {
            header_filter: ({ response }) => {
              response.setHeader('x-config', JSON.stringify(config));
            },
          };
        },
      }),
  });
}

test('a plugin runs with the settings of its partial, and anew when they change', async () => {
  const upstream = await startUpstream(echo);
  const made: string[] = [];
  const id = '5b6e4a3c-91ab-4f0e-8b43-0f6ad9a3e001';
  const running = await start(
    {
      services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ name: 'r', paths: ['/'] }] }],
      partials: [{ id, name: 'main', type: 'redis-ce', config: { host: 'r.internal', port: 7000 } }],
      plugins: [
        { name: 'teller', config: { own: 'mine', redis: { host: 'own' } }, partials: [{ name: 'main' }] },
        { name: 'teller', service: 's', config: { own: 'alone', redis: { host: 'own' } } },
      ],
    },
    { plugins: [...bundledPlugins, teller(made)] },
  );
  const plugin = running.store.state.list('plugins').find(({ service }) => service === null)!;
  const other = running.store.state.list('plugins').find(({ service }) => service !== null)!;
  assert.equal(((plugin['config'] as JsonObject)['redis'] as JsonObject)['host'], 'own', 'stored is what was written');
  assert.equal(made.length, 2);
  const deleted = await running.store.commit([{ action: 'delete', kind: 'plugins', id: other.id }]);
  assert.ok(deleted.ok);
  const config = async (): Promise<JsonObject> =>
    JSON.parse(String((await running.send('/')).headers['x-config'])) as JsonObject;

  const first = await config();
  assert.equal(first['own'], 'mine');
  assert.deepEqual(
    [(first['redis'] as JsonObject)['host'], (first['redis'] as JsonObject)['port']],
    ['r.internal', 7000],
  );
  assert.equal(made.length, 2, 'the instance is kept while nothing of it changes');

  const partial = running.store.state.get('partials', id)!;
  const entity = { ...partial, config: { ...(partial['config'] as JsonObject), host: 'other.internal' } };
  assert.ok((await running.store.commit([{ action: 'update', kind: 'partials', entity }])).ok);
  assert.equal(((await config())['redis'] as JsonObject)['host'], 'other.internal');
  assert.equal(made.length, 3);

  assert.ok((await running.store.commit([{ action: 'delete', kind: 'partials', id }])).ok);
  await until(async () => ((await config())['redis'] as JsonObject)['host'] === 'own', 'the plugin acts on its own');
  assert.ok(running.logs.some((line) => line.includes(`plugin ${plugin.id} shares settings with a partial`)));
  await running.close();
  await upstream.close();
});
