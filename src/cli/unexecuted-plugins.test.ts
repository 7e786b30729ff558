import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSchemas } from '../entities/registry.ts';
import type { PluginDefinition } from '../pdk/index.ts';
import { createState, type State } from '../state/state.ts';
import { createUnexecutedWarning, findRefused, findUnexecuted } from './unexecuted-plugins.ts';

const schema = { fields: { config: { type: 'record', required: true, fields: {} } } } as const;
const define = (name: string, isRun: 'run' | 'stored'): PluginDefinition => ({
  name,
  priority: 1,
  version: '1.0.0',
  schema,
  ...(isRun === 'run' ? { handler: () => Promise.resolve({ create: () => ({}) }) } : {}),
});
const definitions = [define('guard', 'stored'), define('log', 'run'), define('mark', 'stored')];

let nextId = 1;
function withPlugin(state: State, name: string, enabled: 'enabled' | 'disabled' = 'enabled'): State {
  const id = `00000000-0000-4000-8000-${String(nextId++).padStart(12, '0')}`;
  const entity = { id, name, config: {}, enabled: enabled === 'enabled', service: null, route: null, consumer: null };
  const result = state.with([{ action: 'create', kind: 'plugins', entity }]);
  assert.ok(result.ok);
  return result.value;
}
const empty = createState(createSchemas(definitions));

test('plugins without a handler are found, those with one and disabled ones are not', () => {
  const state = withPlugin(withPlugin(withPlugin(empty, 'mark', 'disabled'), 'log'), 'guard');
  assert.deepEqual(findUnexecuted(state, definitions), ['guard']);
});

test('each name is told once, when it first appears', () => {
  const told: string[] = [];
  const warn = createUnexecutedWarning((message) => told.push(message), definitions);
  const first = withPlugin(empty, 'guard');
  warn(empty);
  assert.deepEqual(told, []);
  warn(first);
  warn(first);
  warn(withPlugin(first, 'mark'));
  warn(empty);
  warn(first);
  assert.deepEqual(told, [
    'plugin guard is validated and stored, but not executed by `gwctl serve`',
    'plugin mark is validated and stored, but not executed by `gwctl serve`',
  ]);
});

test('what only a gateway that runs a plugin refuses is found, with its place', () => {
  const check = {
    check: 'custom_entity_check',
    fields: ['name'],
    run: () => ({ config: { code: [null, 'no'] } }),
  } as const;
  const picky = [...definitions, { ...define('picky', 'run'), serving_checks: [check] }];
  const state = withPlugin(createState(createSchemas(picky)), 'picky');
  const [{ id }] = state.list('plugins') as [{ id: string }];
  assert.deepEqual(findRefused(state, picky), [
    `plugin picky (${id}): config.code[2]: no (\`gwctl serve\` refuses this)`,
  ]);
  assert.deepEqual(findRefused(withPlugin(createState(createSchemas(picky)), 'picky', 'disabled'), picky), []);
});
