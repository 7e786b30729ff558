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
