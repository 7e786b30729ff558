// When the code of plugins is loaded: at the start, or when the configuration first uses a plugin that may wait. Until then
// requests are served by what was there before, and afterwards none passes without the plugin.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PluginDefinition } from '../../src/pdk/index.ts';
import { definePlugin, exit, type HandlerModule } from '../../src/pdk/index.ts';
import { settlingStore } from '../../src/store/settling.ts';
import { echo, loadState, type Running, start, startUpstream, until } from './rig.ts';

/** A plugin whose code comes when the test wants it to. */
function slowPlugin(name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<HandlerModule<never>>();
  let asked = 0;
  let made = 0;
  const create = () => {
    made += 1;
    return { access: () => exit(403, 'refused') };
  };
  const definition: PluginDefinition = definePlugin({
    name,
    priority: 100,
    version: '1.0.0',
    schema: { name, fields: { config: { type: 'record', fields: {} } } },
    handler: () => {
      asked += 1;
      return promise;
    },
  });
  return {
    definition,
    arrive: () => resolve({ create }),
    fail: reject,
    timesAsked: () => asked,
    timesMade: () => made,
  };
}

const mayWait = (): boolean => true;

const content = (port: number, ...plugins: object[]) => ({
  services: [{ name: 's', url: `http://127.0.0.1:${port}`, routes: [{ name: 'r', paths: ['/'] }] }],
  plugins,
});

const statusOf = async (running: Running): Promise<number> => (await running.send('/')).status;

test('the code of a plugin that may wait is loaded when it is first used, and the write is answered then', async () => {
  const upstream = await startUpstream(echo);
  const plugin = slowPlugin('refusing');
  const plugins = [plugin.definition];
  const running = await start(content(upstream.port), { plugins, mayWait });
  const store = settlingStore(running.store, () => running.gateway.settled());
  assert.equal(plugin.timesAsked(), 0);

  let isWritten = false;
  const writing = loadState(content(upstream.port, { name: 'refusing' }), plugins)
    .then((state) => store.replace(state))
    .then(() => {
      isWritten = true;
    });
  await until(() => plugin.timesAsked() > 0, 'its code is asked for');
  assert.equal(await statusOf(running), 200);
  assert.equal(isWritten, false);
  plugin.arrive();
  await writing;
  assert.equal(await statusOf(running), 403);

  await store.replace(await loadState(content(upstream.port), plugins));
  assert.equal(await statusOf(running), 200);
  await store.replace(await loadState(content(upstream.port, { name: 'refusing' }), plugins));
  assert.equal(await statusOf(running), 403);
  assert.equal(plugin.timesAsked(), 1);
  assert.deepEqual(running.logs, []);
  await running.close();
  await upstream.close();
});

test('what is written while code is loaded is served together with it', async () => {
  const upstream = await startUpstream(echo);
  const [first, second] = [slowPlugin('first'), slowPlugin('second')];
  const plugins = [first.definition, second.definition];
  const running = await start(content(upstream.port), { plugins, mayWait });
  const store = settlingStore(running.store, () => running.gateway.settled());
  const writes = [
    store.replace(await loadState(content(upstream.port, { name: 'first' }), plugins)),
    store.replace(await loadState(content(upstream.port, { name: 'second' }), plugins)),
  ];
  first.arrive();
  await until(() => second.timesAsked() > 0, 'the code of the second is asked for');
  assert.equal(await statusOf(running), 200);
  second.arrive();
  await Promise.all(writes);
  assert.equal(await statusOf(running), 403);
  await running.close();
  await upstream.close();
});

test('one whose code cannot be loaded guards its routes with 500', async () => {
  const upstream = await startUpstream(echo);
  const plugin = slowPlugin('refusing');
  const plugins = [plugin.definition];
  const running = await start(content(upstream.port), { plugins, mayWait });
  const store = settlingStore(running.store, () => running.gateway.settled());
  plugin.fail(new Error('no such module'));
  await store.replace(await loadState(content(upstream.port, { name: 'refusing' }), plugins));
  assert.equal(await statusOf(running), 500);
  assert.deepEqual(running.logs, ['error plugin refusing cannot run with its configuration: Error: no such module']);
  await running.close();
  await upstream.close();
});

test('code that is used from the start, or that may not wait, fails the start when it cannot be loaded', async () => {
  const broken = slowPlugin('refusing');
  broken.fail(new Error('no such module'));
  const plugins = [broken.definition];
  await assert.rejects(start(content(1, { name: 'refusing' }), { plugins, mayWait }), /no such module/);
  await assert.rejects(start(content(1), { plugins }), /no such module/);
  await (await start(content(1), { plugins, mayWait })).close();
  const disabled = { name: 'refusing', enabled: false };
  await (await start(content(1, disabled), { plugins, mayWait })).close();
});

test('a gateway that ends while code is loaded makes nothing of it', async () => {
  const upstream = await startUpstream(echo);
  const plugin = slowPlugin('refusing');
  const plugins = [plugin.definition];
  const running = await start(content(upstream.port), { plugins, mayWait });
  const store = settlingStore(running.store, () => running.gateway.settled());
  const writing = store.replace(await loadState(content(upstream.port, { name: 'refusing' }), plugins));
  await until(() => plugin.timesAsked() > 0, 'its code is asked for');
  await running.close();
  await writing;
  plugin.arrive();
  await running.gateway.settled();
  assert.equal(plugin.timesMade(), 0);
  await upstream.close();
});
