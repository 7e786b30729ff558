// Every plugin folder has the same parts, and a page that says the same things in the same places.
import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundledPlugins } from '../../src/plugins/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PLUGINS = join(ROOT, 'src/plugins');
const names = bundledPlugins.map(({ name }) => name);
const folders = readdirSync(PLUGINS, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'shared')
  .map(({ name }) => name);
const pageOf = (name: string): string => readFileSync(join(PLUGINS, name, 'README.md'), 'utf8');

test('every folder is a bundled plugin, and every bundled plugin has a folder of its name', () => {
  assert.deepEqual([...folders].sort(), [...names].sort());
});

test('definition, schema, handler and page have files of their own', () => {
  const missing = names.flatMap((name) =>
    ['index.ts', 'schema.ts', 'handler.ts', 'README.md'].filter((file) => !existsSync(join(PLUGINS, name, file))),
  );
  assert.deepEqual(missing, []);
});

test('every plugin is put to work by some test', () => {
  const tests = globSync('test/plugins/*.test.ts', { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), 'utf8'));
  const untested = names.filter(
    (name) => !tests.some((text) => text.includes(`'${name}'`) || text.includes(`"${name}"`)),
  );
  assert.deepEqual(untested, []);
});

test('every plugin has a page in the reference', () => {
  const missing = names.filter((name) => !existsSync(join(ROOT, 'docs/reference/plugins', `${name}.md`)));
  assert.deepEqual(missing, []);
});

test('a page begins with the name, shows a configuration, and ends with what was decided here', () => {
  for (const { name, priority } of bundledPlugins) {
    const text = pageOf(name);
    const [title, , first] = text.split('\n');
    assert.equal(title, `# ${name}`);
    assert.ok(first!.length > 40 && first!.endsWith('.'), `${name}: what it does`);
    assert.match(text, new RegExp(`(?<![-\\d])${priority}\\b`), `${name}: its priority`);
    assert.match(text, /^```yaml$/m, `${name}: an example`);
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    assert.equal(headings.at(-1), 'Choices made here', name);
  }
});

test('a page speaks of this gateway, not of the faults of others', () => {
  const others =
    /\b(?:Kong|nginx|OpenResty|Lua|decK)\b[^.\n]*\b(?:bug|defect|fault|wrong|broken|forgets|fails to|leaks|crash\w*|mistake)\b/i;
  const wrong = names.flatMap((name) => {
    const found = others.exec(pageOf(name));
    return found === null ? [] : [`${name}: ${found[0]}`];
  });
  assert.deepEqual(wrong, []);
});
