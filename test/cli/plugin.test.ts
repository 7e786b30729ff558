// Plugins of one's own: made, tested, listed, loaded.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { definePlugin } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { loadPluginDefinitions } from '../../src/plugins/loader.ts';
import { startTestGateway } from '../../src/testing/index.ts';
import { gwctl } from './rig.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwctl-plugin-'));
after(() => rmSync(folder, { recursive: true }));

test('plugin new writes a plugin whose test passes, and overwrites nothing', async () => {
  const made = await gwctl(['plugin/new', 'my-plugin'], { cwd: folder });
  assert.equal(made.code, 0, made.err);
  assert.match(made.out, /^wrote my-plugin\/index\.ts\n/);
  const tested = await gwctl(['plugin/test', './my-plugin'], { cwd: folder });
  assert.equal(tested.code, 0, tested.out + tested.err);
  assert.match(tested.out, /^my-plugin 0\.1\.0, priority 1000\n/);
  assert.match(tested.out, /answers say hello/);
  const before = readFileSync(join(folder, 'my-plugin/index.ts'), 'utf8');
  const again = await gwctl(['plugin/new', 'my-plugin'], { cwd: folder });
  assert.equal(again.code, 1);
  assert.match(again.err, /my-plugin\/index\.ts is there already/);
  assert.equal(readFileSync(join(folder, 'my-plugin/index.ts'), 'utf8'), before);
});

test('plugin test fails when a test fails', async () => {
  cpSync(join(folder, 'my-plugin'), join(folder, 'broken'), { recursive: true });
  const file = join(folder, 'broken/my-plugin.test.ts');
  writeFileSync(file, readFileSync(file, 'utf8').replace("'world');\n  } finally", "'moon');\n  } finally"));
  assert.equal((await gwctl(['plugin/test', './broken'], { cwd: folder })).code, 1);
});

test('plugin list shows bundled and own plugins in the order in which they run', async () => {
  const { out, code } = await gwctl(['plugin/list', '--plugins', 'key-auth,./my-plugin', '--json'], { cwd: folder });
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), [
    { name: 'key-auth', priority: 1250, version: '3.10.0', executed: true, entities: ['keyauth_credentials'] },
    { name: 'my-plugin', priority: 1000, version: '0.1.0', executed: true, entities: [] },
  ]);
  const table = await gwctl(['plugin/list'], { cwd: folder });
  assert.equal(table.out.split('\n').length, bundledPlugins.length + 2);
});

test('an installed package is loaded by its name, however it names its entry', async () => {
  const directory = join(folder, 'node_modules/greeting-plugin');
  mkdirSync(join(directory, 'lib'), { recursive: true });
  writeFileSync(
    join(directory, 'lib/entry.js'),
    'export default { name: "greeting", priority: 1, version: "2.0.0", schema: { fields: { config: { type: "record", fields: {} } } } };',
  );
  for (const entry of [
    { main: './lib/entry.js' },
    { exports: './lib/entry.js' },
    { exports: { '.': { types: './none.d.ts', import: './lib/entry.js' } } },
    { exports: { import: { node: './lib/entry.js' } } },
  ]) {
    writeFileSync(
      join(directory, 'package.json'),
      JSON.stringify({ name: 'greeting-plugin', type: 'module', ...entry }),
    );
    const { out, err } = await gwctl(['plugin/list', '--plugins', 'greeting-plugin', '--json'], { cwd: folder });
    assert.equal(JSON.parse(out || err)[0].version, '2.0.0', JSON.stringify(entry));
  }
});

test('what cannot be loaded is told in one sentence', async () => {
  mkdirSync(join(folder, 'empty'));
  for (const [name, text] of [
    ['nothing.mjs', 'export const x = 1;'],
    [
      'nameless.mjs',
      'export default { priority: 1, version: "1", schema: { fields: { config: { type: "record" } } } };',
    ],
    ['faulty.mjs', 'export default {'],
  ] as const)
    writeFileSync(join(folder, name), text);
  for (const [entry, reason] of [
    ['./none', /there is no \.\/none/],
    ['./empty', /\.\/empty has no index\.ts/],
    ['not-installed', /no package of that name is installed/],
    ['./nothing.mjs', /exports no plugin/],
    ['./nameless.mjs', /name: expected lower-case words/],
    ['./faulty.mjs', /cannot be loaded/],
  ] as const) {
    await assert.rejects(loadPluginDefinitions([entry], folder), reason);
  }
  assert.deepEqual(await loadPluginDefinitions(['off'], folder), []);
});

test('a bundled plugin that is copied and loaded from a folder does the same, in place of its original', async () => {
  const source = fileURLToPath(new URL('../../src', import.meta.url));
  const copy = join(folder, 'src');
  cpSync(source, copy, { recursive: true });
  const [definition] = await loadPluginDefinitions([join(copy, 'plugins/key-auth')], folder);
  assert.notEqual(
    definition,
    bundledPlugins.find(({ name }) => name === 'key-auth'),
  );
  const gateway = await startTestGateway({
    plugin: definition!,
    config: { key_names: ['apikey'] },
    state: { consumers: [{ username: 'bob', keyauth_credentials: [{ key: 'k' }] }] },
  });
  after(() => gateway.close());
  assert.equal((await gateway.send('/')).status, 401);
  assert.equal((await gateway.send('/', { headers: { apikey: 'k' } })).status, 200);
  assert.equal(gateway.seen[0]?.headers['x-consumer-username'], 'bob');
});

test('in the gateway for tests of plugins every kind of span is made, for every request', async () => {
  const traced = definePlugin({
    name: 'traced',
    priority: 1,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: async () => ({
      create: (_config, { node: { tracing } }) => ({
        access({ upstream }) {
          upstream.setHeader(
            'x-tracing',
            `${tracing.samplingRate} ${tracing.has('balancer')} ${tracing.has('request')}`,
          );
        },
      }),
    }),
  });
  const gateway = await startTestGateway({ plugin: traced, config: {} });
  after(() => gateway.close());
  await gateway.send('/');
  assert.equal(gateway.seen[0]?.headers['x-tracing'], '1 true true');
});
