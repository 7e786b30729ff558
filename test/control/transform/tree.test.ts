// Trees of state files: what is read is what is written, whatever the style of the author.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseState } from '../../../src/control/file/parse.ts';
import { createTemplates } from '../../../src/control/transform/templates.ts';
import { jsonOf, openTree, type Tree, treeOf, writeTree } from '../../../src/control/transform/tree.ts';
import type { Json, JsonObject } from '../../../src/lib/json.ts';

async function open(text: string): Promise<Tree> {
  const opened = await openTree({ name: 'test.yaml', text });
  if (!opened.ok) throw new Error(opened.problem.message);
  return opened.tree;
}

async function read(text: string): Promise<Json | undefined> {
  const parsed = await parseState(text);
  if (!parsed.ok) throw new Error(`${parsed.message}\n${text}`);
  return parsed.value;
}

/** Texts that YAML readers like to take for something else are the interesting ones. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    'yes',
    'off',
    'on',
    '~',
    'null',
    '012',
    '0x1f',
    '1e3',
    '12:30',
    '- a',
    '# no',
    'a: b',
    '<<',
    '=',
    '',
    ' ',
    '\n',
    'a\nb\n',
  ),
);
const value = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z_-]{1,8}$/), tie('value'), { maxKeys: 4 }),
  ),
})).value;
const mapping = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { minKeys: 1, maxKeys: 5 });

describe('a tree', () => {
  it('writes YAML that the loader reads as the same value', async () => {
    await fc.assert(
      fc.asyncProperty(mapping, async (content) => {
        const written = writeTree(treeOf({ name: 'x', text: '' }, content as JsonObject), 'yaml');
        assert.deepEqual(await read(written), JSON.parse(JSON.stringify(content)));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps its value when its own YAML is read and written again, and then also its text', async () => {
    await fc.assert(
      fc.asyncProperty(mapping, async (content) => {
        const first = writeTree(treeOf({ name: 'x', text: '' }, content as JsonObject), 'yaml');
        const second = writeTree(await open(first), 'yaml');
        assert.deepEqual(await read(second), await read(first));
        assert.equal(writeTree(await open(second), 'yaml'), second);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps comments, order, quotes, indentation and blank lines', async () => {
    const text = [
      '# head',
      '',
      '_format_version: "3.0" # version',
      'services:',
      '  # above',
      "  - name: 'single'",
      '    host: plain # behind',
      '',
      '    tags: [a, "b"]',
      '    path: |',
      '      /long',
      '  # last',
      '',
    ].join('\n');
    assert.equal(writeTree(await open(text), 'yaml'), text);
  });

  it('becomes JSON and reads JSON, which comes out as block YAML', async () => {
    const tree = await open('{"services": [{"name": "on", "port": 80}]}');
    assert.equal(
      writeTree(tree, 'json'),
      '{\n  "services": [\n    {\n      "name": "on",\n      "port": 80\n    }\n  ]\n}\n',
    );
    assert.equal(writeTree(tree, 'yaml'), 'services:\n- name: "on"\n  port: 80\n');
  });

  it('reads the words of YAML 1.1 as the loader does and writes them as they were', async () => {
    const text = 'a: yes\nb: off\nc: "yes"\nd: 010\ne: 1_000\nf: 08\ng: "010"\n';
    const tree = await open(text);
    assert.deepEqual(jsonOf(tree), { a: true, b: false, c: 'yes', d: 8, e: 1000, f: 8, g: '010' });
    assert.equal(writeTree(tree, 'yaml'), text);
  });

  it('unfolds anchors, also of merge keys inside of merge keys', async () => {
    const tree = await open('a: &a {x: 1, y: 2}\nb: &b\n  <<: *a\n  y: 3\nc:\n  <<: [*b, *a]\n  z: 4\nd: [*a, *a]\n');
    assert.deepEqual(jsonOf(tree), {
      a: { x: 1, y: 2 },
      b: { x: 1, y: 3 },
      c: { x: 1, y: 3, z: 4 },
      d: [
        { x: 1, y: 2 },
        { x: 1, y: 2 },
      ],
    });
    assert.doesNotMatch(writeTree(tree, 'yaml'), /[&*]/);
  });

  it('refuses what the loader refuses', async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
      .split('')
      .map((name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefghij'[i]}`).join(',')}]`)
      .join('\n')}\n`;
    for (const wrong of ['a: [', '- a', 'a: 1\na: 2', '__proto__: {}', `${'['.repeat(80)}`, 'a: 1\n---\nb: 2', bomb]) {
      assert.equal((await openTree({ name: 'x', text: wrong })).ok, false, wrong.slice(0, 40));
    }
  });

  it('is an empty mapping for a file without content', async () => {
    for (const empty of ['', '# only words\n', '\n\n']) assert.deepEqual(jsonOf(await open(empty)), {});
  });
});

describe('templates', () => {
  it('come back as they were, inside and outside of quotes', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of state files
    const text = 'a: ${{ env "DECK_A" }}\nb: "x ${{ env "DECK_B" | toInt }} y"\n# ${{ env "DECK_C" }}\nc: [1]\n';
    assert.equal(writeTree(await open(text), 'yaml'), text);
  });

  it('take backquotes in JSON, so that it stays JSON', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of state files
    const tree = await open('a: "${{ env "DECK_A" }}"\n');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of state files
    assert.deepEqual(JSON.parse(writeTree(tree, 'json')), { a: '${{ env `DECK_A` }}' });
  });

  it('leave places where they were', () => {
    const templates = createTemplates();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of state files
    const text = 'a: ${{ env "DECK_A" }} # b';
    assert.equal(templates.takeOut(text).length, text.length);
    assert.equal(templates.putBack(templates.takeOut(text), 'yaml'), text);
  });
});
