import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalCounters } from '../../src/gateway/environment/counters.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import type { AccessExchange, Environment } from '../../src/pdk/index.ts';
import { create } from '../../src/plugins/rate-limiting/handler.ts';
import { serve } from '../cli/serving.ts';
import { flood } from './flood.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';

const limiting = (config: JsonObject): PluginInput => ({ name: 'rate-limiting', config });

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  // A minute that ends during the test would begin to count anew.
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 3000) await sleep(left);
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

test('six a minute: five to none remain, then 429 until the minute is over', async () => {
  await withGateway({ plugins: [limiting({ minute: 6 })] }, async ({ send, echo }) => {
    for (let remaining = 5; remaining >= 0; remaining--) {
      const received = await send({});
      assert.equal(received.status, 200);
      assert.deepEqual(received.header('x-ratelimit-remaining-minute'), [String(remaining)]);
      assert.deepEqual(received.header('ratelimit-remaining'), [String(remaining)]);
      assert.deepEqual(received.header('retry-after'), []);
    }
    for (let i = 0; i < 3; i++) {
      const received = await send({});
      assert.equal(received.status, 429);
      assert.match(received.text, /"message":\s*"API rate limit exceeded"/);
      assert.deepEqual(received.header('x-ratelimit-limit-minute'), ['6']);
      assert.deepEqual(received.header('x-ratelimit-remaining-minute'), ['0']);
      const [retryAfter] = received.header('retry-after');
      assert.ok(Number(retryAfter) >= 1 && Number(retryAfter) <= 60);
      assert.deepEqual(received.header('ratelimit-reset'), [retryAfter]);
    }
    assert.equal(echo.requests.length, 6);
  });
});

test('requests that arrive together are all counted', async () => {
  await withGateway({ plugins: [limiting({ hour: 5 })] }, async ({ send }) => {
    const all = await Promise.all(Array.from({ length: 12 }, () => send({})));
    assert.equal(all.filter(({ status }) => status === 200).length, 5);
  });
});

test('the summary is of the period that runs out first', async () => {
  await withGateway({ plugins: [limiting({ minute: 6, hour: 99_999 })] }, async ({ send }) => {
    const received = await send({});
    assert.deepEqual(received.header('ratelimit-limit'), ['6']);
    assert.deepEqual(received.header('x-ratelimit-limit-hour'), ['99999']);
    assert.deepEqual(received.header('x-ratelimit-remaining-hour'), ['99998']);
  });
});

test('a second passes', async () => {
  await withGateway({ plugins: [limiting({ second: 1 })] }, async ({ send }) => {
    await sleep(1000 - (Date.now() % 1000) + 20);
    assert.equal((await send({})).status, 200);
    assert.equal((await send({})).status, 429);
    await sleep(1000 - (Date.now() % 1000) + 20);
    assert.equal((await send({})).status, 200);
  });
});

test('hide_client_headers hides all of them', async () => {
  const plugins = [limiting({ hour: 1, hide_client_headers: true })];
  await withGateway({ plugins }, async ({ send }) => {
    for (const status of [200, 429]) {
      const received = await send({});
      assert.equal(received.status, status);
      for (const name of ['x-ratelimit-limit-hour', 'x-ratelimit-remaining-hour', 'ratelimit-limit', 'retry-after']) {
        assert.deepEqual(received.header(name), [], name);
      }
    }
  });
});

test('limit_by service counts all routes of the service, credential each key', async () => {
  const routes = { a: ['/a'], b: ['/b'] };
  await withGateway({ routes, plugins: [limiting({ hour: 1, limit_by: 'service' })] }, async ({ send }) => {
    assert.equal((await send({ path: '/a' })).status, 200);
    assert.equal((await send({ path: '/b' })).status, 429);
  });
  const plugins = [{ name: 'key-auth' }, limiting({ hour: 1, limit_by: 'credential' })];
  await withGateway({ plugins, keys: { k1: 'bob', k2: 'bob' } }, async ({ send }) => {
    assert.equal((await send({ headers: { apikey: 'k1' } })).status, 200);
    assert.equal((await send({ headers: { apikey: 'k2' } })).status, 200);
    assert.equal((await send({ headers: { apikey: 'k1' } })).status, 429);
  });
});

