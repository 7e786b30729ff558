// The pages of docs/reference are those that the sources give now, and what they show is right.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isValidState } from '../../scripts/reference/example.ts';
import { referencePages } from '../../scripts/reference/pages.ts';
import { parseState } from '../../src/control/file/parse.ts';
import { stateJsonSchema } from '../../src/control/file/state-schema.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { checkLines, fieldTable } from '../../src/schema/markdown.ts';

const FOLDER = fileURLToPath(new URL('../../docs/reference/', import.meta.url));
const pages = await referencePages();
const schemas = createSchemas(bundledPlugins);

test('the committed pages are what `npm run docs` writes', () => {
  const committed = globSync('**/*.md', { cwd: FOLDER }).sort();
  assert.deepEqual(committed, [...pages.keys()].sort(), 'run: npm run docs');
  for (const [path, text] of pages) {
    assert.equal(readFileSync(join(FOLDER, path), 'utf8'), text, `${path} is out of date; run: npm run docs`);
  }
});

test('there is a page for every entity and every plugin', () => {
  for (const name of schemas.entities.keys()) assert.ok(pages.has(`entities/${name}.md`), name);
  for (const { name } of bundledPlugins) assert.ok(pages.has(`plugins/${name}.md`), name);
});

test('every example is a valid state file, for the loader and for the schema of editors', async () => {
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(stateJsonSchema(schemas));
  for (const [path, text] of pages) {
    const example = /^```yaml\n([\s\S]*?)^```$/m.exec(text)?.[1];
    if (example === undefined) {
      assert.ok(!path.startsWith('plugins/'), `${path} shows no example`);
      continue;
    }
    assert.ok(await isValidState(schemas, example), path);
    const parsed = await parseState(example);
    assert.ok(parsed.ok, path);
    assert.ok(validate(parsed.value), `${path}: ${JSON.stringify(validate.errors)}`);
  }
});

test('every link leads to a page or to a file of the repository', () => {
  for (const [path, text] of pages) {
    for (const [, target] of text.matchAll(/\]\(([^)#]+)\)/g)) {
      // Other sites are not ours to check.
      if (/^https?:/.test(target!)) continue;
      const file = join(dirname(path), target!);
      if (file.startsWith('..')) assert.ok(readFileSync(join(FOLDER, file), 'utf8').length > 0, `${path}: ${target}`);
      else assert.ok(pages.has(file), `${path}: ${target}`);
    }
  }
});

test('a table shows types, defaults, what must be written, limits and secrets', () => {
  const table = fieldTable({
    port: { type: 'integer', required: true, between: [0, 65535], description: 'Port.' },
    mode: { type: 'string', default: 'a', one_of: ['a', 'b|c'] },
    password: { type: 'string', encrypted: true, referenceable: true },
    rules: { type: 'array', elements: { type: 'record', fields: { name: { type: 'string', required: true } } } },
    labels: { type: 'map', keys: { type: 'string', match: /^x/ }, values: { type: 'string' }, len_max: 3 },
  });
  assert.deepEqual(table.split('\n').slice(2), [
    '| `port` | integer |  | yes | Port. From 0 to 65535. |',
    '| `mode` | text | `a` |  | One of `a`, `b\\|c`. |',
    '| `password` | text |  |  | A secret: masked in everything gwctl prints. May be a reference to a vault. |',
    '| `rules` | list of record |  |  |  |',
    '| `rules[].name` | text |  | yes |  |',
    '| `labels` | map of text |  |  | At most 3 entries. Keys: matches `^x`. |',
  ]);
});

test('checks between fields are sentences', () => {
  assert.deepEqual(
    checkLines([
      { check: 'at_least_one_of', fields: ['a', 'b'] },
      { check: 'mutually_required', fields: ['a', 'b'] },
      {
        check: 'conditional',
        if_field: 'policy',
        if_match: { eq: 'redis' },
        then_field: 'redis.host',
        then_match: { required: true },
      },
      { check: 'custom_entity_check', fields: ['a'], run: () => undefined },
    ]),
    [
      'At least one of `a`, `b` is set.',
      'All of `a`, `b` are set, or none.',
      'When `policy` is `redis`, `redis.host` is set.',
    ],
  );
});

test('every field of a plugin says what it means', () => {
  const silent = bundledPlugins.flatMap(({ name, schema }) => {
    const config = schema.fields['config'];
    if (config?.type !== 'record') return [];
    return Object.entries(config.fields)
      .filter(([, field]) => field.description === undefined)
      .map(([field]) => `${name}: ${field}`);
  });
  assert.deepEqual(silent, []);
});
