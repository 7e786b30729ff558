// What holds for all plans, tried on generated states: applying the plan from a to b gives b, from a to a it is empty, no
// step on the way breaks a reference, a plan that was cut short converges, and tags keep what others own out of it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { loadTexts } from '../../src/control/file/load.ts';
import { diffStates } from '../../src/control/plan/diff.ts';
import { isEmptyPlan, type Operation, operationsOf, type Plan } from '../../src/control/plan/plan.ts';
import { createClient } from '../../src/control/remote/client.ts';
import { readState } from '../../src/control/remote/read.ts';
import { createTarget } from '../../src/control/remote/target.ts';
import { applyPlan } from '../../src/control/sync/apply.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { createState, type State } from '../../src/state/state.ts';
import { type Gateway, startGateway } from '../cli/rig.ts';
import { schemas } from './schemas.ts';

const RUNS = { numRuns: 120, endOnFailure: true } as const;
const name = fc.constantFrom('a', 'b', 'c', 'd');
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
/** Few of them, so that ids wander between names. */
const maybeId = fc.option(fc.integer({ min: 1, max: 6 }).map(id), { nil: undefined, freq: 2 });

interface Described {
  readonly services: JsonObject[];
  readonly consumers: JsonObject[];
  readonly consumer_groups: JsonObject[];
  readonly upstreams: JsonObject[];
  readonly plugins: JsonObject[];
}

const plugin = fc.record({
  name: fc.constantFrom('correlation-id', 'rate-limiting'),
  minute: fc.integer({ min: 1, max: 3 }),
});
const toPlugin = (value: { name: string; minute: number }): JsonObject =>
  value.name === 'correlation-id' ? { name: 'correlation-id' } : { name: value.name, config: { minute: value.minute } };
const plugins = fc
  .uniqueArray(plugin, { maxLength: 2, selector: (item) => item.name })
  .map((list) => list.map(toPlugin));

const route = fc
  .record({ name, path: fc.constantFrom('/1', '/2', '/3'), plugins })
  .map(({ path, ...rest }) => ({ ...rest, paths: [path] }));
const service = fc.record(
  { name, host: fc.constantFrom('x', 'y'), retries: fc.constantFrom(1, 5), id: maybeId, plugins },
  { requiredKeys: ['name', 'host', 'plugins'] },
);
const consumer = fc.record({
  username: name,
  keyauth_credentials: fc.uniqueArray(fc.constantFrom('k1', 'k2', 'k3', 'k4'), { maxLength: 2 }),
  groups: fc.uniqueArray(fc.constantFrom('g1', 'g2'), { maxLength: 2 }),
  plugins,
});

/** Unique names and keys are shared out, so that every state is a valid file. */
const described: fc.Arbitrary<Described> = fc
  .record({
    services: fc.uniqueArray(service, { maxLength: 4, selector: (item) => item.name }),
    routes: fc.uniqueArray(route, { maxLength: 4, selector: (item) => item.name }),
    consumers: fc.uniqueArray(consumer, { maxLength: 4, selector: (item) => item.username }),
    targets: fc.uniqueArray(fc.constantFrom('10.0.0.1:80', '10.0.0.2:80'), { maxLength: 2 }),
    groups: fc.uniqueArray(fc.constantFrom('g1', 'g2'), { maxLength: 2 }),
    plugins,
    owner: fc.array(fc.nat(10), { minLength: 8, maxLength: 8 }),
  })
  .map(({ services, routes, consumers, targets, groups, plugins: global, owner }) => {
    const seenIds = new Set<string>();
    const made: JsonObject[] = services.map(({ id: own, ...rest }) => {
      const isFree = own !== undefined && !seenIds.has(own);
      if (isFree) seenIds.add(own);
      return { ...rest, ...(isFree ? { id: own } : {}), routes: [] };
    });
    for (const [i, one] of routes.entries()) {
      if (made.length > 0) (made[owner[i]! % made.length]!['routes'] as JsonObject[]).push(one);
    }
    const seenKeys = new Set<string>();
    const people = consumers.map(({ keyauth_credentials: keys, groups: member, ...rest }): JsonObject => {
      const own = keys.filter((key) => !seenKeys.has(key));
      for (const key of own) seenKeys.add(key);
      return {
        ...rest,
        keyauth_credentials: own.map((key) => ({ key })),
        groups: member.filter((group) => groups.includes(group)).map((group) => ({ name: group })),
      };
    });
    return {
      services: made,
      consumers: people,
      consumer_groups: groups.map((group) => ({ name: group })),
      upstreams: targets.length === 0 ? [] : [{ name: 'u', targets: targets.map((target) => ({ target })) }],
      plugins: global,
    };
  });

const textOf = (value: Described, info: JsonObject = {}): string =>
  JSON.stringify({ _format_version: '3.0', ...info, ...value });

