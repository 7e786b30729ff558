// rate-limiting and response-ratelimiting with their counters in a real Redis.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/lib/json.ts';
import { serve } from '../cli/serving.ts';
import { flood } from './flood.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';
import { freePort, type RedisServer, redisMissing, startRedis } from './redis-server.ts';

const missing = redisMissing();

describe('counters in Redis', { skip: missing ?? false }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await startRedis();
  });
  after(() => redis.stop());

  const limiting = (config: JsonObject, connection: JsonObject = {}): PluginInput => ({
    name: 'rate-limiting',
    config: { policy: 'redis', redis: { host: '127.0.0.1', port: redis.port, ...connection }, ...config },
  });

  async function beginToCount(): Promise<void> {
    redis.command('flushall');
    // A minute that ends during the test would begin to count anew.
    const left = 60_000 - (Date.now() % 60_000);
    if (left < 8000) await sleep(left);
  }

  async function withGateways(count: number, setUp: SetUp, run: (running: Running[]) => Promise<void>): Promise<void> {
    await beginToCount();
    const running = await Promise.all(Array.from({ length: count }, () => start(setUp)));
    try {
      await run(running);
    } finally {
      await Promise.all(running.map((one) => one.close()));
    }
  }
  const withGateway = (setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> =>
    withGateways(1, setUp, ([one]) => run(one!));

  test('counts down and refuses, and a refused request is not counted', async () => {
    await withGateway({ plugins: [limiting({ minute: 2, hour: 5 })] }, async ({ send, echo }) => {
      const first = await send({});
      assert.equal(first.status, 200);
      assert.deepEqual(first.header('x-ratelimit-remaining-minute'), ['1']);
      assert.deepEqual(first.header('x-ratelimit-remaining-hour'), ['4']);
      assert.equal((await send({})).status, 200);
      for (let i = 0; i < 3; i++) {
        const refused = await send({});
        assert.equal(refused.status, 429);
        assert.deepEqual(refused.header('x-ratelimit-remaining-minute'), ['0']);
        assert.deepEqual(refused.header('x-ratelimit-remaining-hour'), ['3']);
        assert.ok(Number(refused.header('retry-after')[0]) <= 60);
      }
      assert.equal(echo.requests.length, 2);
      const zero = '00000000-0000-0000-0000-000000000000';
      const window = Date.now() - (Date.now() % 60_000);
      const key = `ratelimit:${zero}:${zero}:127.0.0.1:${window}:minute`;
      assert.equal(redis.command('get', key), '2');
      const seconds = Number(redis.command('ttl', key));
      assert.ok(seconds > 0 && seconds <= 60, `lives for ${seconds} s`);
    });
  });

  test('two nodes share a limit', async () => {
    await withGateways(2, { plugins: [limiting({ hour: 3 })] }, async ([a, b]) => {
      const statuses: number[] = [];
      for (const node of [a!, b!, a!, b!, a!]) statuses.push((await node.send({})).status);
      assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
    });
  });

  test('10 000 requests over 64 connections against a limit of 1000: 1000 pass', async () => {
    await withGateways(2, { plugins: [limiting({ hour: 1000 })] }, async (nodes) => {
      const ports = nodes.map(({ gateway }) => gateway.addresses[0]!.port);
      const [one, other] = await Promise.all(ports.map((port) => flood(port, { requests: 5000, connections: 32 })));
      const sum = (status: number): number => (one!.get(status) ?? 0) + (other!.get(status) ?? 0);
      assert.deepEqual([sum(200), sum(429)], [1000, 9000]);
    });
  });

  for (const workers of ['1', '2']) {
    test(`a program with --workers ${workers} passes exactly that, too`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'gwctl-redis-'));
      const file = join(folder, 'state.json');
      const answers = { name: 'request-termination', config: { status_code: 200 } };
      const route = { name: 'r', paths: ['/get'], plugins: [limiting({ hour: 1000 }), answers] };
      await writeFile(file, JSON.stringify({ _format_version: '3.0', routes: [route] }));
      await beginToCount();
      const { proxy, child } = await serve([file, '--workers', workers, '--proxy-access-log', 'off']);
      try {
        const statuses = await flood(Number(new URL(proxy).port), { requests: 10_000, connections: 64 });
        assert.deepEqual([statuses.get(200), statuses.get(429)], [1000, 9000]);
      } finally {
        child.kill('SIGKILL');
        await rm(folder, { recursive: true });
      }
    });
  }

  test('a database and a login', async () => {
    redis.command('acl', 'setuser', 'gate', 'on', '>sesame', '~ratelimit:*', '+@all');
    const connection = { database: 3, username: 'gate', password: 'sesame' };
    await withGateway({ plugins: [limiting({ hour: 1 }, connection)] }, async ({ send }) => {
      assert.equal((await send({})).status, 200);
      assert.equal((await send({})).status, 429);
      assert.equal(redis.command('-n', '3', 'dbsize'), '1');
      assert.equal(redis.command('dbsize'), '0');
    });
  });

  test('a refused login is an error of the counters, not of the caller', async () => {
    const plugins = [limiting({ hour: 1, fault_tolerant: false }, { username: 'gate', password: 'wrong' })];
    await withGateway({ plugins }, async ({ send, logs }) => {
      const received = await send({});
      assert.equal(received.status, 500);
      assert.match(received.text, /An unexpected error occurred/);
      assert.equal(logs.filter((line) => line.includes('failed to get usage')).length, 1);
      assert.equal(
        logs.some((line) => line.includes('wrong')),
        false,
        'the password is not logged',
      );
    });
  });

  test('while Redis is away requests pass, or get 500; when it is back they are counted', async () => {
    const plugins = [limiting({ hour: 2 })];
    await withGateway({ plugins }, async ({ send }) => {
      assert.equal((await send({})).status, 200);
      await redis.stop();
      for (let i = 0; i < 3; i++) {
        const received = await send({});
        assert.equal(received.status, 200);
        assert.deepEqual(received.header('x-ratelimit-limit-hour'), []);
      }
      await redis.start();
      await sleep(600);
      assert.equal((await send({})).status, 200);
      assert.equal((await send({})).status, 200);
      assert.equal((await send({})).status, 429);
    });
    await withGateway({ plugins: [limiting({ hour: 2, fault_tolerant: false })] }, async ({ send, echo }) => {
      await redis.stop();
      assert.equal((await send({})).status, 500);
      assert.equal(echo.requests.length, 0);
      await redis.start();
    });
  });

  test('a Redis that hangs costs no more than its timeout, and then nothing for a while', async () => {
    await withGateway({ plugins: [limiting({ hour: 9 }, { timeout: 300 })] }, async ({ send }) => {
      assert.equal((await send({})).status, 200);
      redis.pause();
      try {
        const startedAt = performance.now();
        assert.equal((await send({})).status, 200);
        const first = performance.now() - startedAt;
        assert.equal((await send({})).status, 200);
        const both = performance.now() - startedAt;
        assert.ok(first >= 250 && first < 1500, `waited ${first} ms`);
        assert.ok(both - first < 250, `then ${both - first} ms`);
      } finally {
        redis.resume();
      }
    });
  });

  test('over TLS, and only to a server whose certificate is valid when that is asked for', async () => {
    const pem = (name: string): string => fileURLToPath(new URL(`../../fixtures/schema/${name}.pem`, import.meta.url));
    const port = await freePort();
    const pair = ['--tls-cert-file', pem('cert-rsa'), '--tls-key-file', pem('key-rsa')];
    const secure = await startRedis(['--tls-port', String(port), ...pair, '--tls-auth-clients', 'no']);
    try {
      const tls = { port, ssl: true };
      await withGateway({ plugins: [limiting({ hour: 1 }, tls)] }, async ({ send }) => {
        assert.equal((await send({})).status, 200);
        assert.equal((await send({})).status, 429);
        assert.equal(secure.command('dbsize'), '1');
      });
      const plugins = [limiting({ hour: 1, fault_tolerant: false }, { ...tls, ssl_verify: true })];
      await withGateway({ plugins }, async ({ send, logs }) => {
        assert.equal((await send({})).status, 500);
        assert.ok(
          logs.some((line) => /certificate/.test(line)),
          logs.join(),
        );
      });
    } finally {
      await secure.stop();
    }
  });

  test('sync_rate: Redis is told now and then, and nodes learn of each other', async () => {
    await withGateways(2, { plugins: [limiting({ hour: 4, sync_rate: 0.2 })] }, async ([a, b]) => {
      for (let i = 0; i < 2; i++) assert.equal((await a!.send({})).status, 200);
      const other = await b!.send({});
      assert.deepEqual(other.header('x-ratelimit-remaining-hour'), ['3'], 'b has not heard of a');
      await sleep(500);
      const [key] = redis.command('keys', '*:hour').split('\n');
      assert.equal(redis.command('get', key!), '3');
      assert.deepEqual((await a!.send({})).header('x-ratelimit-remaining-hour'), ['0']);
      assert.equal((await a!.send({})).status, 429);
      await sleep(500);
      assert.equal((await b!.send({})).status, 429);
    });
  });

  test('response-ratelimiting: two nodes share what is used, and it lives as long as its period', async () => {
    const plugin = {
      name: 'response-ratelimiting',
      config: { policy: 'redis', redis: { host: '127.0.0.1', port: redis.port }, limits: { video: { minute: 3 } } },
    };
    await withGateways(2, { plugins: [plugin] }, async ([a, b]) => {
      const use = '/response-headers?x-kong-limit=video%3D1';
      const answers = [];
      for (const node of [a!, b!, a!, b!]) {
        answers.push(await node.send({ path: use }));
        await sleep(30);
      }
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 429],
      );
      assert.deepEqual(answers[2]!.header('x-ratelimit-remaining-video-minute'), ['0']);
      const [key, ...others] = redis.command('keys', '*').split('\n');
      assert.deepEqual(others, []);
      assert.match(key!, /^ratelimit:[0-9a-f-]{36}:[0-9a-f-]{36}:127\.0\.0\.1:\d+:video:minute$/);
      assert.equal(redis.command('get', key!), '3');
      const seconds = Number(redis.command('ttl', key!));
      assert.ok(seconds > 0 && seconds <= 60, `lives for ${seconds} s`);
    });
  });

  test('response-ratelimiting: parallel answers of two nodes use no more than the limit, whole and in parts', async () => {
    const plugin = {
      name: 'response-ratelimiting',
      config: {
        policy: 'redis',
        redis: { host: '127.0.0.1', port: redis.port },
        limits: { a: { hour: 50 }, b: { day: 400 } },
      },
    };
    await withGateways(2, { plugins: [plugin] }, async (nodes) => {
      const path = '/response-headers?x-kong-limit=a%3D0.5,b%3D2';
      const ports = nodes.map(({ gateway }) => gateway.addresses[0]!.port);
      const [one, other] = await Promise.all(
        ports.map((port) => flood(port, { requests: 300, connections: 32, path })),
      );
      const sum = (status: number): number => (one!.get(status) ?? 0) + (other!.get(status) ?? 0);
      assert.deepEqual([sum(200), sum(429)], [100, 500]);
      const counts = redis
        .command('keys', '*')
        .split('\n')
        .map((key) => redis.command('get', key));
      assert.deepEqual(counts.sort(), ['200', '50'], 'a 429 counts nothing for the other name');
    });
  });
});
