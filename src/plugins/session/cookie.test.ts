import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteCookies, formatAttributes, formatCookies, readCookie } from './cookie.ts';

const headerOf = (lines: readonly string[]): string => lines.map((line) => line.split(';')[0]).join('; ');

test('attributes have one order; Default is no attribute', () => {
  const all = { path: '/', domain: 'x.test', sameSite: 'Lax', httpOnly: true, secure: true };
  assert.equal(formatAttributes(all), '; Path=/; Domain=x.test; SameSite=Lax; Secure; HttpOnly');
  const none = { path: null, domain: null, sameSite: 'Default', httpOnly: false, secure: false };
  assert.equal(formatAttributes(none), '');
});

test('a long value goes over several cookies and comes back whole', () => {
  for (const length of [1, 3800, 3801, 20_000, 34_200]) {
    const value = Array.from({ length }, (_, i) => 'abcdefghij_-'[i % 12]).join('');
    const lines = formatCookies('s', value, '; Path=/')!;
    assert.equal(lines.length, Math.ceil(length / 3800));
    for (const line of lines) assert.ok(line.length < 4096);
    assert.equal(readCookie(headerOf(lines), 's'), value);
    assert.equal(readCookie(headerOf([...lines].reverse()), 's'), value);
    if (lines.length > 1) assert.equal(readCookie(headerOf(lines.slice(0, -1)), 's'), undefined);
  }
  assert.equal(formatCookies('s', 'x'.repeat(34_201), ''), undefined);
});

test('what is left of a longer value does not matter', () => {
  assert.equal(readCookie('s=short; s2=old', 's'), 'short');
  assert.equal(readCookie('s=', 's'), undefined);
  assert.equal(readCookie(undefined, 's'), undefined);
});

test('only cookies that the client has are deleted, each with its parts', () => {
  assert.deepEqual(deleteCookies('s=1; s2=2; t=3', 's', '; Path=/'), [
    's=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0',
    's2=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0',
  ]);
  assert.deepEqual(deleteCookies('t=3', 's', ''), []);
});
