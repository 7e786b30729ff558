import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSchemas } from '../../src/entities/registry.ts';
import { PluginEntities } from '../../src/gateway/environment/plugin-entities.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { createState } from '../../src/state/state.ts';
import { DeclarativeStore } from '../../src/store/declarative.ts';
import { MemoryStore } from '../../src/store/memory.ts';

const NOW = 1_700_000_000_000;
const clock = { now: () => NOW };
const KIND = 'sessions';
const emptyState = () => createState(createSchemas(bundledPlugins));
const open = () => new PluginEntities(new MemoryStore(emptyState()), clock, new Set([KIND, 'session_metadatas']));
const create = (session_id: string, more = {}) =>
  ({ action: 'create', kind: KIND, values: { session_id, ...more } }) as const;

test('what a plugin writes is completed, and read at once', async () => {
  const entities = open();
  const [written] = (await entities.write([create('a', { ttl: 60 })]))!;
  assert.equal(written!['created_at'], NOW / 1000);
  assert.equal(written!['ttl'], NOW / 1000 + 60);
  assert.equal(written!['data'], null);
  assert.deepEqual(entities.find(KIND, 'session_id', 'a'), written);

  const [updated] = (await entities.write([{ action: 'update', kind: KIND, id: written!.id, values: { data: 'x' } }]))!;
  assert.deepEqual(updated, { ...written, data: 'x' });
  assert.deepEqual(entities.get(KIND, written!.id), updated);

  assert.deepEqual(await entities.write([{ action: 'delete', kind: KIND, id: written!.id }]), [updated]);
  assert.equal(entities.get(KIND, written!.id), undefined);
});

test('all changes are made or none', async () => {
  const entities = open();
  const [a] = (await entities.write([create('a')]))!;
  const remove = { action: 'delete', kind: KIND, id: a!.id } as const;
  assert.equal(await entities.write([remove, create('b'), create('b')]), undefined);
  assert.equal(entities.find(KIND, 'session_id', 'b'), undefined);
  assert.deepEqual(entities.get(KIND, a!.id), a);

  // Of two that take the same thing away one gets it.
  const taken = await Promise.all([entities.write([remove, create('c')]), entities.write([remove, create('d')])]);
  assert.deepEqual(
    taken.map((result) => result !== undefined),
    [true, false],
  );
  assert.equal(entities.find(KIND, 'session_id', 'd'), undefined);
});

test('a reference to nothing is refused', async () => {
  const session = { id: '10000000-0000-4000-8000-000000000000' };
  assert.equal(await open().write([{ action: 'create', kind: 'session_metadatas', values: { session } }]), undefined);
});

test('other kinds and values against the schema are defects', async () => {
  const entities = open();
  await assert.rejects(entities.write([{ action: 'delete', kind: 'consumers', id: 'x' }]), /does not own/);
  await assert.rejects(entities.write([create('a', { expires: 'soon' })]), /invalid entity of kind sessions/);
});

test('where entities come from a file nothing is written', async () => {
  const entities = new PluginEntities(new DeclarativeStore(emptyState()), clock, new Set([KIND]));
  await assert.rejects(entities.write([create('a')]), { code: 'E_STORE_READ_ONLY' });
});
