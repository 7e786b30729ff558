import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashSecret, matchesHash } from './secret.ts';

test('a secret matches its hash and no other', async () => {
  const stored = hashSecret('sécret');
  assert.match(stored, /^\$pbkdf2-sha512\$i=10000,l=32\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.equal(await matchesHash('sécret', stored), true);
  assert.equal(await matchesHash('secret', stored), false);
  assert.equal(await matchesHash('', stored), false);
  assert.equal(await matchesHash(stored, stored), false);
});

test('a hash that was made elsewhere, with other parameters', async () => {
  // PBKDF2-HMAC-SHA512 of "password" with the salt "salt" and one iteration, the first 32 bytes.
  const hash = Buffer.from('867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252', 'hex');
  const stored = `$pbkdf2-sha512$i=1,l=32$c2FsdA$${hash.toString('base64').replace('=', '')}`;
  assert.equal(await matchesHash('password', stored), true);
  assert.equal(await matchesHash('passwort', stored), false);
});

test('any other text matches nothing', async () => {
  for (const stored of [
    '',
    'secret',
    '$pbkdf2-sha512$i=0,l=32$c2FsdA$aGFzaA',
    '$pbkdf2-sha512$i=1,l=0$c2FsdA$aGFzaA',
  ]) {
    assert.equal(await matchesHash('secret', stored), false, stored);
  }
});
