import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeal } from './seal.ts';

test('only the same secret and purpose open what was sealed', () => {
  const seal = createSeal('secret', 'a');
  const sealed = seal.close('höllo');
  assert.match(sealed, /^[A-Za-z0-9_-]+$/);
  assert.equal(seal.open(sealed), 'höllo');
  assert.equal(createSeal('secret', 'a').open(sealed), 'höllo');
  assert.equal(createSeal('secret', 'b').open(sealed), undefined);
  assert.equal(createSeal('secreT', 'a').open(sealed), undefined);
  assert.notEqual(seal.close('höllo'), sealed);
});

test('anything that was changed, cut or made up does not open', () => {
  const seal = createSeal('secret', 'a');
  const sealed = seal.close('x'.repeat(20));
  for (let i = 0; i < sealed.length; i++) {
    const other = sealed[i] === 'A' ? 'B' : 'A';
    const changed = sealed.slice(0, i) + other + sealed.slice(i + 1);
    // The last letter of base64url may hold bits that mean nothing.
    if (Buffer.from(changed, 'base64url').equals(Buffer.from(sealed, 'base64url'))) continue;
    assert.equal(seal.open(changed), undefined, String(i));
  }
  for (const text of ['', 'garbage', sealed.slice(0, -4), `${sealed}AAAA`, `${sealed}=`, sealed.slice(0, 30)]) {
    assert.equal(seal.open(text), undefined, text);
  }
});
