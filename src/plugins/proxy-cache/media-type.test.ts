import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesOneOf } from './media-type.ts';

test('types with their parameters, in any case and order', () => {
  const matches = matchesOneOf(['Application/JSON', 'text/plain; charset=utf-8; x=1', 'image/*']);
  for (const type of ['application/json', 'APPLICATION/JSON ', 'text/plain;x="1";Charset=UTF-8', 'image/png']) {
    assert.equal(matches(type), true, type);
  }
  for (const type of [
    undefined,
    '',
    'application/json; charset=utf-8',
    'text/plain',
    'text/plain; charset=utf-8',
    'image/png; q=1',
    'image',
  ]) {
    assert.equal(matches(type), false, String(type));
  }
});

test('everything', () => {
  const matches = matchesOneOf(['*/*']);
  assert.equal(matches('text/html; charset=utf-8'), true);
  assert.equal(matches('nonsense'), false);
});
