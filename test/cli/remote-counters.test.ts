// What a worker believes of counters that the primary holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Calls } from '../../src/cli/workers/calls.ts';
import { RemoteCounters } from '../../src/cli/workers/remote-counters.ts';

const wanted = [{ key: 'a', limit: 1, seconds: 60 }];

test('a refusal is asked about again after a second, wherever the clock on the wall has gone', async (t) => {
  let questions = 0;
  const calls = new Calls((message) => {
    questions += 1;
    if (message.type === 'call') calls.answer({ type: 'reply', id: message.id, value: [[1]] });
  });
  const counters = new RemoteCounters(calls, 'node');
  assert.deepEqual(await counters.takeOne(wanted), [1]);
  assert.deepEqual(await counters.takeOne(wanted), [1]);
  assert.equal(questions, 1, 'it is believed');
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() - 3_600_000 });
  await sleep(1100);
  assert.deepEqual(await counters.takeOne(wanted), [1]);
  assert.equal(questions, 2);
});

test('without the primary nobody waits for an answer', async () => {
  const calls = new Calls(() => undefined);
  const counters = new RemoteCounters(calls, 'node');
  const waiting = counters.read(['a']);
  calls.close();
  await assert.rejects(waiting, /the primary process is gone/);
  await assert.rejects(counters.takeOne(wanted), /the primary process is gone/);
});
