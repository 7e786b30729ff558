// What every store promises, as tests that are run for each of them. A store that outlives its process is opened a second
// time for the promises about what lasts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GwctlError } from '../../src/lib/errors.ts';
import type { State } from '../../src/state/state.ts';
import { NO_HASH } from '../../src/store/hash.ts';
import type { Committed, Store } from '../../src/store/store.ts';
import { consumer, contents, create, empty, entity, names, remove, route, service, update } from './entities.ts';

export interface Rig {
  /** A store that is empty and belongs to one test. */
  open(): Promise<Store>;
  /** Another store over what the first one, which is closed, has left; absent when nothing lasts. */
  reopen?(store: Store): Promise<Store>;
}

const violationOf = (committed: Committed): string => {
  assert.ok(!committed.ok, 'the commit was accepted');
  return committed.error.code;
};

export async function accept(store: Store, ...changes: Parameters<State['with']>[0]): Promise<State> {
  const committed = await store.commit(changes);
  assert.ok(committed.ok, JSON.stringify(committed));
  return committed.value;
}

export function testContract(name: string, rig: Rig): void {
  const check = (promise: string, run: (store: Store) => Promise<void>): void => {
    test(`${name}: ${promise}`, async () => {
      const store = await rig.open();
      try {
        await run(store);
      } finally {
        await store.close();
      }
    });
  };

  check('a new store is empty, writable and within reach', async (store) => {
    assert.deepEqual(contents(store.state), {});
    assert.deepEqual([store.isReadOnly, store.isReachable, store.configurationHash], [false, true, NO_HASH]);
  });

  check('what is committed is in the state, and the old state does not change', async (store) => {
    const before = store.state;
    const a = service('a');
    const after = await accept(store, create('services', a), create('routes', route('r', a.id)));
    assert.equal(store.state, after);
    assert.deepEqual(store.state.get('services', a.id), a);
    assert.equal(before.count('services'), 0);
  });

  check('all changes of a commit are made, or none', async (store) => {
    await accept(store, create('services', service('taken')));
    const before = contents(store.state);
    const refused = await store.commit([create('services', service('new')), create('services', service('taken'))]);
    assert.equal(violationOf(refused), 'unique');
    assert.deepEqual(contents(store.state), before);
  });

  check('an id, a unique value and a reference are each judged', async (store) => {
    const a = service('a');
    await accept(store, create('services', a), create('routes', route('r', a.id)));
    assert.equal(violationOf(await store.commit([create('services', { ...service('b'), id: a.id })])), 'primary_key');
    assert.equal(violationOf(await store.commit([create('services', service('a'))])), 'unique');
    assert.equal(violationOf(await store.commit([create('routes', route('s', service('x').id))])), 'foreign');
    assert.equal(violationOf(await store.commit([remove('services', a.id)])), 'referenced');
    assert.equal(violationOf(await store.commit([update('services', service('c'))])), 'not_found');
  });

  check('deleting takes along what belongs to the deleted', async (store) => {
    const c = consumer('c');
    const key = entity('keyauth_credentials', { key: 'k', consumer: { id: c.id } });
    await accept(store, create('consumers', c), create('keyauth_credentials', key));
    await accept(store, remove('consumers', c.id));
    assert.deepEqual(contents(store.state), {});
  });

  check('subscribers hear in their order, before the commit is answered', async (store) => {
    const heard: string[] = [];
    store.subscribe((state) => heard.push(`first ${state.count('services')}`));
    const unsubscribe = store.subscribe((state) => heard.push(`second ${state.count('services')}`));
    await accept(store, create('services', service('a')));
    heard.push('answered');
    unsubscribe();
    await accept(store, create('services', service('b')));
    assert.deepEqual(heard, ['first 1', 'second 1', 'answered', 'first 2']);
  });

  check('a refused commit, and one without changes, are told to nobody', async (store) => {
    await accept(store, create('services', service('a')));
    let told = 0;
    store.subscribe(() => (told += 1));
    await store.commit([create('services', service('a'))]);
    const before = store.state;
    const nothing = await store.commit([]);
    assert.deepEqual([nothing.ok && nothing.value === before, told], [true, 0]);
  });

  check('commits at once are made one after the other; of two for one name, one is refused', async (store) => {
    const many = Array.from({ length: 30 }, (_, i) => store.commit([create('services', service(`s${i % 20}`))]));
    const results = await Promise.all(many);
    assert.equal(results.filter((result) => result.ok).length, 20);
    assert.equal(store.state.count('services'), 20);
  });

  check('changes can be a function of the state they are made to', async (store) => {
    const one = service('a');
    await accept(store, create('services', one));
    const raise = () =>
      store.commit((latest) => {
        const current = latest.get('services', one.id)!;
        return [update('services', { ...current, retries: Number(current['retries']) + 1 })];
      });
    await Promise.all(Array.from({ length: 20 }, raise));
    assert.equal(store.state.get('services', one.id)!['retries'], 25);
  });

  check('a function that throws rejects its own commit only', async (store) => {
    const thrown = store.commit(() => {
      throw new Error('mine');
    });
    const others = store.commit([create('services', service('a'))]);
    await assert.rejects(thrown, /mine/);
    assert.equal((await others).ok, true);
  });

  check('replace puts a whole state in place of another, with its hash', async (store) => {
    const kept = service('kept');
    await accept(store, create('services', kept), create('services', service('gone')));
    const wanted = empty.with([
      create('services', { ...kept, host: 'changed.test' }),
      create('services', service('new')),
    ]);
    assert.ok(wanted.ok);
    let told: State | undefined;
    store.subscribe((state) => (told = state));
    await store.replace(wanted.value, 'a'.repeat(32));
    assert.deepEqual(names(store.state, 'services'), ['kept', 'new']);
    assert.equal(store.state.get('services', kept.id)!['host'], 'changed.test');
    assert.equal(told, store.state);
    assert.equal(store.configurationHash, 'a'.repeat(32));
  });

  check('fill changes only what is empty', async (store) => {
    const first = empty.with([create('services', service('first'))]);
    const second = empty.with([create('services', service('second'))]);
    assert.ok(first.ok && second.ok);
    assert.deepEqual([await store.fill(first.value, 'b'.repeat(32)), await store.fill(second.value)], [true, false]);
    assert.deepEqual(names(store.state, 'services'), ['first']);
    assert.equal(store.configurationHash, 'b'.repeat(32));
  });

  check('texts of any kind come back as they were', async (store) => {
    const odd = consumer('quote " backslash \\ \u{1f600} \u2028');
    odd['custom_id'] = "it's; DROP TABLE entities; -- $1 \t";
    odd['tags'] = ['ä', 'Ω', '{"a":1}', 'nul \u0000'];
    await accept(store, create('consumers', odd));
    assert.deepEqual(store.state.get('consumers', odd.id), odd);
    if (rig.reopen === undefined) return;
    await store.close();
    const again = await rig.reopen(store);
    assert.deepEqual(again.state.get('consumers', odd.id), odd);
    await again.close();
  });

  if (rig.reopen !== undefined) testDurability(name, rig.open, rig.reopen);

  test(`${name}: a closed store tells nobody`, async () => {
    const store = await rig.open();
    let told = 0;
    store.subscribe(() => (told += 1));
    await store.close();
    await store.commit([create('services', service('late'))]).catch((error: unknown) => {
      assert.ok(error instanceof GwctlError && error.code === 'E_STORE_UNAVAILABLE', String(error));
    });
    assert.equal(told, 0);
  });
}

