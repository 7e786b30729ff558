// The Status API on its own listener, before a real gateway with targets, and what each endpoint answers.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { createAdminServer } from '../../src/admin/server.ts';
import { createStatusServer } from '../../src/admin/status-server.ts';
import { createReadiness } from '../../src/cli/serve/readiness.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { createState } from '../../src/state/state.ts';
import { DeclarativeStore } from '../../src/store/declarative.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';

const NODE_ID = '5a8b9c0d-1111-4222-8333-444455556666';
const schemas = createSchemas(bundledPlugins);
const store = new MemoryStore(createState(schemas));
const closers: (() => Promise<unknown> | unknown)[] = [];
let gateway: Gateway;
let admin: string;

const nodeOf = (running: Gateway) => ({
  id: NODE_ID,
  hostname: 'test',
  configuration: {},
  plugins: [],
  counters: () => ({
    total_requests: 7,
    connections_active: 1,
    connections_accepted: 3,
    connections_handled: 3,
    connections_reading: 0,
    connections_writing: 1,
    connections_waiting: 0,
  }),
  health: { targets: () => new Map(), upstream: () => undefined, setTarget: () => true },
  metrics: () => running.metrics(),
});

async function listen(server: ReturnType<typeof createAdminServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const startStatus = (of: Store = store): Promise<string> =>
  listen(
    createStatusServer({ store: of, node: nodeOf(gateway), auto: { now: Date.now }, readiness: createReadiness(of) }),
  );

before(async () => {
  gateway = await startGateway({
    store,
    plugins: bundledPlugins,
    listen: [],
    events: { access: undefined, log: () => undefined },
  });
  closers.push(() => gateway.close(0));
  admin = await listen(createAdminServer({ store, node: nodeOf(gateway), auto: { now: Date.now } }));
});
after(async () => {
  for (const close of closers.reverse()) await close();
});

interface Answered {
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}
async function ask(url: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(url, init);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

async function write(path: string, body: JsonObject): Promise<JsonObject> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  const { status, text } = await ask(admin + path, init);
  assert.equal(status, 201, text);
  return JSON.parse(text) as JsonObject;
}

test('/status answers as the Admin API does', async () => {
  const status = await startStatus();
  const [here, there] = await Promise.all([ask(`${status}/status`), ask(`${admin}/status`)]);
  assert.equal(here.status, 200);
  const [own, other] = [JSON.parse(here.text), JSON.parse(there.text)];
  assert.deepEqual(own.server, other.server);
  assert.deepEqual(Object.keys(own), Object.keys(other));
  assert.equal((await ask(`${status}/status?unit=x`)).status, 400);
});

test('/status/ready says ready, until the node drains', async () => {
  const status = await startStatus();
  const ready = (): Promise<Answered> => ask(`${status}/status/ready`);
  assert.deepEqual([(await ready()).status, (await ready()).text], [200, '{"message":"ready"}']);
  const drained = await ask(`${status}/status/ready`, {
    method: 'POST',
    body: new URLSearchParams({ status: 'draining' }),
  });
  assert.deepEqual([drained.status, drained.text], [204, '']);
  assert.deepEqual([(await ready()).status, (await ready()).text], [503, '{"message":"draining"}']);
});

test('draining is taken as JSON too, and nothing else is', async () => {
  const status = await startStatus();
  const post = (body: JsonObject): Promise<Answered> =>
    ask(`${status}/status/ready`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  for (const wrong of [{}, { status: 'ready' }, { status: true }]) assert.equal((await post(wrong)).status, 400);
  assert.equal((await ask(`${status}/status/ready`)).status, 200);
  assert.equal((await post({ status: 'draining' })).status, 204);
  assert.equal((await ask(`${status}/status/ready`)).status, 503);
});

test('a node without a database is not ready before it has a configuration', async () => {
  const empty = new DeclarativeStore(createState(schemas));
  const status = await startStatus(empty);
  assert.deepEqual(await ask(`${status}/status/ready`), {
    status: 503,
    type: 'application/json; charset=utf-8',
    text: '{"message":"no configuration available"}',
  });
});

test('a node that cannot reach its database is not ready', async () => {
  const status = await startStatus({ ...store, kind: 'postgres', isReachable: false, state: store.state } as Store);
  const { status: code, text } = await ask(`${status}/status/ready`);
  assert.deepEqual([code, text], [503, '{"message":"failed to connect to database"}']);
  assert.match((await ask(`${status}/metrics`)).text, /^kong_datastore_reachable 0$/m);
});

test('nothing of the configuration is here, and methods are those that make sense', async () => {
  const status = await startStatus();
  for (const path of ['/', '/services', '/config', '/status/x', '/endpoints', '/schemas/services']) {
    assert.equal((await ask(status + path)).status, 404, path);
  }
  for (const [method, path] of [
    ['POST', '/status'],
    ['DELETE', '/metrics'],
    ['PUT', '/status/ready'],
  ] as const) {
    assert.equal((await ask(status + path, { method })).status, 405, `${method} ${path}`);
  }
  assert.equal((await ask(`${status}/status/ready`, { method: 'HEAD' })).status, 200);
  assert.equal((await ask(`${status}/metrics`, { method: 'OPTIONS' })).status, 204);
});

test('/metrics shows the node, on both listeners, in the text format', async () => {
  for (const url of [await startStatus(), admin]) {
    const { status, type, text } = await ask(`${url}/metrics`);
    assert.deepEqual([status, type], [200, 'text/plain; charset=UTF-8']);
    const id = `node_id="${NODE_ID}"`;
    for (const line of [
      `kong_node_info{${id},version="3.10.0"} 1`,
      'kong_datastore_reachable 1',
      `kong_nginx_requests_total{${id},subsystem="http"} 7`,
      `kong_nginx_connections_total{${id},subsystem="http",state="accepted"} 3`,
      `kong_nginx_connections_total{${id},subsystem="http",state="total"} 7`,
      'kong_nginx_timers{state="pending"} 0',
      'kong_nginx_metric_errors_total 0',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), line);
    }
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!);
    assert.deepEqual([...names].sort(), names, 'sorted by name');
  }
});

