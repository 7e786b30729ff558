// Plans: what is compared, in which order operations come, and that applying them gives the desired state.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadTexts } from '../../src/control/file/load.ts';
import { diffStates } from '../../src/control/plan/diff.ts';
import { type Operation, operationsOf, type Plan } from '../../src/control/plan/plan.ts';
import { applyPlan } from '../../src/control/sync/apply.ts';
import type { State } from '../../src/state/state.ts';
import { schemas } from './schemas.ts';

async function load(text: string, current?: State): Promise<State> {
  const result = await loadTexts([{ name: 'state.yaml', text: `_format_version: "3.0"\n${text}` }], {
    schemas,
    ids: current === undefined ? 'deterministic' : 'from-current',
    ...(current === undefined ? {} : { current: async () => current }),
  });
  assert.ok(result.ok, result.ok ? '' : result.diagnostics.map(({ message }) => message).join('\n'));
  return result.state;
}

async function plan(before: string, after: string): Promise<{ plan: Plan; current: State; desired: State }> {
  const current = await load(before);
  const desired = await load(after, current);
  return { plan: diffStates(current, desired, { schemas }), current, desired };
}

const lines = (plan: Plan): string[][] =>
  plan.stages.map((stage) => stage.map(({ action, kind, label }) => `${action} ${kind} ${label}`));

/** Applies a plan to a state one operation after the other, so that every state in between must be sound. */
async function apply(state: State, plan: Plan): Promise<State> {
  let now = state;
  const write = async (operation: Operation): Promise<void> => {
    const kind = operation.kind;
    const result = now.with([
      operation.action === 'delete'
        ? { action: 'delete', kind, id: operation.before.id }
        : { action: operation.action, kind, entity: operation.after },
    ]);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    now = result.value;
  };
  const outcome = await applyPlan(plan, { write }, { parallelism: 1, signal: new AbortController().signal });
  assert.deepEqual(
    outcome.failed.map(({ error }) => String(error)),
    [],
  );
  return now;
}

async function checkReaches(before: string, after: string): Promise<string[][]> {
  const { plan: made, current, desired } = await plan(before, after);
  const reached = await apply(current, made);
  assert.deepEqual(lines(diffStates(reached, desired, { schemas })), []);
  return lines(made);
}

const service = (name: string, more = ''): string => `- name: ${name}\n  host: ${name}.internal\n${more}`;

