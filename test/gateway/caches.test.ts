import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NamedCaches } from '../../src/gateway/environment/caches.ts';

function caches(maxBytes: number) {
  const clock = { time: 0, now: () => clock.time };
  return { clock, all: new NamedCaches(clock, maxBytes) };
}
const FOR_TEN = { bytes: 10, ttlSeconds: 10 };

test('one name is one cache', () => {
  const { all } = caches(100);
  const value = { a: 1 };
  all.open('x').set('k', value, FOR_TEN);
  assert.equal(all.open('x').get('k'), value);
  assert.equal(all.open('y').get('k'), undefined);
  all.close();
});

test('what was not used for longest makes room', () => {
  const { all } = caches(30);
  const cache = all.open<{ n: number }>('x');
  for (const n of [1, 2, 3]) cache.set(String(n), { n }, FOR_TEN);
  cache.get('1');
  cache.set('4', { n: 4 }, FOR_TEN);
  assert.deepEqual(
    ['1', '2', '3', '4'].map((key) => cache.get(key)?.n),
    [1, undefined, 3, 4],
  );
  assert.equal(cache.set('5', { n: 5 }, { bytes: 25, ttlSeconds: 10 }), true);
  assert.equal(cache.get('4'), undefined);
  all.close();
});

test('what is larger than the cache is not kept, and pushes nothing out but its predecessor', () => {
  const { all } = caches(30);
  const cache = all.open<{ n: number }>('x');
  cache.set('a', { n: 1 }, FOR_TEN);
  cache.set('b', { n: 1 }, FOR_TEN);
  assert.equal(cache.set('b', { n: 2 }, { bytes: 31, ttlSeconds: 1 }), false);
  assert.equal(cache.get('b'), undefined);
  assert.equal(cache.get('a')?.n, 1);
  all.close();
});

test('entries end with their time, and replaced ones take no room', () => {
  const { all, clock } = caches(30);
  const cache = all.open<{ n: number }>('x');
  for (let n = 0; n < 50; n++) cache.set('a', { n }, FOR_TEN);
  cache.set('b', { n: 1 }, FOR_TEN);
  assert.equal(cache.get('a')?.n, 49);
  clock.time = 10_000;
  assert.equal(cache.get('a'), undefined);
  assert.equal(cache.delete('b'), false);
  for (const key of ['c', 'd', 'e']) cache.set(key, { n: 1 }, FOR_TEN);
  assert.equal(cache.get('c')?.n, 1);
  cache.clear();
  assert.equal(cache.get('c'), undefined);
  all.close();
});

test('what is missing is made once for all who wait, and kept', async () => {
  const { all } = caches(100);
  const cache = all.open<{ n: number }>('x');
  let made = 0;
  const make = async () => {
    made++;
    await new Promise((resolve) => setTimeout(resolve, 10));
    return { value: { n: made }, ...FOR_TEN };
  };
  const values = await Promise.all([cache.load('k', make), cache.load('k', make), cache.load('k', make)]);
  assert.deepEqual([values, made, cache.get('k')], [[{ n: 1 }, { n: 1 }, { n: 1 }], 1, { n: 1 }]);
  assert.deepEqual(await cache.load('k', make), { n: 1 });
  all.close();
});

test('a failure is told to all who wait, and the next one asks again', async () => {
  const { all } = caches(100);
  const cache = all.open<{ n: number }>('x');
  const fail = () => Promise.reject(new Error('no'));
  const [one, two] = [cache.load('k', fail), cache.load('k', fail)];
  await assert.rejects(one, /no/);
  await assert.rejects(two, /no/);
  assert.deepEqual(await cache.load('k', async () => ({ value: { n: 1 }, ...FOR_TEN })), { n: 1 });
  all.close();
});

test('what is deleted or set while it is made is not overwritten by what is made', async () => {
  const { all } = caches(100);
  const cache = all.open<{ n: number }>('x');
  const make = async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return { value: { n: 1 }, ...FOR_TEN };
  };
  const loads = [cache.load('gone', make), cache.load('newer', make)];
  cache.delete('gone');
  cache.set('newer', { n: 2 }, FOR_TEN);
  assert.deepEqual(await Promise.all(loads), [{ n: 1 }, { n: 1 }]);
  assert.deepEqual([cache.get('gone'), cache.get('newer')], [undefined, { n: 2 }]);
  all.close();
});