test('limit_by path counts that path apart from all others', async () => {
  await withGateway({ plugins: [limiting({ hour: 1, limit_by: 'path', path: '/one' })] }, async ({ send }) => {
    assert.equal((await send({ path: '/one?x=1' })).status, 200);
    assert.equal((await send({ path: '/two' })).status, 200);
    assert.equal((await send({ path: '/one' })).status, 429);
    assert.equal((await send({ path: '/one/more' })).status, 429);
  });
});

test('limit_by ip does not care who the consumer is', async () => {
  const plugins = [{ name: 'key-auth' }, limiting({ hour: 1, limit_by: 'ip' })];
  await withGateway({ plugins, keys: { k1: 'bob', k2: 'ann' } }, async ({ send }) => {
    assert.equal((await send({ headers: { apikey: 'k1' } })).status, 200);
    assert.equal((await send({ headers: { apikey: 'k2' } })).status, 429);
  });
});

test('a very long header value is one identity like any other', async () => {
  const plugins = [limiting({ hour: 1, limit_by: 'header', header_name: 'x-tenant' })];
  await withGateway({ plugins }, async ({ send }) => {
    const value = 'a'.repeat(4000);
    assert.equal((await send({ headers: { 'x-tenant': value } })).status, 200);
    assert.equal((await send({ headers: { 'x-tenant': `${value}b` } })).status, 200);
    assert.equal((await send({ headers: { 'x-tenant': value } })).status, 429);
  });
});

test('counters that cannot be reached are told once, and nothing is counted', async () => {
  const redis = (fault_tolerant: boolean): PluginInput =>
    limiting({ hour: 1, policy: 'redis', redis: { host: '127.0.0.1', port: 1 }, fault_tolerant });
  await withGateway({ plugins: [redis(true)] }, async ({ send, logs }) => {
    for (let i = 0; i < 3; i++) {
      const received = await send({});
      assert.equal(received.status, 200);
      assert.deepEqual(received.header('x-ratelimit-limit-hour'), []);
    }
    assert.equal(logs.filter((line) => line.includes('failed to get usage')).length, 1);
  });
  await withGateway({ plugins: [redis(false)] }, async ({ send, echo }) => {
    assert.equal((await send({})).status, 500);
    assert.equal(echo.requests.length, 0);
  });
});

test('an error_code that is no error answers 500 and says so at once', async () => {
  await withGateway({ plugins: [limiting({ hour: 1, error_code: 200 })] }, async ({ send, logs }) => {
    await send({});
    assert.equal((await send({})).status, 500);
    assert.equal(logs.filter((line) => line.includes('error_code 200')).length, 1);
  });
});

test('10 000 requests over 64 connections against a limit of 1000: 1000 pass', async () => {
  await withGateway({ plugins: [limiting({ hour: 1000 })] }, async ({ gateway, echo }) => {
    const { port } = gateway.addresses[0]!;
    const statuses = await flood(port, { requests: 10_000, connections: 64 });
    assert.deepEqual([statuses.get(200), statuses.get(429)], [1000, 9000]);
    assert.equal(echo.requests.length, 1000);
  });
});

test('a node without a database does not offer to count in one', async () => {
  for (const [workers, ...mode] of [['1', '--db-less'], ['2', '--db-less'], ['1']]) {
    const { admin, child } = await serve([...mode, '--workers', workers!, '--proxy-access-log', 'off']);
    const { fields } = (await (await fetch(`${admin}/schemas/plugins/rate-limiting`)).json()) as {
      fields: { config?: { fields: Record<string, { one_of?: string[] }>[] } }[];
    };
    const config = fields.find((field) => field.config !== undefined)!.config!.fields;
    const policies = config.find((field) => field['policy'] !== undefined)!['policy']!.one_of;
    assert.deepEqual(policies, mode.length === 0 ? ['local', 'cluster', 'redis'] : ['local', 'redis']);
    if (mode.length > 0) {
      const plugin = { name: 'rate-limiting', config: { minute: 5, policy: 'cluster' } };
      const response = await fetch(`${admin}/config`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ _format_version: '3.0', plugins: [plugin] }),
      });
      assert.equal(response.status, 400);
      assert.match(await response.text(), /expected one of: local, redis/);
    }
    child.kill('SIGKILL');
  }
});

