// Of several instances of one plugin the most specific runs; of several plugins the one with the highest priority runs first.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { PluginInstance } from '../../src/gateway/plugins/instances.ts';
import { PluginPlanner } from '../../src/gateway/plugins/plan.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { definePlugin, exit } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { keyAuth } from '../../src/plugins/key-auth/index.ts';
import { echo, start, startUpstream } from '../gateway/rig.ts';

type Scope = 'route' | 'service' | 'consumer' | 'consumer_group';

/** From the most specific to the least. */
const ORDER: readonly (readonly Scope[])[] = [
  ['route', 'service', 'consumer'],
  ['route', 'service', 'consumer_group'],
  ['route', 'consumer'],
  ['service', 'consumer'],
  ['route', 'consumer_group'],
  ['service', 'consumer_group'],
  ['route', 'service'],
  ['consumer'],
  ['consumer_group'],
  ['route'],
  ['service'],
  [],
];

const nameOf = (scopes: readonly Scope[]): string => (scopes.length === 0 ? 'global' : scopes.join('+'));

const ROUTE = { id: 'r', service: { id: 's' } };
const IDS: Readonly<Record<Scope, string>> = { route: 'r', service: 's', consumer: 'c', consumer_group: 'g' };

const instance = (scopes: readonly Scope[]): PluginInstance => ({
  entity: { id: nameOf(scopes), ...Object.fromEntries(scopes.map((scope) => [scope, { id: IDS[scope] }])) },
  name: 'mark',
  priority: 1,
  phases: { access: () => undefined },
});

test('at every set of scopes the most specific one that fits the request is chosen', () => {
  const instances = ORDER.map(instance);
  const isFor = (scopes: readonly Scope[], absent: readonly Scope[]): boolean =>
    scopes.every((scope) => !absent.includes(scope));
  const callers: readonly (readonly [consumer: string | undefined, absent: readonly Scope[]])[] = [
    ['c', []],
    ['loner', ['consumer', 'consumer_group']],
    ['member', ['consumer']],
    [undefined, ['consumer', 'consumer_group']],
  ];
  for (let mask = 0; mask < 1 << ORDER.length; mask++) {
    const isThere = (_: unknown, i: number): boolean => (mask & (1 << i)) !== 0;
    const there = ORDER.filter(isThere);
    const planner = new PluginPlanner(instances.filter(isThere).reverse(), (consumer) =>
      consumer === 'loner' ? [] : ['g'],
    );
    for (const [consumer, absentOfCaller] of callers) {
      for (const [route, absentOfRoute] of [
        [ROUTE, []],
        [{ id: 'r' }, ['service']],
        [{ id: 'x', service: { id: 's' } }, ['route']],
        [undefined, ['route', 'service']],
      ] as const) {
        const entry = planner.plan(route).entries[0];
        const chosen =
          consumer === undefined || entry?.forConsumer === undefined ? entry?.general : entry.forConsumer(consumer);
        const expected = there.find((scopes) => isFor(scopes, [...absentOfCaller, ...absentOfRoute]));
        assert.equal(chosen?.entity.id, expected === undefined ? undefined : nameOf(expected));
      }
    }
  }
});

/** Tells which instance ran. */
const mark = definePlugin({
  name: 'mark',
  priority: 1,
  version: '1.0.0',
  schema: {
    fields: { config: { type: 'record', required: true, fields: { scope: { type: 'string', required: true } } } },
  },
  handler: () =>
    Promise.resolve({
      create: ({ scope }: { scope: string }) => ({ access: () => exit(200, scope) }),
    }),
});

const plugins = [keyAuth, mark];
const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

test('on a running gateway the next one takes the place of one that is deleted', async () => {
  const upstream = await startUpstream(echo);
  after(() => upstream.close());
  const names: Readonly<Record<Scope, string>> = { route: 'r', service: 's', consumer: 'bob', consumer_group: 'team' };
  const content = {
    services: [
      {
        name: 's',
        url: `http://127.0.0.1:${upstream.port}`,
        routes: [{ name: 'r', paths: ['/'], plugins: [{ name: 'key-auth' }] }],
      },
    ],
    consumer_groups: [{ name: 'team' }],
    consumers: [{ username: 'bob', groups: [{ name: 'team' }], keyauth_credentials: [{ key: 'of-bob' }] }],
    plugins: ORDER.map((scopes, i) => ({
      id: id(i),
      name: 'mark',
      config: { scope: nameOf(scopes) },
      ...Object.fromEntries(scopes.map((scope) => [scope, names[scope]])),
    })),
  };
  const running = await start(content, { plugins });
  for (const [i, scopes] of ORDER.entries()) {
    assert.equal((await running.send('/', { headers: { apikey: 'of-bob' } })).text, nameOf(scopes));
    assert.ok((await running.store.commit([{ action: 'delete', kind: 'plugins', id: id(i) }])).ok);
  }
  assert.match((await running.send('/', { headers: { apikey: 'of-bob' } })).text, /"target":"\/"/);
  await running.close();
});

