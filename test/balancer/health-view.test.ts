// What the Admin API shows and sets of the health of a running gateway.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createAdminServer } from '../../src/admin/server.ts';
import { parseState } from '../../src/control/file/parse.ts';
import { echo, start, startUpstream } from '../gateway/rig.ts';
import { startNameServer } from './name-server.ts';

const NODE_ID = '5a8b9c0d-1111-4222-8333-444455556666';
const CHECKED = { passive: { unhealthy: { http_failures: 1 } } };

async function running(t: TestContext, upstream: object, options: Parameters<typeof start>[1] = {}) {
  const gateway = await start(
    {
      services: [{ name: 's', host: 'u', routes: [{ name: 'r', paths: ['/'] }] }],
      upstreams: [{ name: 'u', healthchecks: CHECKED, ...upstream }],
    },
    options,
  );
  const server = createAdminServer({
    store: gateway.store,
    auto: { now: () => Date.now() },
    parse: parseState,
    guard: {},
    node: {
      id: NODE_ID,
      hostname: 'test',
      configuration: { database: 'postgres' },
      plugins: [],
      counters: () => ({}) as never,
      health: gateway.gateway.balancers as never,
      logLevel: { current: () => 'notice', set: () => undefined },
    },
    onError: (error) => assert.fail(String(error)),
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...gateway,
    get: async (path: string) => (await (await fetch(url + path)).json()) as Record<string, never>,
    put: async (path: string) => (await fetch(url + path, { method: 'PUT' })).status,
    patch: async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(url + path, { method: 'PATCH', headers, body: JSON.stringify(body) })).status;
    },
  };
}

type Row = { target: string; health: string; data: Record<string, unknown> & { addresses: Record<string, unknown>[] } };
const verdicts = (rows: readonly Row[]): Record<string, string> =>
  Object.fromEntries(rows.map(({ target, health }) => [target, health]));

test('every target has its verdict and its addresses', async (t) => {
  const names = await startNameServer(t);
  names.zone.set('two.test', [
    { type: 'A', value: '127.0.0.2' },
    { type: 'A', value: '127.0.0.3' },
  ]);
  const { get, put, send } = await running(
    t,
    {
      targets: [
        { target: '127.0.0.1:1', weight: 10 },
        { target: 'two.test:80', weight: 50 },
        { target: 'no.test:80' },
        { target: '127.0.0.9:1', weight: 0 },
      ],
    },
    { dns: { dns_resolver: [names.address] } },
  );
  await send('/');
  assert.equal(await put('/upstreams/u/targets/two.test:80/127.0.0.3/unhealthy'), 204);
  const { data, next, node_id } = (await get('/upstreams/u/health')) as never as {
    data: Row[];
    next: unknown;
    node_id: string;
  };
  assert.deepEqual([next, node_id], [null, NODE_ID]);
  assert.deepEqual(verdicts(data), {
    '127.0.0.1:1': 'HEALTHY',
    'two.test:80': 'HEALTHY',
    'no.test:80': 'DNS_ERROR',
    '127.0.0.9:1': 'HEALTHCHECKS_OFF',
  });
  const two = data.find(({ target }) => target === 'two.test:80')!;
  assert.deepEqual(two.data, {
    host: 'two.test',
    port: 80,
    dns: 'A',
    nodeWeight: 50,
    weight: { total: 100, available: 50, unavailable: 50 },
    addresses: [
      { ip: '127.0.0.2', port: 80, weight: 50, health: 'HEALTHY' },
      { ip: '127.0.0.3', port: 80, weight: 50, health: 'UNHEALTHY' },
    ],
  });
  assert.equal(await put('/upstreams/u/targets/two.test:80/127.0.0.2:80/unhealthy'), 204);
  const after = (await get('/upstreams/u/health')) as never as { data: Row[] };
  assert.equal(verdicts(after.data)['two.test:80'], 'UNHEALTHY');
});

test('below the threshold the upstream is UNHEALTHY and everybody gets 503, until enough is back', async (t) => {
  const upstreams = await Promise.all(Array.from({ length: 5 }, () => startUpstream(echo)));
  const targets = upstreams.map(({ port }) => ({ target: `127.0.0.1:${port}` }));
  const { get, put, patch, send } = await running(t, { healthchecks: { ...CHECKED, threshold: 55 }, targets });
  const whole = async () =>
    ((await get('/upstreams/u/health?balancer_health=1')) as never as { data: Record<string, unknown> }).data;
  assert.equal((await whole())['health'], 'HEALTHY');
  const set = (i: number, word: string) => put(`/upstreams/u/targets/${targets[i]!.target}/${word}`);
  for (const i of [0, 1]) assert.equal(await set(i, 'unhealthy'), 204);
  assert.equal((await send('/')).status, 200, '60 % are left');
  assert.equal(await set(2, 'unhealthy'), 204);
  const { health, balancer_health, details } = await whole();
  assert.deepEqual([health, balancer_health], ['UNHEALTHY', 'UNHEALTHY']);
  assert.deepEqual((details as { weight: unknown }).weight, { total: 500, available: 200, unavailable: 300 });
  const refused = await send('/');
  assert.equal(refused.status, 503);
  assert.match(refused.text, /failure to get a peer from the ring-balancer/);
  assert.equal(await patch('/upstreams/u', { slots: 2000 }), 200);
  assert.equal((await send('/')).status, 503, 'a change keeps the verdicts');
  assert.equal(await set(0, 'healthy'), 204);
  assert.equal((await send('/')).status, 200);
});

test('without checks everything is off, and what does not exist cannot be set', async (t) => {
  const { get, put } = await running(t, { healthchecks: {}, targets: [{ target: '127.0.0.1:1' }] });
  const { data } = (await get('/upstreams/u/health')) as never as { data: Row[] };
  assert.deepEqual(verdicts(data), { '127.0.0.1:1': 'HEALTHCHECKS_OFF' });
  const whole = (await get('/upstreams/u/health?balancer_health=1')) as never as { data: Record<string, unknown> };
  assert.equal(whole.data['health'], 'HEALTHCHECKS_OFF');
  assert.equal(await put('/upstreams/u/targets/127.0.0.1:2/healthy'), 404);
  assert.equal(await put('/upstreams/none/targets/127.0.0.1:1/healthy'), 404);
  assert.equal(await put('/upstreams/u/targets/127.0.0.1:1/127.0.0.8/unhealthy'), 400);
});
