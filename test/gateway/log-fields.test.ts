// Fields of the log record that depend on the connection or on what plugins did, and the changes that plugins make to it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Json, JsonObject } from '../../src/lib/json.ts';
import { definePlugin, exit, type LogExchange, type Phases } from '../../src/pdk/index.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { start, startUpstream, until } from './rig.ts';
import { connectTls, exchangeText, onTls, serverTls } from './tls-rig.ts';

const probe = (name: string, priority: number, phases: Phases) =>
  definePlugin({
    name,
    priority,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: () => Promise.resolve({ create: () => phases }),
  });

async function startSpied(phases: Phases, options: Parameters<typeof start>[1] = {}) {
  const records: JsonObject[] = [];
  const log = (exchange: LogExchange): void => {
    const record = exchange.logRecord();
    assert.deepEqual({ ...(JSON.parse(exchange.logText()) as JsonObject), latencies: 0 }, { ...record, latencies: 0 });
    records.push(record);
  };
  const upstream = await startUpstream((_request, response) => response.end('ok'));
  const running = await start(
    {
      services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ name: 'r', paths: ['/'] }] }],
      plugins: [{ name: 'acting' }, { name: 'spy' }],
    },
    { ...options, plugins: [...bundledPlugins, probe('acting', 9, phases), probe('spy', 1, { log })] },
  );
  after(() => running.close());
  const next = async (count = 1): Promise<JsonObject> => {
    await until(() => records.length >= count, 'a record');
    return records[count - 1]!;
  };
  return { running, next };
}

test('a connection that is encrypted says how, and one that is not says nothing', async () => {
  const { running, next } = await startSpied({}, { tls: serverTls, listen: [onTls] });
  const socket = await connectTls(running.port, { servername: 'a.test', minVersion: 'TLSv1.3' });
  const cipher = socket.getCipher().name;
  await exchangeText(socket, 'GET / HTTP/1.1\r\nHost: A.Test:99\r\nConnection: close\r\n\r\n');
  const request = (await next())['request'] as JsonObject;
  assert.deepEqual(request['tls'], { version: 'TLSv1.3', cipher, client_verify: 'NONE' });
  assert.equal(request['url'], `https://a.test:${running.port}/`);
  assert.equal((request['headers'] as JsonObject)['host'], 'A.Test:99');
  const plain = await startSpied({});
  await plain.running.send('/');
  assert.equal('tls' in ((await plain.next())['request'] as JsonObject), false);
});

