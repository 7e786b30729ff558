// One configuration after another: what is the same stays the same object.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSchemas } from '../../src/entities/registry.ts';
import { uuidV5 } from '../../src/lib/ids.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { pluginSchemas } from '../../src/plugins/schemas.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { createState, type State } from '../../src/state/state.ts';
import { factsOf, Succession } from '../../src/state/succession.ts';

const schemas = createSchemas(pluginSchemas);
const idOf = (name: string): string => uuidV5('f3b7c1a2-0000-4000-8000-000000000000', name);

/** As a loader makes it at this time. */
function stateOf(seconds: number, entities: readonly (readonly [kind: string, fields: JsonObject])[]): State {
  const changes = entities.map(([kind, fields]) => {
    const auto = { now: () => seconds * 1000 };
    const made = processEntity(schemas, schemaOf(schemas, kind), fields, { auto });
    assert.ok(made.ok, JSON.stringify(made));
    return { action: 'create', kind, entity: made.entity } as const;
  });
  const state = createState(schemas).with(changes);
  assert.ok(state.ok, JSON.stringify(state));
  return state.value;
}

/** Piece by piece, as it comes from a thread. */
function succeed(known: State, next: State): State {
  const succession = new Succession(known);
  for (const fact of factsOf(next)) succession.take([fact]);
  const steps = succession.finish();
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  assert.ok(step.value.ok, JSON.stringify(step.value));
  return step.value.value;
}

const service = (name: string, host: string): readonly [string, JsonObject] => [
  'services',
  { id: idOf(name), name, host },
];

test('the same files, loaded later, are the same state', () => {
  const known = stateOf(1000, [service('a', 'a.test'), service('b', 'b.test')]);
  assert.equal(succeed(known, stateOf(2000, [service('a', 'a.test'), service('b', 'b.test')])), known);
});

test('what has changed is replaced, what is missing is gone, and all else stays as it is', () => {
  const route: readonly [string, JsonObject] = [
    'routes',
    { id: idOf('r'), name: 'r', paths: ['/'], service: { id: idOf('a') } },
  ];
  const known = stateOf(1000, [service('a', 'a.test'), service('b', 'b.test'), service('c', 'c.test'), route]);
  const next = succeed(known, stateOf(2000, [service('a', 'a.test'), service('b', 'other.test'), route]));
  assert.equal(next.get('services', idOf('a')), known.get('services', idOf('a')));
  assert.equal(next.get('routes', idOf('r')), known.get('routes', idOf('r')));
  assert.equal(next.get('services', idOf('b'))!['host'], 'other.test');
  assert.equal(next.get('services', idOf('b'))!['updated_at'], 2000);
  assert.equal(next.count('services'), 2);
  assert.equal(next.children('routes', 'service', idOf('a')).length, 1);
  assert.equal(known.count('services'), 3, 'the former state has changed');
});

test('a name passes from one entity to another', () => {
  const known = stateOf(1000, [['services', { id: idOf('1'), name: 'x', host: 'a.test' }]]);
  const next = succeed(
    known,
    stateOf(2000, [
      ['services', { id: idOf('0'), name: 'x', host: 'a.test' }],
      ['services', { id: idOf('1'), name: 'y', host: 'a.test' }],
    ]),
  );
  assert.equal(next.find('services', 'name', 'x')!.id, idOf('0'));
  assert.equal(next.find('services', 'name', 'y')!.id, idOf('1'));
});