test('the health of targets shows while some plugin instance asks for it', async () => {
  const status = await startStatus();
  const upstream = await write('/upstreams', {
    name: 'orders.test',
    healthchecks: { passive: { unhealthy: { tcp_failures: 1 } } },
  });
  const target = await write('/upstreams/orders.test/targets', { target: '127.0.0.1:81' });
  const health = async (): Promise<string[]> =>
    (await ask(`${status}/metrics`)).text.split('\n').filter((line) => line.startsWith('kong_upstream_target_health{'));
  assert.deepEqual(await health(), []);
  const plugin = await write('/plugins', { name: 'prometheus', config: { upstream_health_metrics: true } });
  const lines = (state: string): string[] =>
    ['healthchecks_off', 'healthy', 'unhealthy', 'dns_error'].map(
      (one) =>
        `kong_upstream_target_health{upstream="orders.test",target="127.0.0.1:81",address="127.0.0.1:81",state="${one}",subsystem="http"} ${one === state ? 1 : 0}`,
    );
  await eventually(async () => (await health()).length > 0);
  assert.deepEqual(await health(), lines('healthy'));
  assert.equal(gateway.balancers.setTarget(String(upstream['id']), String(target['id']), undefined, false), true);
  assert.deepEqual(await health(), lines('unhealthy'));
  await fetch(`${admin}/plugins/${String(plugin['id'])}`, { method: 'DELETE' });
  await eventually(async () => (await health()).length === 0);
});

/** The gateway compiles a change a moment after it is written, or with the next request. */
async function eventually(isReached: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await isReached()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail('it never happened');
}