function testDurability(name: string, open: Rig['open'], reopen: NonNullable<Rig['reopen']>): void {
  test(`${name}: what was committed is there when the store is opened again`, async () => {
    const store = await open();
    const a = service('a');
    const c = consumer('c');
    const key = entity('keyauth_credentials', { key: 'k', consumer: { id: c.id } });
    await accept(store, create('services', a), create('routes', route('r', a.id)));
    await accept(store, create('consumers', c), create('keyauth_credentials', key));
    await accept(store, update('services', { ...a, host: 'later.test' }), create('services', service('b')));
    await accept(store, remove('consumers', c.id));
    const left = contents(store.state);
    await store.close();
    const again = await reopen(store);
    assert.deepEqual(contents(again.state), left);
    assert.equal(violationOf(await again.commit([create('services', service('a'))])), 'unique');
    await again.close();
  });

  test(`${name}: a replacement and its hash last`, async () => {
    const store = await open();
    await accept(store, create('services', service('gone')));
    const wanted = empty.with([create('services', service('new'))]);
    assert.ok(wanted.ok);
    await store.replace(wanted.value, 'c'.repeat(32));
    await store.close();
    const again = await reopen(store);
    assert.deepEqual([names(again.state, 'services'), again.configurationHash], [['new'], 'c'.repeat(32)]);
    await again.close();
  });

  test(`${name}: children keep the order in which they were linked`, async () => {
    const store = await open();
    const upstream = entity('upstreams', { name: 'u' });
    await accept(store, create('upstreams', upstream));
    for (let i = 0; i < 8; i++) {
      const target = entity('targets', { target: `10.0.0.${i}:80`, upstream: { id: upstream.id } });
      await accept(store, create('targets', target));
    }
    const order = store.state.children('targets', 'upstream', upstream.id).map((target) => target['target']);
    await store.close();
    const again = await reopen(store);
    assert.deepEqual(
      again.state.children('targets', 'upstream', upstream.id).map((target) => target['target']),
      order,
    );
    await again.close();
  });
}
