import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keys } from './keys.ts';

const credential = () => ({ id: 'x', secret: 'c2VjcmV0', algorithm: 'HS256' });

test('a check is made once, and stands for one credential, algorithm, key and way to read it', () => {
  const keys = new Keys();
  const bob = credential();
  const mark = () => keys.of(bob, 'HS256', false)!.mark;
  const first = mark();
  assert.equal(mark(), first);
  assert.notEqual(keys.of(credential(), 'HS256', false)!.mark, first);
  assert.notEqual(keys.of(bob, 'HS256', true)!.mark, first);
  assert.equal(mark(), first);
  bob.secret = 'another';
  const changed = mark();
  assert.notEqual(changed, first);
  assert.notEqual(keys.of(bob, 'HS512', false)!.mark, changed);
  // What was accepted under the first is forgotten, also when its key comes back.
  bob.secret = 'c2VjcmV0';
  assert.notEqual(mark(), first);
});

test('a credential without a usable key has none, whatever it had before', () => {
  const keys = new Keys();
  const bob: ReturnType<typeof credential> & { rsa_public_key?: string } = credential();
  assert.ok(keys.of(bob, 'HS256', true) !== undefined);
  bob.secret = 'a+/b';
  assert.equal(keys.of(bob, 'HS256', true), undefined);
  assert.equal(keys.of(bob, 'RS256', false), undefined);
  bob.rsa_public_key = 'no key';
  assert.equal(keys.of(bob, 'RS256', false), undefined);
});
