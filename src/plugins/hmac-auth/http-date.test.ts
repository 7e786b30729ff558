import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHttpDate } from './http-date.ts';

test('the three forms of one moment', () => {
  const expected = Date.UTC(1994, 10, 6, 8, 49, 37);
  assert.equal(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT'), expected);
  assert.equal(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT'), expected);
  assert.equal(parseHttpDate('Sun Nov  6 08:49:37 1994'), expected);
  assert.equal(parseHttpDate('Thursday, 29-Feb-24 00:00:00 GMT'), Date.UTC(2024, 1, 29));
});

test('anything else is no date', () => {
  const wrong = [
    '',
    'wrong date',
    '1994-11-06T08:49:37Z',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 +0100',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Abc 1994 08:49:37 GMT',
    ' Sun, 06 Nov 1994 08:49:37 GMT',
  ];
  for (const text of wrong) assert.equal(parseHttpDate(text), undefined, text);
});
