// The DB-less store: whole configurations only.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { GwctlError } from '../../src/lib/errors.ts';
import { DeclarativeStore } from '../../src/store/declarative.ts';
import { deleteExpired } from '../../src/store/expire.ts';
import { hashText, NO_HASH } from '../../src/store/hash.ts';
import { consumer, create, empty, entity, names, service } from './entities.ts';

test('entities are not written one by one', async () => {
  const store = new DeclarativeStore(empty);
  assert.equal(store.isReadOnly, true);
  const isReadOnlyError = (error: unknown) => error instanceof GwctlError && error.code === 'E_STORE_READ_ONLY';
  await assert.rejects(store.commit([create('services', service('a'))]), isReadOnlyError);
  assert.equal(store.state.count('services'), 0);
});

test('a configuration replaces the one before, is told to subscribers, and is named by the md5 of its text', async () => {
  const store = new DeclarativeStore(empty);
  assert.equal(store.configurationHash, '00000000000000000000000000000000');
  assert.equal(store.configurationHash, NO_HASH);
  const heard: string[][] = [];
  store.subscribe((state) => heard.push(names(state, 'services')));
  for (const name of ['a', 'b']) {
    const state = empty.with([create('services', service(name))]);
    assert.ok(state.ok);
    await store.replace(state.value, hashText(`text of ${name}`));
  }
  assert.deepEqual(heard, [['a'], ['b']]);
  assert.equal(store.configurationHash, createHash('md5').update('text of b').digest('hex'));
  await store.close();
});

test('what has expired goes, and the hash stays', async () => {
  const one = consumer('c');
  const key = entity('keyauth_credentials', { key: 'k', consumer: { id: one.id } });
  key['ttl'] = 1000;
  const state = empty.with([create('consumers', one), create('keyauth_credentials', key)]);
  assert.ok(state.ok);
  const store = new DeclarativeStore(empty);
  await store.replace(state.value, hashText('x'));
  await deleteExpired(store, 999_000);
  assert.equal(store.state.count('keyauth_credentials'), 1);
  await deleteExpired(store, 1_000_000);
  assert.deepEqual([store.state.count('keyauth_credentials'), store.state.count('consumers')], [0, 1]);
  assert.equal(store.configurationHash, hashText('x'));
});
