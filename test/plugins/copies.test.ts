// What a bundled plugin can do, a user's plugin can: each bundled plugin is copied out of the sources, imports nothing but
// `gwctl/plugin`, and is the same thing still.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { resolvePluginImports } from '../../src/cli/plugin-imports.ts';
import type { PluginDefinition } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { loadPluginDefinitions } from '../../src/plugins/loader.ts';
import { copyPlugins, ROOT } from './plugin-copies.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwctl-copies-'));
after(() => rmSync(folder, { recursive: true }));

const names = bundledPlugins.map(({ name }) => name);
copyPlugins(names, folder);
resolvePluginImports();

function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<readonly [number | null, string]> {
  // Told that it is part of a test run, a test file would report to the one that runs this.
  const { NODE_TEST_CONTEXT: _, ...own } = process.env;
  const child = spawn(command, args, { cwd: ROOT, env: { ...own, ...env } });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve([code, output])));
}

/** Functions and patterns as their text: those of a copy are others, and say the same. */
const described = ({ handler: _, admin: __, ...definition }: PluginDefinition): unknown =>
  JSON.parse(
    JSON.stringify(definition, (_key, value: unknown) =>
      typeof value === 'function' || value instanceof RegExp ? String(value) : value,
    ),
  );

test('a copy has the same definition and schema, and its handler loads', async () => {
  const copies = await loadPluginDefinitions(
    names.map((name) => join(folder, name)),
    folder,
  );
  assert.deepEqual(
    copies.map(({ name }) => name),
    names,
  );
  for (const [index, copy] of copies.entries()) {
    const original = bundledPlugins[index]!;
    assert.notEqual(copy, original);
    assert.deepEqual(described(copy), described(original));
    assert.equal(typeof (await copy.handler?.())?.create, 'function', copy.name);
    assert.equal((await copy.admin?.())?.routes.length, (await original.admin?.())?.routes.length, copy.name);
  }
});

test('a copy imports nothing of the gateway but its interface, and its types are right', async () => {
  // What is imported from anywhere else is not there: the compiler would not find it.
  const { compilerOptions } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8'));
  const options = { ...compilerOptions, noEmit: true, paths: { 'gwctl/plugin': [join(ROOT, 'src/pdk/index.ts')] } };
  const files = names.map((name) => `${name}/**/*.ts`);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: files }));
  const [code, output] = await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder]);
  assert.equal(code, 0, output);
});

for (const name of ['key-auth', 'rate-limiting', 'cors', 'response-transformer', 'http-log', 'jwt', 'basic-auth']) {
  test(`the copy of ${name} passes the tests of the original`, async () => {
    const hook = new URL('./use-copies.ts', import.meta.url).href;
    const [code, output] = await run(
      process.execPath,
      ['--test', '--test-timeout=30000', `test/plugins/${name}.test.ts`],
      { COPIED_PLUGINS: folder, NODE_OPTIONS: `--import=${hook}` },
    );
    assert.equal(code, 0, output);
    assert.match(output, /pass [1-9]/);
    assert.ok(readFileSync(join(folder, 'used'), 'utf8').split('\n').includes(name), 'it was not used at all');
  });
}
