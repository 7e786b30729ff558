// What is written on the command line as a patch.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyPatch, parseValues } from '../../../src/control/transform/patch.ts';
import { openTree, writeTree } from '../../../src/control/transform/tree.ts';

describe('values of a patch', () => {
  it('are JSON behind the first colon, and nothing there removes the key', () => {
    assert.deepEqual(parseValues(['url:"http://h:80"', 'retries: 5', 'tags:', 'path:null', 'a b:{"c":[1]}']), {
      ok: true,
      values: { url: 'http://h:80', retries: 5, path: null, 'a b': { c: [1] } },
      remove: ['tags'],
    });
  });

  it('are refused when they are none, or could change what objects are', () => {
    for (const text of ['name', ':1', 'name:orders', '__proto__:1', '__proto__:', 'a:{"b":[{"__proto__":1}]}']) {
      assert.equal(parseValues([text]).ok, false, text);
    }
  });
});

describe('a patch', () => {
  it('finds keys that YAML reads as numbers', async () => {
    const opened = await openTree({ name: 'x.yaml', text: 'codes:\n  200: {a: 1} # fine\n  404: x\n  500: y\n' });
    assert.ok(opened.ok);
    applyPatch(opened.tree, { selectors: ['$.codes'], values: { '404': 'z' }, remove: ['500'] });
    applyPatch(opened.tree, { selectors: ["$.codes['200']"], values: { a: 2 }, remove: [] });
    assert.equal(writeTree(opened.tree, 'yaml'), 'codes:\n  200: {a: 2} # fine\n  404: z\n');
  });
});