async function load(text: string, current?: State): Promise<State> {
  const ids = current === undefined ? { ids: 'deterministic' as const } : { ids: 'from-current' as const };
  const loaded = await loadTexts([{ name: 'f', text }], {
    schemas,
    ...ids,
    ...(current === undefined ? {} : { current: async () => current }),
  });
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.diagnostics.map(({ message }) => message).join('\n'));
  return loaded.state;
}

/** One operation after the other: the state refuses what would break a reference or a unique value. */
function step(state: State, operation: Operation): State {
  const { kind } = operation;
  const result = state.with([
    operation.action === 'delete'
      ? { action: 'delete', kind, id: operation.before.id }
      : { action: operation.action, kind, entity: operation.after },
  ]);
  assert.ok(result.ok, `${operation.action} ${kind} ${operation.label}: ${JSON.stringify(result)}`);
  return result.value;
}

const planTo = async (current: State, text: string): Promise<{ plan: Plan; desired: State }> => {
  const desired = await load(text, current);
  return { plan: diffStates(current, desired, { schemas }), desired };
};

describe('for all states', () => {
  it('the plan from a to b, applied to a, gives b; from a to a there is none', async () => {
    await fc.assert(
      fc.asyncProperty(described, described, async (a, b) => {
        const current = await load(textOf(a));
        assert.ok(isEmptyPlan((await planTo(current, textOf(a))).plan));
        const { plan, desired } = await planTo(current, textOf(b));
        const reached = operationsOf(plan).reduce(step, current);
        assert.ok(isEmptyPlan(diffStates(reached, desired, { schemas })));
        assert.ok(isEmptyPlan((await planTo(reached, textOf(b))).plan));
      }),
      RUNS,
    );
  });

  it('a plan that was cut anywhere goes on to the same end', async () => {
    await fc.assert(
      fc.asyncProperty(described, described, fc.nat(40), async (a, b, cut) => {
        const { plan } = await planTo(await load(textOf(a)), textOf(b));
        const part = operationsOf(plan)
          .slice(0, cut)
          .reduce(step, await load(textOf(a)));
        const rest = await planTo(part, textOf(b));
        const reached = operationsOf(rest.plan).reduce(step, part);
        assert.ok(isEmptyPlan((await planTo(reached, textOf(b))).plan));
      }),
      RUNS,
    );
  });

  it('operations of one stage may come in any order', async () => {
    await fc.assert(
      fc.asyncProperty(described, described, fc.infiniteStream(fc.nat(1000)), async (a, b, numbers) => {
        const current = await load(textOf(a));
        const { plan, desired } = await planTo(current, textOf(b));
        const shuffled = plan.stages.flatMap((stage) =>
          stage
            .map((operation) => ({ operation, at: numbers.next().value as number }))
            .sort((left, right) => left.at - right.at)
            .map(({ operation }) => operation),
        );
        assert.ok(isEmptyPlan(diffStates(shuffled.reduce(step, current), desired, { schemas })));
      }),
      RUNS,
    );
  });
});

describe('with tags, on a real Admin API', () => {
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  it('nothing without them is ever changed', async () => {
    const client = await createClient({
      address: gateway.address,
      workspace: undefined,
      headers: {},
      timeoutMs: 5000,
      tls: {},
    });
    const target = await createTarget(client.connection, gateway.state.schemas, { connections: 4 });
    await fc.assert(
      fc.asyncProperty(described, described, described, async (theirs, first, second) => {
        // Theirs have names of their own, as the names of ours are taken otherwise.
        const foreign = await load(
          textOf(theirs)
            .replaceAll(/"(a|b|c|d|g1|g2|u|k\d)"/g, '"their-$1"')
            .replaceAll(/"id":"[^"]*",?/g, ''),
        );
        await gateway.store.replace(createState(gateway.state.schemas));
        await gateway.store.replace(foreign);
        for (const ours of [first, second]) {
          const { plugins: _global, ...described } = ours;
          const text = textOf({ ...described, plugins: [] }, { _info: { select_tags: ['ours'] } });
          const { state, borrowed } = await readState(client, schemas, { selectTags: ['ours'] });
          const desired = await load(text, state);
          const plan = diffStates(state, desired, { schemas, borrowed });
          const outcome = await applyPlan(plan, target, { parallelism: 4, signal: new AbortController().signal });
          assert.deepEqual(
            outcome.failed.map(({ error }) => String(error)),
            [],
          );
          for (const kind of schemas.entities.keys()) {
            for (const entity of foreign.list(kind)) assert.deepEqual(gateway.state.get(kind, entity.id), entity);
          }
        }
      }),
      { numRuns: 25, endOnFailure: true },
    );
    await target.close();
  });
});
