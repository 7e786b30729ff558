import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  beginSession,
  formatSession,
  isAlive,
  lifetimeLeft,
  parseSession,
  refreshNeeded,
  renewSession,
} from './session.ts';

const OWNER = { subject: 'bob', consumer: 'c', credential: 'k', groups: ['a'] };
const TIMEOUTS = { idling: 900, rolling: 3600, absolute: 86_400 };
const T = 1_700_000_000;

test('a session ends with the first of its timeouts; that moment is too late', () => {
  const session = beginSession(OWNER, T);
  assert.equal(lifetimeLeft(session, TIMEOUTS, T + 1), 899);
  assert.equal(isAlive(session, TIMEOUTS, T + 899), true);
  assert.equal(isAlive(session, TIMEOUTS, T + 900), false);
  const used = { ...session, usedAt: T + 3500 };
  assert.equal(isAlive(used, TIMEOUTS, T + 3599), true);
  assert.equal(isAlive(used, TIMEOUTS, T + 3600), false);
  const renewed = { ...renewSession(session, T + 86_000), usedAt: T + 86_300 };
  assert.equal(isAlive(renewed, TIMEOUTS, T + 86_399), true);
  assert.equal(isAlive(renewed, TIMEOUTS, T + 86_400), false);
});

test('a timeout of 0 sets no limit', () => {
  const session = beginSession(OWNER, T);
  assert.equal(isAlive(session, { idling: 0, rolling: 0, absolute: 0 }, T + 1e9), true);
  assert.equal(lifetimeLeft(session, { idling: 0, rolling: 0, absolute: 0 }, T), undefined);
});

test('it is renewed late in its rolling timeout, and its use is noted now and then', () => {
  const session = beginSession(OWNER, T);
  assert.equal(refreshNeeded(session, TIMEOUTS, T), 'no');
  assert.equal(refreshNeeded(session, TIMEOUTS, T + 59), 'no');
  assert.equal(refreshNeeded(session, TIMEOUTS, T + 60), 'touch');
  assert.equal(refreshNeeded(session, TIMEOUTS, T + 2700), 'renew');
  assert.equal(refreshNeeded(session, { ...TIMEOUTS, idling: 8 }, T + 2), 'touch');
  assert.equal(refreshNeeded(session, { idling: 0, rolling: 0, absolute: 0 }, T + 1e6), 'no');
  assert.equal(refreshNeeded({ ...session, isStale: true }, TIMEOUTS, T + 2700), 'no');
});

test('renewing changes the name and keeps the beginning', () => {
  const session = beginSession(OWNER, T);
  const renewed = renewSession(session, T + 100);
  assert.notEqual(renewed.id, session.id);
  assert.deepEqual({ ...renewed, id: '' }, { ...session, id: '', renewedAt: T + 100, usedAt: T + 100 });
});

test('what was written is read back; anything else is none', () => {
  for (const groups of [undefined, [], ['a', 'b']]) {
    const session = beginSession({ ...OWNER, groups }, T);
    assert.deepEqual(parseSession(formatSession(session)), session);
  }
  for (const text of ['', 'x', '[]', '{}', '{"id":1}']) assert.equal(parseSession(text), undefined);
});
