// From rows to states and back: what was stored by an earlier program, what two states differ in, what contradicts itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Entity } from '../../src/schema/define.ts';
import type { State } from '../../src/state/state.ts';
import { adoptRows, rowsBetween, rowsTouched, stateOfRows } from '../../src/store/rows.ts';
import { consumer, contents, create, empty, entity, remove, route, schemas, service, update } from './entities.ts';

const after = (state: State, ...changes: Parameters<State['with']>[0]): State => {
  const next = state.with(changes);
  assert.ok(next.ok, JSON.stringify(next));
  return next.value;
};
const row = (kind: string, made: Entity) => ({ kind, id: made.id, body: JSON.stringify(made) });

test('fields that came after an entity was stored have their defaults, at any depth; nothing else changes', () => {
  const upstream = entity('upstreams', { name: 'u', slots: 77 });
  const { algorithm: _algorithm, healthchecks, ...rest } = structuredClone(upstream);
  const { active, ...checks } = healthchecks as { active: { type?: string } };
  const { type: _type, ...activeRest } = active;
  const old = { ...rest, healthchecks: { ...checks, active: activeRest } } as unknown as Entity;
  const plugin = entity('plugins', { name: 'key-auth', config: { key_names: ['k'] } });
  const { hide_credentials: _hidden, ...config } = plugin['config'] as { hide_credentials?: boolean };
  const oldPlugin = { ...plugin, config } as Entity;
  const state = stateOfRows(schemas, [row('upstreams', old), row('plugins', oldPlugin)], 'DB');
  assert.deepEqual(state.get('upstreams', upstream.id), upstream);
  assert.deepEqual(state.get('plugins', plugin.id), plugin);
});

test('an entity that lacks nothing is what was stored, also one whose children are shown as a field', () => {
  const made = [
    ['services', service('s')],
    ['consumers', consumer('c')],
    ['upstreams', entity('upstreams', { name: 'u' })],
    ['plugins', entity('plugins', { name: 'cors' })],
  ] as const;
  const certificate = { id: service('x').id } as Entity;
  for (const name of Object.keys(schemas.entities.get('certificates')!.fields)) {
    if (name !== 'snis' && name !== 'id') certificate[name] = null;
  }
  const rows = [...made.map(([kind, one]) => row(kind, one)), row('certificates', certificate)];
  const state = stateOfRows(schemas, rows, 'DB');
  for (const [kind, one] of made) assert.deepEqual(state.get(kind, one.id), one);
  assert.deepEqual(state.get('certificates', certificate.id), certificate);
});

test('the rows between two states lead from one to the other', () => {
  const [kept, changed, gone, fresh] = ['kept', 'changed', 'gone', 'new'].map(service) as [
    Entity,
    Entity,
    Entity,
    Entity,
  ];
  const before = after(empty, create('services', kept), create('services', changed), create('services', gone));
  const wanted = after(
    empty,
    create('services', { ...kept }),
    create('services', { ...changed, host: 'other.test' }),
    create('services', fresh),
    create('routes', route('r', fresh.id)),
  );
  const rows = rowsBetween(before, wanted);
  assert.deepEqual(rows.map(({ id }) => id).includes(kept.id), false);
  assert.equal(rows.length, 4);
  assert.deepEqual(contents(adoptRows(before, rows, 'DB')), contents(wanted));
});

test('what several changes touched becomes one row for each entity, as it is at the end', () => {
  const [a, c] = [service('a'), consumer('c')];
  const key = entity('keyauth_credentials', { key: 'k', consumer: { id: c.id } });
  const first = after(empty, create('services', a), create('consumers', c), create('keyauth_credentials', key));
  const second = after(first, update('services', { ...a, host: 'b.test' }));
  const third = after(second, remove('consumers', c.id));
  const rows = new Map(rowsTouched([first, second, third]).map(({ id, body }) => [id, body]));
  assert.deepEqual([rows.size, rows.get(c.id), rows.get(key.id)], [3, null, null]);
  assert.equal((JSON.parse(rows.get(a.id)!) as Entity)['host'], 'b.test');
});

test('rows may swap names, move children and delete their parent, in any order', () => {
  const [a, b] = [service('a'), service('b')];
  const moved = route('r', a.id);
  const before = after(empty, create('services', a), create('services', b), create('routes', moved));
  const rows = [
    { kind: 'services', id: a.id, body: null },
    row('services', { ...b, name: 'a' }),
    row('routes', { ...moved, service: { id: b.id } }),
  ];
  for (const order of [rows, rows.toReversed()]) {
    const state = adoptRows(before, order, 'DB');
    assert.deepEqual(
      [state.find('services', 'name', 'a')?.id, state.children('routes', 'service', b.id).length],
      [b.id, 1],
    );
    assert.equal(state.get('services', a.id), undefined);
  }
});

test('whatever changes are made, a follower that adopts their rows holds the same', () => {
  const services = Array.from({ length: 4 }, (_, i) => service(`s${i}`));
  const routes = Array.from({ length: 4 }, (_, i) => route(`r${i}`, services[0]!.id));
  const number = fc.nat({ max: 3 });
  const change = fc.oneof(
    fc.record({ at: number, name: number }).map(({ at, name }) => {
      return { action: 'upsert', kind: 'services', entity: { ...services[at]!, name: `s${name}` } } as const;
    }),
    fc.record({ at: number, to: number }).map(({ at, to }) => {
      return {
        action: 'upsert',
        kind: 'routes',
        entity: { ...routes[at]!, service: { id: services[to]!.id } },
      } as const;
    }),
    number.map((at) => remove('services', services[at]!.id)),
    number.map((at) => remove('routes', routes[at]!.id)),
  );
  const commits = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 30 });
  fc.assert(
    fc.property(commits, fc.integer({ min: 1, max: 5 }), (all, together) => {
      let leader = empty;
      let follower = empty;
      let steps: State[] = [];
      const follow = (): void => {
        follower = adoptRows(follower, rowsTouched(steps), 'DB');
        steps = [];
        assert.deepEqual(contents(follower), contents(leader));
        for (const { id } of services) {
          const ids = (state: State) => state.children('routes', 'service', id).map((child) => child.id);
          assert.deepEqual(ids(follower), ids(leader));
        }
      };
      for (const changes of all) {
        const next = leader.with(changes);
        if (!next.ok) continue;
        leader = next.value;
        steps.push(leader);
        if (steps.length >= together) follow();
      }
      follow();
      assert.deepEqual(rowsBetween(leader, follower), []);
    }),
    { numRuns: 300 },
  );
});

test('rows that make no valid state are refused with the reason', () => {
  const [a, twin] = [service('a'), service('a')];
  const refused = (rows: Parameters<typeof stateOfRows>[1], message: RegExp): void => {
    assert.throws(() => stateOfRows(schemas, rows, 'DB'), message);
  };
  refused(
    [row('services', a), row('services', twin)],
    /DB: what is stored contradicts itself: two services hold {"name":"a"}/,
  );
  refused([row('routes', route('r', a.id))], /one of routes refers to services {"id":"[^"]+"}, which is missing/);
  refused([{ kind: 'services', id: a.id, body: '{' }], /DB: the stored text of services \S+ is no JSON/);
  refused(
    [{ kind: 'gadgets', id: 'x', body: '{}' }],
    /DB holds entities of kinds that are unknown here: gadgets \(1\)/,
  );
});
