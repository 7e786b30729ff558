import assert from 'node:assert/strict';
import { test } from 'node:test';
import { userName } from './distinguished-name.ts';

test('a user name cannot leave its place', () => {
  const names = [
    ['einstein', 'einstein'],
    ['Müller', 'Müller'],
    ['a b', 'a b'],
    ['x,ou=admins', 'x\\,ou\\=admins'],
    ['a+b=c', 'a\\+b\\=c'],
    ['"<;>\\', '\\"\\<\\;\\>\\\\'],
    ['#1', '\\#1'],
    [' ', '\\ '],
    ['  ', '\\ \\ '],
    [' a ', '\\ a\\ '],
    ['a\u0000b', 'a\\00b'],
  ] as const;
  for (const [user, escaped] of names) assert.equal(userName('uid', user, 'dc=x'), `uid=${escaped},dc=x`, user);
});
