// The end of a turn of the event loop, and the time as one turn has it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atEndOfTurn, now, readClock } from '../../src/gateway/http1/turn.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setTimeout(resolve, 0)));

/** Keeps the processor busy. */
function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('jobs run in order at the end of the turn, with those that they put off themselves', async () => {
  const ran: string[] = [];
  atEndOfTurn(() => {
    ran.push('first');
    atEndOfTurn(() => ran.push('of the first'));
  });
  atEndOfTurn(() => ran.push('second'));
  await Promise.resolve();
  assert.deepEqual(ran, []);
  await nextTurn();
  assert.deepEqual(ran, ['first', 'second', 'of the first']);
});

test('the time stands still within a turn unless it is read anew, and goes on with the next', async () => {
  const first = now();
  spin(5);
  assert.equal(now(), first);
  const later = readClock();
  assert.ok(later >= first + 4, `${later - first} ms`);
  assert.equal(now(), later);
  spin(5);
  await nextTurn();
  assert.ok(now() >= later + 4);
});
