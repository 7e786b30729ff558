// Plans of plugins are made once a route, and go with it: the planner outlives the routes of a configuration that keeps changing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PluginPlanner } from '../../src/gateway/plugins/plan.ts';

test('a route that is gone is not kept by its plan', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const planner = new PluginPlanner([], () => []);
  const kept = { id: 'kept', service: null };
  const gone = (() => {
    const route = { id: 'gone', service: { id: 's' } };
    assert.equal(planner.plan(route), planner.plan(route));
    return new WeakRef(route);
  })();
  const plan = planner.plan(kept);
  // What was looked at in this turn stays until its end.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  assert.equal(gone.deref(), undefined);
  assert.equal(planner.plan(kept), plan);
});
