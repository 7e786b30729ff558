import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieValues } from './cookies.ts';

test('cookies are found by their exact name', () => {
  assert.deepEqual(cookieValues(undefined, 'a'), []);
  assert.deepEqual(cookieValues('a=1; b=2', 'b'), ['2']);
  assert.deepEqual(cookieValues('aa=1;a=x=y;A=3', 'a'), ['x=y']);
  assert.deepEqual(cookieValues('a=1; a=2', 'a'), ['1', '2']);
  assert.deepEqual(cookieValues('a; a=', 'a'), ['']);
  assert.deepEqual(cookieValues('a="v"; b="', 'a'), ['v']);
  assert.deepEqual(cookieValues('a="v"; b="', 'b'), ['"']);
});
