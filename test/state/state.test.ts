// The immutable state: rules that changes must keep, cascades, and that old versions stay as they were.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSchemas } from '../../src/entities/registry.ts';
import { newUuid } from '../../src/lib/ids.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { LayeredMap } from '../../src/lib/layered-map.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import { entitiesInOrder } from '../../src/schema/references.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { type Change, createState, type State } from '../../src/state/state.ts';

const schemas = createSchemas(pluginSchemas);

function create(kind: string, input: JsonObject): Extract<Change, { action: 'create' | 'update' | 'upsert' }> {
  const made = processEntity(
    schemas,
    schemaOf(schemas, kind),
    { id: newUuid(), ...input },
    { auto: { now: () => 1e12 } },
  );
  assert.ok(made.ok, JSON.stringify(made));
  return { action: 'create', kind, entity: made.entity };
}

function apply(state: State, ...changes: Change[]): State {
  const next = state.with(changes);
  assert.ok(next.ok, JSON.stringify(next));
  return next.value;
}

const violationOf = (state: State, ...changes: Change[]) => {
  const next = state.with(changes);
  assert.ok(!next.ok, 'the change was accepted');
  return next.error;
};

const empty = createState(schemas);

test('parents come before children in the order of kinds', () => {
  const order = entitiesInOrder(schemas);
  const before = (a: string, b: string): void => assert.ok(order.indexOf(a) < order.indexOf(b), `${a} before ${b}`);
  before('certificates', 'services');
  before('services', 'routes');
  before('routes', 'plugins');
  before('consumers', 'keyauth_credentials');
  before('upstreams', 'targets');
});

test('a unique field belongs to one entity', () => {
  const first = create('services', { name: 'a', host: 'h' });
  const state = apply(empty, first);
  const second = create('services', { name: 'a', host: 'i' });
  assert.deepEqual(violationOf(state, second), {
    code: 'unique',
    kind: 'services',
    key: { name: 'a' },
    holder: first.entity.id,
  });
});

test('a tuple with unset members is unique too', () => {
  const state = apply(empty, create('plugins', { name: 'cors' }));
  assert.equal(violationOf(state, create('plugins', { name: 'cors' })).code, 'unique');
  apply(state, create('plugins', { name: 'key-auth' }));
});

test('a reference to nothing is refused, in whatever order a batch is given', () => {
  const service = create('services', { name: 's', host: 'h' });
  const route = create('routes', { paths: ['/'], service: { id: service.entity.id } });
  assert.deepEqual(violationOf(empty, route), {
    code: 'foreign',
    kind: 'routes',
    field: 'service',
    reference: 'services',
    key: { id: service.entity.id },
  });
  apply(empty, route, service);
});

test('what is referred to cannot go, unless the reference says that the child goes with it', () => {
  const service = create('services', { name: 's', host: 'h' });
  const route = create('routes', { paths: ['/'], service: { id: service.entity.id } });
  const plugin = create('plugins', { name: 'cors', route: { id: route.entity.id } });
  const state = apply(empty, service, route, plugin);
  const gone: Change = { action: 'delete', kind: 'services', id: service.entity.id };
  assert.equal(violationOf(state, gone).code, 'referenced');
  const without = apply(state, { action: 'delete', kind: 'routes', id: route.entity.id });
  assert.equal(without.count('plugins'), 0);
  assert.equal(apply(without, gone).count('services'), 0);
  assert.equal(state.count('plugins'), 1);
});

test('a batch that breaks a rule changes nothing', () => {
  const violation = violationOf(
    empty,
    create('services', { name: 'a', host: 'h' }),
    create('services', { name: 'a', host: 'h' }),
  );
  assert.equal(violation.code, 'unique');
  assert.equal(empty.count('services'), 0);
});

test('a name that an entity gave up can be taken in the same batch', () => {
  const first = create('services', { name: 'a', host: 'h' });
  const state = apply(empty, first);
  const renamed: Change = { action: 'update', kind: 'services', entity: { ...first.entity, name: 'b' } };
  const second = create('services', { name: 'a', host: 'i' });
  const next = apply(state, renamed, second);
  assert.equal(next.find('services', 'name', 'a')?.id, second.entity.id);
  assert.equal(next.find('services', 'name', 'b')?.id, first.entity.id);
  assert.equal(state.find('services', 'name', 'a')?.id, first.entity.id);
});

test('children follow when they are moved to another parent', () => {
  const [one, two] = [create('upstreams', { name: 'one' }), create('upstreams', { name: 'two' })];
  const target = create('targets', { target: 'h:1', upstream: { id: one.entity.id } });
  const state = apply(empty, one, two, target);
  const moved = { ...target.entity, upstream: { id: two.entity.id } };
  const next = apply(state, { action: 'update', kind: 'targets', entity: moved });
  assert.equal(next.children('targets', 'upstream', one.entity.id).length, 0);
  assert.deepEqual(next.children('targets', 'upstream', two.entity.id), [moved]);
  assert.equal(state.children('targets', 'upstream', one.entity.id).length, 1);
});