test('of several groups of a consumer the first by name decides, whichever came first', async () => {
  const content = {
    services: [{ name: 's', url: 'http://127.0.0.1:1', routes: [{ name: 'r', paths: ['/'] }] }],
    consumer_groups: [
      { id: id(3), name: 'zebras' },
      { id: id(2), name: 'badgers' },
      { id: id(1), name: 'foxes' },
    ],
    consumers: [
      {
        username: 'bob',
        groups: [{ name: 'zebras' }, { name: 'foxes' }, { name: 'badgers' }],
        keyauth_credentials: [{ key: 'of-bob' }],
      },
    ],
    plugins: [
      { name: 'key-auth' },
      ...['zebras', 'foxes', 'badgers'].map((group, i) => ({
        id: id(10 + i),
        name: 'mark',
        config: { scope: group },
        consumer_group: group,
      })),
    ] as JsonObject[],
  };
  const running = await start(content, { plugins });
  const asked = async (): Promise<string> => (await running.send('/', { headers: { apikey: 'of-bob' } })).text;
  assert.equal(await asked(), 'badgers');
  const renamed = { ...running.store.state.get('consumer_groups', id(2))!, name: 'weasels' };
  assert.ok((await running.store.commit([{ action: 'update', kind: 'consumer_groups', entity: renamed }])).ok);
  assert.equal(await asked(), 'foxes');
  await running.close();
});

/** In the order in which they run. */
const PRIORITIES: readonly (readonly [string, number])[] = [
  ['pre-function', 1000000],
  ['correlation-id', 100001],
  ['zipkin', 100000],
  ['bot-detection', 2500],
  ['cors', 2000],
  ['session', 1900],
  ['acme', 1705],
  ['mtls-auth', 1600],
  ['jwt', 1450],
  ['oauth2', 1400],
  ['key-auth', 1250],
  ['ldap-auth', 1200],
  ['basic-auth', 1100],
  ['hmac-auth', 1030],
  ['grpc-gateway', 998],
  ['ip-restriction', 990],
  ['request-size-limiting', 951],
  ['acl', 950],
  ['rate-limiting', 910],
  ['response-ratelimiting', 900],
  ['request-transformer', 801],
  ['response-transformer', 800],
  ['redirect', 779],
  ['ai-request-transformer', 777],
  ['ai-prompt-template', 773],
  ['ai-prompt-decorator', 772],
  ['ai-prompt-guard', 771],
  ['ai-proxy', 770],
  ['ai-response-transformer', 768],
  ['standard-webhooks', 760],
  ['aws-lambda', 750],
  ['azure-functions', 749],
  ['proxy-cache', 100],
  ['opentelemetry', 14],
  ['prometheus', 13],
  ['http-log', 12],
  ['statsd', 11],
  ['datadog', 10],
  ['file-log', 9],
  ['udp-log', 8],
  ['tcp-log', 7],
  ['loggly', 6],
  ['syslog', 4],
  ['grpc-web', 3],
  ['request-termination', 2],
  ['post-function', -1000],
];

test('the bundled plugins have the priorities that everybody relies on', () => {
  const own = new Map(bundledPlugins.map(({ name, priority }) => [name, priority]));
  for (const [name, priority] of PRIORITIES) assert.equal(own.get(name), priority, name);
  assert.deepEqual(
    [...own.keys()].filter((name) => !PRIORITIES.some(([known]) => known === name)),
    [],
  );
});

test('instances of all bundled plugins run in that order, however they were stored', () => {
  const instances = bundledPlugins.map(
    ({ name, priority }): PluginInstance => ({
      entity: { id: name },
      name,
      priority,
      phases: { access: () => undefined, log: () => undefined },
    }),
  );
  const expected = PRIORITIES.map(([name]) => name);
  for (const stored of [instances, instances.toReversed(), instances.toSorted((a, b) => a.priority - b.priority)]) {
    const { global } = new PluginPlanner(stored, () => []);
    assert.deepEqual(
      global.access.map(({ name }) => name),
      expected,
    );
    assert.deepEqual(
      global.log.map(({ name }) => name),
      expected,
    );
  }
});