test('a plugin says whether the certificate of a client is good', async () => {
  const acting: Phases = {
    access: (exchange) => exchange.setLogValue('request.tls.client_verify', 'SUCCESS', 'replace'),
  };
  const { running, next } = await startSpied(acting, { tls: serverTls, listen: [onTls] });
  const socket = await connectTls(running.port);
  await exchangeText(socket, 'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
  const { tls } = (await next())['request'] as { tls: JsonObject };
  assert.equal(tls['client_verify'], 'SUCCESS');
});

test('tries are told in milliseconds and in nanoseconds, entities with their workspace', async () => {
  const { running, next } = await startSpied({});
  const before = Date.now();
  await running.send('/');
  const { tries, route, service, workspace } = await next();
  const [one] = tries as { [name: string]: number }[];
  assert.ok(one!['balancer_start']! >= before && one!['balancer_start']! <= Date.now());
  assert.equal(one!['balancer_start_ns'], one!['balancer_start']! * 1e6);
  assert.ok(Number.isInteger(one!['balancer_latency_ns']) && one!['balancer_latency_ns']! > 0);
  assert.equal((route as JsonObject)['ws_id'], workspace);
  assert.equal((service as JsonObject)['ws_id'], workspace);
});

test('the status of the upstream is text, and a number where the whole answer was read first', async () => {
  const { running, next } = await startSpied({
    needs_response: ({ request }) => request.path === '/whole',
    response: () => undefined,
  });
  await running.send('/');
  assert.equal((await next(1))['upstream_status'], '200');
  await running.send('/whole');
  assert.equal((await next(2))['upstream_status'], 200);
});

const CHANGES: readonly [what: string, key: string, value: Json | undefined, mode: 'set' | 'add' | 'replace', Json][] =
  [
    ['add, where nothing is', 'n.x', 1, 'add', { x: 1, old: 0 }],
    ['add, where something is', 'n.old', 1, 'add', { old: 0 }],
    ['replace, where something is', 'n.old', 1, 'replace', { old: 1 }],
    ['replace, where nothing is', 'n.x', 1, 'replace', { old: 0 }],
    ['replace by nothing', 'n.old', undefined, 'replace', {}],
    ['set', 'n.old', [1, { a: null }], 'set', { old: [1, { a: null }] }],
    ['set to nothing', 'n.old', undefined, 'set', {}],
    ['a dot of the name itself', 'n.a\\.b', true, 'set', { 'a.b': true, old: 0 }],
  ];

test('changes to the record', async () => {
  for (const [what, key, value, mode, expected] of CHANGES) {
    const { running, next } = await startSpied({
      access(exchange) {
        exchange.setLogValue('n', { old: 0 });
        exchange.setLogValue(key, value, mode);
      },
    });
    await running.send('/');
    assert.deepEqual((await next())['n'], expected, what);
    await running.close();
  }
});

test('replace makes no objects on the way to what is not there', async () => {
  const { running, next } = await startSpied({
    access: (exchange) => exchange.setLogValue('none.of.this', 1, 'replace'),
  });
  await running.send('/');
  assert.equal('none' in (await next()), false);
});

test('what is no JSON, and what leads through a text, is refused', async () => {
  const own: Record<string, unknown> = {};
  own['self'] = [own];
  const problems: string[] = [];
  const attempt = (run: () => void): void => {
    try {
      run();
    } catch (problem) {
      problems.push((problem as Error).message);
    }
  };
  const { running } = await startSpied({
    access(exchange) {
      attempt(() => exchange.setLogValue('a', own as unknown as Json));
      attempt(() => exchange.setLogValue('a', (() => 1) as unknown as Json));
      attempt(() => exchange.setLogValue('twice', [[1], [1]]));
    },
    log(exchange) {
      exchange.setLogValue('client_ip.x', 1);
      attempt(() => exchange.logRecord());
    },
  });
  await running.send('/');
  await until(() => problems.length === 3, 'the third problem');
  const refusal =
    'value must be nil, a number, string, boolean or a non-self-referencial table containing numbers, string and booleans';
  assert.deepEqual(problems, [
    refusal,
    refusal,
    "The key 'client_ip.x' could not be used as a serialize value. Subkey 'client_ip' is not a table. It's 127.0.0.1.",
  ]);
});

test('headers are those that were received and sent, with what says where a body ends', async () => {
  const { running, next } = await startSpied({
    access: ({ request }) => (request.path === '/own' ? exit(200, 'own') : undefined),
  });
  const headersOf = async (count: number) => {
    const { request, response } = (await next(count)) as { request: JsonObject; response: JsonObject };
    return [request['headers'] as JsonObject, response['headers'] as JsonObject] as const;
  };
  await running.send('/', { method: 'POST', body: 'four' });
  const [sent, answered] = await headersOf(1);
  assert.equal(sent['content-length'], '4');
  assert.deepEqual([answered['content-length'], answered['connection']], ['2', 'keep-alive']);
  const own = await running.send('/own', { method: 'POST', headers: { 'transfer-encoding': 'chunked' } });
  const [chunked, ours] = await headersOf(2);
  assert.deepEqual([chunked['transfer-encoding'], chunked['content-length']], ['chunked', undefined]);
  assert.deepEqual([ours['content-length'], ours['date']], ['3', own.headers['date']]);
});