test('a layered map with thousands of versions answers as a plain map', () => {
  const change = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.option(fc.integer(), { nil: undefined }));
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 60 }), (versions) => {
      let layered = new LayeredMap<number>();
      const plain = new Map<string, number>();
      for (const changes of versions) {
        const named = new Map(changes.map(([key, value]) => [String(key), value]));
        layered = layered.with(named);
        for (const [key, value] of named) {
          if (value === undefined) plain.delete(key);
          else plain.set(key, value);
        }
        assert.equal(layered.size, plain.size);
      }
      assert.deepEqual(new Map(layered.entries()), plain);
    }),
  );
});

test('a layered map folds its changes and keeps earlier versions', () => {
  let layered = new LayeredMap<number>();
  for (let i = 0; i < 3000; i++) layered = layered.with(new Map([[`k${i}`, i]]));
  const before = layered;
  layered = layered.with(new Map([['k7', undefined]]));
  assert.deepEqual([layered.get('k7'), before.get('k7'), layered.size, before.size], [undefined, 7, 2999, 3000]);
});

test('a state tells what changed since an earlier one, and since one that it knows nothing of', () => {
  const made = Array.from({ length: 6 }, (_, i) => create('services', { name: `s${i}`, host: 'h' }));
  const ids = made.map(({ entity }) => entity.id);
  const first = apply(empty, ...made);
  const changed = apply(first, { ...made[0]!, action: 'update', entity: { ...made[0]!.entity, host: 'i' } });
  const removed = apply(changed, { action: 'delete', kind: 'services', id: ids[1]! });
  const sortedIds = (state: State, earlier: State, most = 100) => {
    const found = state.changedSince('services', earlier, most);
    return found === undefined ? undefined : [...found].sort();
  };
  assert.deepEqual(sortedIds(removed, first), [ids[0]!, ids[1]!].sort());
  assert.deepEqual(sortedIds(removed, changed), [ids[1]!]);
  assert.deepEqual(sortedIds(removed, removed), []);
  assert.equal(sortedIds(removed, first, 1), undefined);
  // Backwards, and between states that only have an ancestor in common.
  assert.deepEqual(sortedIds(first, removed), [ids[0]!, ids[1]!].sort());
  const sibling = apply(first, { action: 'delete', kind: 'services', id: ids[5]! });
  assert.deepEqual(sortedIds(removed, sibling), [ids[0]!, ids[1]!, ids[5]!].sort());
  const back = apply(removed, made[1]!);
  const again = apply(back, { ...made[0]!, action: 'update' });
  assert.deepEqual(sortedIds(again, first), []);
  assert.deepEqual(sortedIds(again, removed), [ids[0]!, ids[1]!].sort());
});

test('what changed is known however many versions lie between', () => {
  const parent = create('services', { name: 's', host: 'h' });
  const start = apply(empty, parent);
  let state = start;
  for (let i = 0; i < 10_000; i++) {
    const entity = { ...parent.entity, port: i + 1 };
    state = apply(state, { action: 'update', kind: 'services', entity });
  }
  assert.deepEqual(state.changedSince('services', start, 1), new Set([parent.entity.id]));
});

test('lists and children stay as they would be made anew, whatever is written', () => {
  const parents = ['a', 'b'].map((name) => create('upstreams', { name }));
  const pool = Array.from({ length: 400 }, (_, i) => i);
  const started = apply(empty, ...parents);
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.tuple(fc.constantFrom(...pool), fc.constantFrom(0, 1, undefined)), { maxLength: 90 }), {
        maxLength: 14,
      }),
      (versions) => {
        let state = started;
        const linked = new Map<string, number>();
        for (const version of versions) {
          const changes: Change[] = [];
          for (const [number, parent] of version) {
            const id = `00000000-0000-4000-8000-${String((number * 7919) % 1000).padStart(12, '0')}`;
            linked.delete(id);
            if (parent === undefined) {
              if (state.get('targets', id) !== undefined || changes.some((change) => idOf(change) === id)) {
                changes.push({ action: 'delete', kind: 'targets', id });
              }
              continue;
            }
            linked.set(id, parent);
            const upstream = { id: parents[parent]!.entity.id };
            const target = create('targets', { id, target: `10.0.0.${number % 200}:${number + 1}`, upstream });
            changes.push({ ...target, action: 'upsert' });
          }
          state = apply(state, ...changes);
          if (version.length % 2 === 0) state.list('targets');
        }
        const ids = state.list('targets').map(({ id }) => id);
        assert.deepEqual(ids, [...linked.keys()].sort());
        assert.equal(state.count('targets'), linked.size);
        for (const [i, { entity }] of parents.entries()) {
          const children = state.children('targets', 'upstream', entity.id).map(({ id }) => id);
          assert.deepEqual(
            children,
            [...linked].filter(([, parent]) => parent === i).map(([id]) => id),
          );
        }
      },
    ),
    { numRuns: 60 },
  );
});

const idOf = (change: Change): string => (change.action === 'delete' ? change.id : change.entity.id);
