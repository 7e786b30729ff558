// The router of a changing configuration: extended by what changed, built anew when that is much.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSchemas } from '../../src/entities/registry.ts';
import type { RouterRoute } from '../../src/gateway/router/router.ts';
import { RoutingTable } from '../../src/gateway/router/routing-table.ts';
import { uuidV5 } from '../../src/lib/ids.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import type { Entity } from '../../src/schema/define.ts';
import { type Change, createState, type State } from '../../src/state/state.ts';
import { inputOf } from './cases.ts';

const NAMESPACE = '7f145bf9-0dce-4f91-98eb-debbce4b9f6b';
const idOf = (name: string): string => uuidV5(NAMESPACE, name);

const route = (name: string, fields: JsonObject): Change => ({
  action: 'upsert',
  kind: 'routes',
  entity: { id: idOf(name), name, protocols: ['http'], service: null, ...fields } as Entity,
});
const gone = (name: string): Change => ({ action: 'delete', kind: 'routes', id: idOf(name) });

function withChanges(state: State, changes: readonly Change[]): State {
  const next = state.with(changes);
  assert.ok(next.ok);
  return next.value;
}

const many = (count: number): Change[] =>
  Array.from({ length: count }, (_, i) => route(`r${i}`, { paths: [`/r${i}/`] }));
const stateOf = (...changes: Change[]): State => withChanges(createState(createSchemas(pluginSchemas)), changes);

function createTable() {
  const reports: string[] = [];
  const compiled: string[] = [];
  const table = new RoutingTable<RouterRoute>({
    options: { flavor: 'traditional_compatible', calculation: 'strict' },
    compileRoute: (entity) => {
      compiled.push(String(entity['name']));
      return entity['paths'] === null ? undefined : (entity as unknown as RouterRoute);
    },
    report: (message) => reports.push(message),
  });
  const find = (state: State, path: string): string | null | undefined =>
    table.routerFor(state)?.match(inputOf({ method: 'GET', path }))?.route.name;
  return { table, reports, compiled, find };
}

test('one changed route among many is all that is compiled', () => {
  const { table, compiled, find } = createTable();
  const first = stateOf(...many(2000));
  table.buildAtOnce(first);
  compiled.length = 0;
  const second = withChanges(first, [
    route('r7', { paths: ['/new/'] }),
    gone('r8'),
    route('more', { paths: ['/r9/more'] }),
  ]);
  assert.equal(find(second, '/new/x'), 'r7');
  assert.deepEqual(compiled.sort(), ['more', 'r7']);
  assert.equal(find(second, '/r7/x'), undefined);
  assert.equal(find(second, '/r8/x'), undefined);
  assert.equal(find(second, '/r9/more'), 'more');
  assert.equal(find(second, '/r9/less'), 'r9');
  assert.equal(find(first, '/r7/x'), 'r7', 'the older state is still there');
});

test('a changed service compiles its routes', () => {
  const { table, compiled } = createTable();
  const service = { id: idOf('s'), name: 's', host: 'a.test' } as unknown as Entity;
  const first = stateOf(
    { action: 'upsert', kind: 'services', entity: service },
    route('with', { paths: ['/a'], service: { id: service.id } }),
    route('without', { paths: ['/b'] }),
  );
  table.buildAtOnce(first);
  compiled.length = 0;
  const renamed = { ...service, host: 'b.test' };
  table.routerFor(withChanges(first, [{ action: 'upsert', kind: 'services', entity: renamed }]));
  assert.deepEqual(compiled, ['with']);
});

test('when very many changed it has to be built, in steps that may be far apart', () => {
  const { table, find } = createTable();
  const first = stateOf(...many(10));
  table.buildAtOnce(first);
  const second = withChanges(first, many(3000));
  assert.equal(table.canExtendTo(second), false);
  assert.equal(table.routerFor(second), undefined);
  const steps = table.build(second);
  for (let i = 0; i < 20; i++) {
    assert.equal(steps.next().done, false);
    assert.equal(find(first, '/r3/x'), 'r3', 'meanwhile the older state is served');
  }
  for (const _ of steps);
  assert.equal(table.canExtendTo(second), true);
  assert.equal(find(second, '/r2999/x'), 'r2999');
});

test('after some hundred changes it is worth building, and that compiles only what changed', () => {
  const { table, compiled, find } = createTable();
  const first = stateOf(...many(3000));
  table.buildAtOnce(first);
  const second = withChanges(
    first,
    Array.from({ length: 600 }, (_, i) => route(`r${i}`, { paths: [`/s${i}/`] })),
  );
  assert.equal(find(second, '/s599/x'), 'r599');
  assert.ok(table.isWorthBuilding);
  compiled.length = 0;
  for (const _ of table.build(second));
  assert.equal(compiled.length, 600);
  assert.equal(find(second, '/s599/x'), 'r599');
  assert.equal(find(second, '/r599/x'), undefined);
  assert.equal(find(second, '/r2999/x'), 'r2999');
  assert.ok(!table.isWorthBuilding);
});

test('a route that cannot be matched is reported once', () => {
  const { table, reports } = createTable();
  const first = stateOf(...many(10), route('bad', { paths: ['~/a(?=b)'] }));
  table.buildAtOnce(first);
  const second = withChanges(first, [route('r1', { paths: ['/x'] })]);
  table.routerFor(second);
  const third = withChanges(second, [route('worse', { paths: [] })]);
  table.routerFor(third);
  table.routerFor(third);
  assert.deepEqual(reports, [
    `route ${idOf('bad')} cannot be matched and is left out: path ~/a(?=b): look-around is not supported`,
    `route ${idOf('worse')} cannot be matched and is left out: it has no field to match requests by`,
  ]);
});
