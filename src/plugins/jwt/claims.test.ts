import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../lib/json.ts';
import { judgeTimes, timesOf } from './claims.ts';

const NOW = 1_700_000_000;
const judge = (claims: JsonObject, verify: readonly ('exp' | 'nbf')[], maximumExpiration = 0) =>
  judgeTimes(timesOf(claims), { verify, maximumExpiration }, NOW);

test('exp is too late at its own second, nbf is good at it', () => {
  assert.equal(judge({ exp: NOW + 1 }, ['exp']), undefined);
  assert.deepEqual(judge({ exp: NOW }, ['exp']), { exp: 'token expired' });
  assert.equal(judge({ nbf: NOW }, ['nbf']), undefined);
  assert.deepEqual(judge({ nbf: NOW + 1 }, ['nbf']), { nbf: 'token not valid yet' });
});

test('everything that is wrong is told', () => {
  const both = { exp: 'must be a number', nbf: 'must be a number' };
  assert.deepEqual(judge({}, ['exp', 'nbf']), both);
  assert.deepEqual(judge({ exp: '1', nbf: null }, ['exp', 'nbf']), both);
  assert.deepEqual(judge({ exp: 1, nbf: NOW + 9 }, ['exp', 'nbf']), {
    exp: 'token expired',
    nbf: 'token not valid yet',
  });
  assert.equal(judge({ exp: 1 }, []), undefined);
});

test('an expiry may be limited', () => {
  assert.equal(judge({ exp: NOW + 300 }, ['exp'], 300), undefined);
  assert.deepEqual(judge({ exp: NOW + 301 }, ['exp'], 300), { exp: 'exceeds maximum allowed expiration' });
  assert.deepEqual(judge({}, [], 300), { exp: 'exceeds maximum allowed expiration' });
});
