import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const identifying = (config: JsonObject = {}, route?: string): PluginInput => ({
  name: 'correlation-id',
  config,
  ...(route === undefined ? {} : { route }),
});

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

const sentIds = ({ echo }: Running, name = 'kong-request-id'): string[] =>
  echo.requests.map(({ headers }) => String(headers[name]));

test('the counter goes up by one, for all instances of the node, behind one prefix', async () => {
  const plugins = [identifying({}, 'a'), identifying({}, 'b')];
  await withGateway({ plugins, routes: { a: ['/a'], b: ['/b'] } }, async (running) => {
    for (const path of ['/a', '/b', '/b', '/a']) await running.send({ path });
    const ids = sentIds(running).map((id) => id.split('#'));
    assert.deepEqual(
      ids.map(([, count]) => count),
      ['1', '2', '3', '4'],
    );
    assert.equal(new Set(ids.map(([prefix]) => prefix)).size, 1);
    assert.match(ids[0]![0]!, new RegExp(`^${UUID}$`));
  });
});

test('a restarted node has another prefix', async () => {
  const prefixes = new Set<string>();
  for (let i = 0; i < 2; i++) {
    await withGateway({ plugins: [identifying()] }, async (running) => {
      await running.send({});
      prefixes.add(sentIds(running)[0]!.split('#')[0]!);
    });
  }
  assert.equal(prefixes.size, 2);
});

test('uuid: another one for each request', async () => {
  await withGateway({ plugins: [identifying({ generator: 'uuid' })] }, async (running) => {
    for (let i = 0; i < 20; i++) await running.send({});
    assert.equal(new Set(sentIds(running)).size, 20);
  });
});

test('tracker: address, port, process, connection, request on it and time', async () => {
  await withGateway({ plugins: [identifying({ generator: 'tracker' })] }, async (running) => {
    const { port } = running.gateway.addresses[0]!;
    const before = Date.now() / 1000;
    await running.send({});
    await running.send({});
    const parts = sentIds(running).map((id) => id.split('-'));
    assert.deepEqual(parts[0]!.slice(0, 5), ['127.0.0.1', String(port), String(process.pid), '1', '1']);
    assert.deepEqual(parts[1]!.slice(0, 5), ['127.0.0.1', String(port), String(process.pid), '2', '1']);
    assert.match(parts[0]![5]!, /^\d+\.\d{3}$/);
    assert.ok(Math.abs(Number(parts[0]![5]) - before) < 5);
  });
});

test('an id that comes with the request is kept; a blank one is none', async () => {
  await withGateway({ plugins: [identifying({ generator: 'uuid', echo_downstream: true })] }, async (running) => {
    const kept = await running.send({ headers: { 'Kong-Request-ID': 'mine' } });
    assert.deepEqual(kept.header('kong-request-id'), ['mine']);
    const replaced = await running.send({ headers: { 'Kong-Request-ID': '   ' } });
    assert.match(replaced.header('kong-request-id')[0]!, new RegExp(`^${UUID}$`));
    assert.deepEqual(sentIds(running), ['mine', replaced.header('kong-request-id')[0]]);
  });
});

test('the id is echoed on answers of the gateway and of plugins, too', async () => {
  const plugins = [
    identifying({ echo_downstream: true }),
    { name: 'request-termination', config: { status_code: 418 } },
  ];
  await withGateway({ plugins }, async ({ send }) => {
    const received = await send({ headers: { 'Kong-Request-ID': 'mine' } });
    assert.equal(received.status, 418);
    assert.deepEqual(received.header('kong-request-id'), ['mine']);
  });
  await withGateway({ plugins: [identifying({ echo_downstream: true })] }, async ({ send, echo }) => {
    await echo.close();
    const received = await send({});
    assert.equal(received.status, 502);
    assert.match(received.header('kong-request-id')[0]!, new RegExp(`^${UUID}#1$`));
  });
});

test('a request that no route matches gets an id in its answer', async () => {
  const setUp = { plugins: [identifying({ echo_downstream: true })], routes: { r: ['/only'] } };
  await withGateway(setUp, async ({ send }) => {
    const received = await send({ path: '/other' });
    assert.equal(received.status, 404);
    assert.match(received.header('kong-request-id')[0]!, new RegExp(`^${UUID}#1$`));
    assert.deepEqual((await send({ path: '/x', headers: { 'Kong-Request-ID': 'mine' } })).header('kong-request-id'), [
      'mine',
    ]);
  });
});

test('other plugins read the id as a header of the request', async () => {
  const plugins = [
    identifying({ header_name: 'X-Id', generator: 'uuid' }),
    { name: 'request-transformer', config: { add: { headers: ['X-Copy:$(headers["x-id"])'] } } },
  ];
  await withGateway({ plugins }, async (running) => {
    await running.send({});
    assert.equal(sentIds(running, 'x-copy')[0], sentIds(running, 'x-id')[0]);
  });
});
