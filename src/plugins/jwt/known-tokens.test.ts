import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KnownToken, KnownTokens } from './known-tokens.ts';

const token = (key: string): KnownToken => ({
  mark: {},
  algorithm: 'HS256',
  claimName: 'iss',
  key,
  exp: undefined,
  nbf: undefined,
});

function addMany(tokens: KnownTokens, count: number, length = 200, name = 'other'): void {
  for (let i = 0; i < count; i++) tokens.add(`${name}-${i}`.padEnd(length, '.'), token('other'));
}

test('a token is known by its whole text', () => {
  const tokens = new KnownTokens();
  const bob = token('bob');
  tokens.add('a.b.c', bob);
  assert.equal(tokens.get('a.b.c'), bob);
  for (const text of ['', 'a.b.', 'a.b.d', 'a.b.c=', 'A.b.c']) assert.equal(tokens.get(text), undefined, text);
  const changed = token('bob');
  tokens.add('a.b.c', changed);
  assert.equal(tokens.get('a.b.c'), changed);
});

test('however many there are, few are kept; who comes often stays', () => {
  const tokens = new KnownTokens();
  tokens.add('often', token('often'));
  tokens.add('once', token('once'));
  for (let i = 0; i < 10; i++) {
    addMany(tokens, 4000, 200, `round ${i}`);
    assert.equal(tokens.get('often')?.key, 'often');
  }
  assert.equal(tokens.get('once'), undefined);
  assert.equal(tokens.get('round 0-0'.padEnd(200, '.')), undefined);
});

test('of long ones fewer are kept, of very long ones none', () => {
  const tokens = new KnownTokens();
  tokens.add('first', token('first'));
  addMany(tokens, 2500, 4096);
  assert.equal(tokens.get('first'), undefined);
  tokens.add('x'.repeat(4097), token('long'));
  assert.equal(tokens.get('x'.repeat(4097)), undefined);
});

test('a token that is told again and again takes the room of one', () => {
  const tokens = new KnownTokens();
  tokens.add('first', token('first'));
  for (let i = 0; i < 5000; i++) tokens.add('x'.repeat(4000), token('again'));
  assert.equal(tokens.get('first')?.key, 'first');
});