describe('a plan', () => {
  it('is empty for equal states, whatever the order of sets and written defaults', async () => {
    const { plan: made } = await plan(
      'services:\n- name: a\n  host: h\n  tags: [x, y]\nroutes:\n- name: r\n  service: a\n  paths: [/a]\n  methods: [GET, POST]\n',
      'services:\n- name: a\n  host: h\n  retries: 5\n  tags: [y, x]\n  path: null\n  routes:\n  - name: r\n    paths: [/a]\n    methods: [POST, GET]\n',
    );
    assert.deepEqual(lines(made), []);
    assert.deepEqual(made.summary, { create: 0, update: 0, delete: 0 });
  });

  it('takes the order of arrays for a change', async () => {
    const { plan: made } = await plan(
      'routes:\n- name: r\n  paths: [/a, /b]\n',
      'routes:\n- name: r\n  paths: [/b, /a]\n',
    );
    assert.deepEqual(lines(made), [['update routes r']]);
  });

  it('tells old names of plugin fields from changes', async () => {
    const { plan: made } = await plan(
      'plugins:\n- name: rate-limiting\n  config: {minute: 5, policy: redis, redis: {host: r.internal, port: 6379}}\n',
      'plugins:\n- name: rate-limiting\n  config: {minute: 5, policy: redis, redis_host: r.internal, redis_port: 6379}\n',
    );
    assert.deepEqual(lines(made), []);
  });

  it('names the fields that change, with lists as one value', async () => {
    const { plan: made } = await plan(
      'services:\n- name: a\n  host: h\n  path: /old\n  tags: [x]\n',
      'services:\n- name: a\n  host: h\n  port: 81\n  tags: [x, y]\n',
    );
    const [operation] = operationsOf(made);
    assert.deepEqual(operation?.action === 'update' ? operation.changes : [], [
      { path: ['path'], before: '/old' },
      { path: ['port'], before: 80, after: 81 },
      { path: ['tags'], before: ['x'], after: ['x', 'y'] },
    ]);
  });

  it('creates parents first and deletes children first', async () => {
    const file = `services:\n${service('a', '  routes:\n  - name: r\n    paths: [/a]\n    plugins:\n    - name: cors\n')}consumers:\n- username: bob\n  keyauth_credentials:\n  - key: abcdefghijkl\n`;
    assert.deepEqual(
      await checkReaches('', file),
      [
        ['create consumers bob'],
        ['create keyauth_credentials hijkl for consumer bob', 'create services a'],
        ['create routes r'],
        ['create plugins cors for route r'],
      ].map((stage) => stage),
    );
    assert.deepEqual(await checkReaches(file, ''), [
      ['delete plugins cors for route r'],
      ['delete routes r'],
      ['delete keyauth_credentials hijkl for consumer bob', 'delete services a'],
      ['delete consumers bob'],
    ]);
  });

  it('frees a unique value before it is taken by another entity', async () => {
    const id = '11111111-1111-4111-8111-111111111111';
    assert.deepEqual(
      await checkReaches(
        `services:\n${service('a', '  routes:\n  - name: r\n    paths: [/a]\n')}`,
        `services:\n${service('a', `  id: ${id}\n  routes:\n  - name: r\n    paths: [/a]\n`)}`,
      ),
      [['delete routes r'], ['delete services a'], ['create services a'], ['create routes r']],
    );
  });

  it('moves a credential from one consumer to another', async () => {
    const bob = 'consumers:\n- username: bob\n  keyauth_credentials: [{key: the-same-key}]\n- username: eve\n';
    const eve = 'consumers:\n- username: bob\n- username: eve\n  keyauth_credentials: [{key: the-same-key}]\n';
    assert.deepEqual(await checkReaches(bob, eve), [['update keyauth_credentials e-key for consumer eve']]);
  });

  it('renames one entity before another takes its old name', async () => {
    const ids = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
    const file = (first: string, second: string): string =>
      `services:\n- id: ${ids[0]}\n  name: ${first}\n  host: h\n- id: ${ids[1]}\n  name: ${second}\n  host: h\n`;
    assert.deepEqual(await checkReaches(file('a', 'b'), file('b', 'c')), [
      ['update services c'],
      ['update services b'],
    ]);
    // A circle: one of the two has to make room and come back.
    assert.deepEqual(await checkReaches(file('a', 'b'), file('b', 'a')), [
      ['delete services b'],
      ['update services b'],
      ['create services a'],
    ]);
  });

  it('leaves alone what only waits for others that change places', async () => {
    const ids = [1, 2, 3].map((n) => `${n}1111111-1111-4111-8111-111111111111`);
    const file = (...names: string[]): string =>
      `consumers:\n${names.map((name, i) => `- {id: ${ids[i]}, ${name}}\n`).join('')}`;
    assert.deepEqual(
      await checkReaches(
        file('username: a', 'username: b, custom_id: x', 'username: c'),
        file('username: a, custom_id: x', 'username: c', 'username: b'),
      ),
      [['delete consumers b'], ['update consumers a', 'update consumers b'], ['create consumers c']],
    );
  });

  it('passes a value on through a long line of entities', async () => {
    const file = (first: number): string => {
      const entries = Array.from({ length: 5000 }, (_, i) => {
        const id = `11111111-1111-4111-8111-${String(i).padStart(12, '0')}`;
        return `- {id: ${id}, username: u${String(i + first).padStart(5, '0')}}\n`;
      });
      return `consumers:\n${entries.join('')}`;
    };
    const { plan: made } = await plan(file(0), file(1));
    assert.deepEqual(made.summary, { create: 0, update: 5000, delete: 0 });
    assert.deepEqual(lines(made).slice(0, 2), [['update consumers u05000'], ['update consumers u04999']]);
  });

  it('brings what belongs to an entity that makes room back, though it does not change', async () => {
    const ids = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
    const file = (first: string, second: string): string =>
      `services:\n- id: ${ids[0]}\n  name: ${first}\n  host: h\n  plugins: [{name: cors}]\n- id: ${ids[1]}\n  name: ${second}\n  host: h\n  plugins: [{name: cors}]\n  routes:\n  - name: r\n    paths: [/r]\n`;
    await checkReaches(file('a', 'b'), file('b', 'a'));
  });

  it('leaves skipped kinds alone, on both sides', async () => {
    const before = await load(
      'consumers:\n- username: bob\n  plugins: [{name: rate-limiting, config: {minute: 1}}]\nservices:\n- name: a\n  host: h\n',
    );
    const after = await load('consumers:\n- username: eve\nservices:\n- name: b\n  host: h\n', before);
    assert.deepEqual(lines(diffStates(before, after, { schemas, skip: new Set(['consumers']) })), [
      ['create services b'],
      ['delete services a'],
    ]);
  });

  it('never deletes what is borrowed', async () => {
    const before = await load('services:\n- name: a\n  host: h\n');
    const borrowed = new Set([`services/${before.list('services')[0]!.id}`]);
    assert.deepEqual(lines(diffStates(before, await load('', before), { schemas, borrowed })), []);
  });

  it('is the same whenever it is made of the same states', async () => {
    const make = async (): Promise<string> =>
      JSON.stringify(
        (await plan('services:\n- name: a\n  host: h\n', 'services:\n- name: a\n  host: i\n')).plan.stages.map(
          (stage) => stage.map(({ label }) => label),
        ),
      );
    assert.equal(await make(), await make());
  });
});

describe('applying a plan', () => {
  const many = async (): Promise<Plan> => {
    const empty = await load('');
    return diffStates(
      empty,
      await load(
        `services:\n${Array.from({ length: 20 }, (_, i) => service(`s${String(i).padStart(2, '0')}`)).join('')}`,
      ),
      { schemas },
    );
  };

  it('never runs more at once than it may', async () => {
    let running = 0;
    let most = 0;
    const write = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    const outcome = await applyPlan(await many(), { write }, { parallelism: 4, signal: new AbortController().signal });
    assert.equal(outcome.done.length, 20);
    assert.equal(most, 4);
  });

  it('accounts for every operation when one fails', async () => {
    const write = async (operation: Operation): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      if (operation.label === 's05') throw new Error('no');
    };
    const { done, failed, notDone, isInterrupted } = await applyPlan(
      await many(),
      { write },
      { parallelism: 3, signal: new AbortController().signal },
    );
    assert.deepEqual(
      failed.map(({ operation }) => operation.label),
      ['s05'],
    );
    assert.equal(done.length + failed.length + notDone.length, 20);
    assert.ok(done.length >= 5 && done.length <= 8);
    assert.equal(isInterrupted, false);
  });

  it('starts nothing once it is interrupted', async () => {
    const controller = new AbortController();
    const started: string[] = [];
    const write = async (operation: Operation): Promise<void> => {
      started.push(operation.label);
      if (started.length === 3) controller.abort();
    };
    const outcome = await applyPlan(await many(), { write }, { parallelism: 1, signal: controller.signal });
    assert.equal(outcome.isInterrupted, true);
    assert.deepEqual(started, ['s00', 's01', 's02']);
    assert.equal(outcome.notDone.length, 17);
  });
});
