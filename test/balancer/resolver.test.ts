import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { createResolver, type ResolverOptions } from '../../src/gateway/dns/resolver.ts';

const notFound = (): Promise<never> => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
const failed = (): Promise<never> => Promise.reject(Object.assign(new Error('no answer'), { code: 'ESERVFAIL' }));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A resolver on a clock of its own, in milliseconds. */
function resolverOn(t: TestContext, options: ResolverOptions) {
  const clock = { now: 0 };
  const resolver = createResolver({ lookupTtl: async () => undefined, now: () => clock.now, ...options });
  t.after(() => resolver.close());
  return { resolver, clock };
}

describe('the resolver', () => {
  test('answers addresses and localhost at once', (t) => {
    const { resolver } = resolverOn(t, { lookup: notFound });
    assert.deepEqual(resolver.resolve('10.0.0.1'), ['10.0.0.1']);
    assert.deepEqual(resolver.resolve('::1'), ['::1']);
    assert.deepEqual(resolver.resolve('[::1]'), ['::1']);
    assert.deepEqual(resolver.resolve('localhost'), ['127.0.0.1']);
  });

  test('knows the names of the hosts file', async (t) => {
    const resolver = createResolver();
    t.after(() => resolver.close());
    assert.deepEqual(await resolver.resolve('localhost'), ['127.0.0.1']);
  });

  test('answers at once what it knows', async (t) => {
    const { resolver } = resolverOn(t, { lookup: async () => ['10.0.0.1'] });
    assert.deepEqual(await resolver.resolve('a.test'), ['10.0.0.1']);
    assert.deepEqual(resolver.resolve('a.test'), ['10.0.0.1']);
  });

  test('asks once for all that wait', async (t) => {
    let asked = 0;
    const { resolver } = resolverOn(t, {
      lookup: async () => {
        asked += 1;
        return ['10.0.0.1'];
      },
    });
    await Promise.all([resolver.resolve('a.test'), resolver.resolve('a.test')]);
    assert.equal(asked, 1);
  });

  test('gives the old answer while it fetches a new one', async (t) => {
    let answer = '10.0.0.1';
    const { resolver, clock } = resolverOn(t, { lookup: async () => [answer] });
    await resolver.resolve('a.test');
    answer = '10.0.0.2';
    clock.now += 11_000;
    assert.deepEqual(resolver.resolve('a.test'), ['10.0.0.1']);
    await settled();
    assert.deepEqual(resolver.resolve('a.test'), ['10.0.0.2']);
  });

  test('keeps answers as long as their records say', async (t) => {
    let asked = 0;
    const { resolver, clock } = resolverOn(t, {
      lookup: async () => {
        asked += 1;
        return ['10.0.0.1'];
      },
      lookupTtl: async () => 300,
    });
    await resolver.resolve('a.test');
    await settled();
    clock.now += 299_000;
    await resolver.resolve('a.test');
    assert.equal(asked, 1);
    clock.now += 2000;
    await resolver.resolve('a.test');
    assert.equal(asked, 2);
  });

  test('serves the last answer on while the name servers are down', async (t) => {
    let isDown = false;
    const { resolver, clock } = resolverOn(t, { lookup: async () => (isDown ? failed() : ['10.0.0.1']) });
    await resolver.resolve('a.test');
    isDown = true;
    clock.now += 20_000;
    await resolver.resolve('a.test');
    await settled();
    assert.deepEqual(resolver.resolve('a.test'), ['10.0.0.1']);
    clock.now += 3_700_000;
    await assert.rejects(async () => await resolver.resolve('a.test'), /no answer/);
  });

  test('remembers for some seconds that a name does not exist', async (t) => {
    let asked = 0;
    const { resolver, clock } = resolverOn(t, {
      lookup: () => {
        asked += 1;
        return notFound();
      },
    });
    assert.deepEqual(await resolver.resolve('no.test'), []);
    assert.deepEqual(resolver.resolve('no.test'), []);
    assert.equal(asked, 2, 'one question for each family');
    clock.now += 6000;
    await resolver.resolve('no.test');
    assert.equal(asked, 4);
  });

  test('takes IPv6 only when there is no IPv4', async (t) => {
    const { resolver } = resolverOn(t, { lookup: async (_host, family) => (family === 4 ? notFound() : ['fd00::1']) });
    assert.deepEqual(await resolver.resolve('six.test'), ['fd00::1']);
  });

  test('keeps at most 64 addresses of a name', async (t) => {
    const { resolver } = resolverOn(t, { lookup: async () => Array.from({ length: 100 }, (_, i) => `10.0.0.${i}`) });
    assert.equal((await resolver.resolve('many.test')).length, 64);
  });
});
