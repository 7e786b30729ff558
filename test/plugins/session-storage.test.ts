// Sessions in a store that takes its time, and in one that cannot be written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSchemas } from '../../src/entities/registry.ts';
import { PluginEntities } from '../../src/gateway/environment/plugin-entities.ts';
import type { Environment } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { createSeal } from '../../src/plugins/session/seal.ts';
import { beginSession } from '../../src/plugins/session/session.ts';
import { storeStorage } from '../../src/plugins/session/storage.ts';
import { createState } from '../../src/state/state.ts';
import { DeclarativeStore } from '../../src/store/declarative.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { Changes, Committed, Store } from '../../src/store/store.ts';

class SlowStore extends MemoryStore {
  override async commit(changes: Changes): Promise<Committed> {
    await sleep(30);
    return super.commit(changes);
  }
}

const clock = { now: () => Date.now() };
const OWNER = { subject: 'bob', consumer: 'c', credential: 'k', groups: ['a'] };
const now = () => Math.floor(Date.now() / 1000);
const emptyState = () => createState(createSchemas(bundledPlugins));

function open(store: Store) {
  const errors: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (message: string) => errors.push(message) };
  const entities = new PluginEntities(store, clock, new Set(['sessions', 'session_metadatas']));
  const environment = { entities, clock, log } as unknown as Environment;
  const seal = createSeal('secret', 'test');
  const timeouts = { idling: 900, rolling: 3600, absolute: 0 };
  return { errors, storage: storeStorage({ seal, timeouts, audience: 'default', metadata: 'clear' }, environment) };
}

test('who comes back before a session is stored waits for it', async () => {
  const store = new SlowStore(emptyState());
  const { storage } = open(store);
  const session = beginSession(OWNER, now());
  const value = storage.save(session);
  assert.equal(store.state.count('sessions'), 0);
  assert.deepEqual(await storage.load(value), session);
  assert.equal(store.state.count('sessions'), 1);
  assert.deepEqual(storage.load(value), session, 'later nothing is waited for');
});

test('a session that ends before it is stored is removed all the same', async () => {
  const store = new SlowStore(emptyState());
  const { storage } = open(store);
  const session = beginSession(OWNER, now());
  const value = storage.save(session);
  storage.destroy(session);
  await sleep(100);
  assert.equal(await storage.load(value), undefined);
  assert.equal(store.state.count('sessions'), 0);
  assert.equal(store.state.count('session_metadatas'), 0);
});

test('a session that cannot be stored is unknown, and reported', async () => {
  const { storage, errors } = open(new DeclarativeStore(emptyState()));
  const value = storage.save(beginSession(OWNER, now()));
  assert.equal(await storage.load(value), undefined);
  assert.deepEqual(errors, ['a session cannot be stored']);
});
