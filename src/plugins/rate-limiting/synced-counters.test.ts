import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Addition, SharedCounters } from '../../pdk/index.ts';
import { SyncedCounters } from './synced-counters.ts';

function shared(start: Readonly<Record<string, number>> = {}) {
  const values = new Map(Object.entries(start));
  const state = { values, reads: 0, told: [] as Addition[][], isAway: false };
  const counters: SharedCounters = {
    takeOne: () => Promise.reject(new Error('not asked')),
    async read(keys) {
      state.reads += 1;
      if (state.isAway) throw new Error('away');
      return keys.map((key) => values.get(key) ?? 0);
    },
    async add(additions) {
      if (state.isAway) throw new Error('away');
      state.told.push([...additions]);
      return additions.map(({ key, amount }) => {
        values.set(key, (values.get(key) ?? 0) + amount);
        return values.get(key)!;
      });
    },
  };
  return { ...state, state, counters };
}

const clock = { time: 0, now: () => clock.time };
const K = { key: 'k', endsAt: 60_000, seconds: 60 };

test('counts from what is there, and tells the rest now and then', async () => {
  clock.time = 0;
  const { state, counters } = shared({ k: 5 });
  const synced = new SyncedCounters(counters, clock, 0.03, () => undefined);
  assert.equal(synced.has('k'), false);
  await synced.fetch([K]);
  assert.equal(synced.get('k'), 5);
  synced.increment('k');
  synced.increment('k');
  assert.equal(synced.get('k'), 7);
  state.values.set('k', 10);
  await sleep(60);
  assert.deepEqual(state.told, [[{ key: 'k', amount: 2, seconds: 60 }]]);
  assert.equal(state.values.get('k'), 12);
  await sleep(60);
  assert.equal(synced.has('k'), false, 'nobody counted: it is asked for again');
  await synced.fetch([K]);
  assert.equal(synced.get('k'), 12);
  await synced.close();
});

test('what cannot be told is told later; what nobody needs any more is not', async () => {
  clock.time = 0;
  const { state, counters } = shared();
  const problems: unknown[] = [];
  const synced = new SyncedCounters(counters, clock, 0.03, (problem) => problems.push(problem));
  await synced.fetch([K, { ...K, key: 'old', endsAt: 10 }]);
  synced.increment('k');
  synced.increment('old');
  state.isAway = true;
  clock.time = 20;
  await sleep(50);
  assert.ok(problems.length > 0);
  assert.equal(synced.get('k'), 1);
  state.isAway = false;
  await synced.close();
  assert.deepEqual(state.told, [[{ key: 'k', amount: 1, seconds: 60 }]]);
});

test('two who fetch the same key at once do not lose what was counted in between', async () => {
  clock.time = 0;
  const { counters } = shared({ k: 1 });
  const synced = new SyncedCounters(counters, clock, 60, () => undefined);
  const second = synced.fetch([K]).then(() => synced.increment('k'));
  const first = synced.fetch([K]).then(() => synced.increment('k'));
  await Promise.all([first, second]);
  assert.equal(synced.get('k'), 3);
  await synced.close();
});