// From here on without HTTP: the clock is the test's.

const NULLS = {
  second: null,
  minute: null,
  hour: null,
  day: null,
  month: null,
  year: null,
  header_name: null,
  path: null,
};

function instance(config: JsonObject, scope: { route?: string; service?: string } = {}) {
  const clock = { time: Date.parse('2024-03-31T23:59:50.500Z'), now: () => clock.time };
  const counters = new LocalCounters(clock);
  const keys: string[] = [];
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const environment = {
    log: silent,
    clock,
    counters: {
      open: (key: string, ttl: number) => {
        keys.push(key);
        return counters.open(key, ttl);
      },
    },
    instance: { id: 'x', route: scope.route, service: scope.service, consumer: undefined },
  } as unknown as Environment;
  const full = { ...NULLS, policy: 'local', limit_by: 'ip', error_code: 429, hide_client_headers: false, ...config };
  const phases = create(full as never, environment);
  const call = () => {
    const headers = new Map<string, string>();
    const response = { setHeader: (name: string, value: string) => headers.set(name, value) };
    const answer = phases.access!({ client: { ip: '10.0.0.1' }, response } as unknown as AccessExchange);
    return { isRefused: answer !== undefined, headers };
  };
  return { clock, keys, call, close: () => counters.close() };
}

test('counters are named by scope, identity, window and period', () => {
  const zero = '00000000-0000-0000-0000-000000000000';
  const global = instance({ minute: 5, month: 9 });
  global.call();
  assert.deepEqual(global.keys, [
    `ratelimit:${zero}:${zero}:10.0.0.1:${Date.parse('2024-03-31T23:59:00Z')}:minute`,
    `ratelimit:${zero}:${zero}:10.0.0.1:${Date.parse('2024-03-01T00:00:00Z')}:month`,
  ]);
  global.close();
  const scoped = instance({ day: 5 }, { route: 'r1', service: 's1' });
  scoped.call();
  assert.deepEqual(scoped.keys, [`ratelimit:r1:s1:10.0.0.1:${Date.parse('2024-03-31T00:00:00Z')}:day`]);
  scoped.close();
});

test('a new window counts from nothing, and a clock set back finds its window again', () => {
  const { clock, call, close } = instance({ minute: 1 });
  assert.equal(call().isRefused, false);
  assert.equal(call().isRefused, true);
  clock.time += 10_000;
  assert.equal(call().isRefused, false);
  assert.equal(call().isRefused, true);
  clock.time -= 10_000;
  assert.equal(call().isRefused, true);
  close();
});

test('a refused request is not counted in any period', () => {
  const { clock, call, close } = instance({ minute: 1, hour: 2, day: 5 });
  assert.equal(call().isRefused, false);
  for (let i = 0; i < 5; i++) {
    const { isRefused, headers } = call();
    assert.equal(isRefused, true);
    assert.equal(headers.get('X-RateLimit-Remaining-Minute'), '0');
    assert.equal(headers.get('X-RateLimit-Remaining-Hour'), '1');
    assert.equal(headers.get('X-RateLimit-Remaining-Day'), '4');
    assert.equal(headers.get('Retry-After'), '10');
  }
  clock.time -= 60_000;
  const { isRefused, headers } = call();
  assert.equal(isRefused, false);
  assert.equal(headers.get('X-RateLimit-Remaining-Hour'), '0');
  close();
});

test('with several periods used up the longest says when to come back', () => {
  const { clock, call, close } = instance({ minute: 1, hour: 1 });
  clock.time = Date.parse('2024-03-31T10:00:10Z');
  call();
  const { headers } = call();
  assert.equal(headers.get('RateLimit-Limit'), '1');
  assert.equal(headers.get('Retry-After'), '3590');
  close();
});

test('limits may be fractions', () => {
  const { call, close } = instance({ hour: 1.5 });
  assert.equal(call().headers.get('X-RateLimit-Remaining-Hour'), '0.5');
  assert.equal(call().isRefused, false);
  assert.equal(call().isRefused, true);
  close();
});

test('a month of 31 days never promises a reset in the past', () => {
  const { call, close } = instance({ month: 1 });
  assert.equal(call().headers.get('RateLimit-Reset'), '1');
  close();
});
