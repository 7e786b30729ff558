// rate-limiting and response-ratelimiting with their counters in the database that nodes share, a real PostgreSQL.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSchemas } from '../../src/entities/registry.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { PostgresCounters } from '../../src/store/postgres/counters.ts';
import { openPostgresStore } from '../../src/store/postgres/open.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../store/postgres-server.ts';
import { flood } from './flood.ts';
import { type PluginInput, type Running, start } from './gateway-fixture.ts';

const found = findPostgres();

describe('counters in PostgreSQL', { skip: 'missing' in found ? found.missing : false }, () => {
  let server: PostgresServer;
  before(async () => {
    assert.ok('binaries' in found);
    server = await startPostgres(found.binaries);
  });
  after(() => server.remove());

  const limiting = (config: PluginInput['config'] = {}): PluginInput => ({
    name: 'rate-limiting',
    config: { policy: 'cluster', ...config },
  });

  async function withNodes(count: number, plugins: readonly PluginInput[], run: (nodes: Running[]) => Promise<void>) {
    const left = 60_000 - (Date.now() % 60_000);
    if (left < 8000) await sleep(left);
    const address = await server.createDatabase();
    const counters = Array.from({ length: count }, () => new PostgresCounters(address));
    const nodes = await Promise.all(counters.map((each) => start({ plugins, counters: each })));
    try {
      await run(nodes);
    } finally {
      for (const node of nodes) await node.close();
      for (const each of counters) await each.close();
    }
  }

  test('a store that nodes share has counters', async () => {
    const store = await openPostgresStore({
      address: await server.createDatabase(),
      schemas: createSchemas(bundledPlugins),
    });
    assert.deepEqual(await store.counters.read(['k']), [0]);
    await store.close();
    await assert.rejects(store.counters.read(['k']));
  });

  test('two nodes share a limit, and a refused request is not counted', async () => {
    await withNodes(2, [limiting({ minute: 3, hour: 10 })], async ([a, b]) => {
      const answers = [];
      for (const node of [a!, b!, a!, b!, a!]) answers.push(await node.send({}));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 429, 429],
      );
      assert.deepEqual(answers[2]!.header('x-ratelimit-remaining-minute'), ['0']);
      assert.deepEqual(answers[4]!.header('x-ratelimit-remaining-hour'), ['7']);
    });
  });

  test('10 000 requests over 64 connections against a limit of 1000: 1000 pass', async () => {
    await withNodes(2, [limiting({ hour: 1000 })], async (nodes) => {
      const ports = nodes.map(({ gateway }) => gateway.addresses[0]!.port);
      const [one, other] = await Promise.all(ports.map((port) => flood(port, { requests: 5000, connections: 32 })));
      const sum = (status: number): number => (one!.get(status) ?? 0) + (other!.get(status) ?? 0);
      assert.deepEqual([sum(200), sum(429)], [1000, 9000]);
    });
  });

  test('response-ratelimiting: parallel answers of two nodes use no more than the limit', async () => {
    const plugin = { name: 'response-ratelimiting', config: { policy: 'cluster', limits: { video: { hour: 100 } } } };
    await withNodes(2, [plugin], async (nodes) => {
      const path = '/response-headers?x-kong-limit=video%3D1';
      const ports = nodes.map(({ gateway }) => gateway.addresses[0]!.port);
      const [one, other] = await Promise.all(
        ports.map((port) => flood(port, { requests: 300, connections: 32, path })),
      );
      const sum = (status: number): number => (one!.get(status) ?? 0) + (other!.get(status) ?? 0);
      assert.deepEqual([sum(200), sum(429)], [100, 500]);
    });
  });

  test('response-ratelimiting counts there, too', async () => {
    const plugin = { name: 'response-ratelimiting', config: { policy: 'cluster', limits: { video: { minute: 2 } } } };
    await withNodes(2, [plugin], async ([a, b]) => {
      const statuses = [];
      for (const node of [a!, b!, a!]) {
        statuses.push((await node.send({ path: '/response-headers?x-kong-limit=video%3D1' })).status);
        await sleep(50);
      }
      assert.deepEqual(statuses, [200, 200, 429]);
    });
  });

  test('while the database is away requests pass, or get 500', async () => {
    await withNodes(1, [limiting({ hour: 2 })], async ([node]) => {
      assert.equal((await node!.send({})).status, 200);
      await server.stop();
      try {
        const received = await node!.send({});
        assert.equal(received.status, 200);
        assert.deepEqual(received.header('x-ratelimit-limit-hour'), []);
        assert.equal(node!.logs.filter((line) => line.includes('failed to get usage')).length, 1);
      } finally {
        await server.start();
      }
    });
    await withNodes(1, [limiting({ hour: 2, fault_tolerant: false })], async ([node]) => {
      await server.stop();
      try {
        assert.equal((await node!.send({})).status, 500);
      } finally {
        await server.start();
      }
    });
  });

  test('a counter ends with its time', async () => {
    const counters = new PostgresCounters(await server.createDatabase());
    try {
      assert.deepEqual(await counters.takeOne([{ key: 'k', limit: 1, seconds: 1 }]), [0]);
      assert.deepEqual(await counters.takeOne([{ key: 'k', limit: 1, seconds: 1 }]), [1]);
      assert.deepEqual(await counters.read(['k', 'other']), [1, 0]);
      await sleep(1100);
      assert.deepEqual(await counters.read(['k']), [0]);
      assert.deepEqual(await counters.takeOne([{ key: 'k', limit: 1, seconds: 1 }]), [0]);
      assert.deepEqual(await counters.add([{ key: 'k', amount: 2.5, seconds: 1 }]), [3.5]);
    } finally {
      await counters.close();
    }
  });

  test('jobs that come together are judged one after the other', async () => {
    const counters = new PostgresCounters(await server.createDatabase());
    try {
      const takes = Array.from({ length: 50 }, () => counters.takeOne([{ key: 'k', limit: 20, seconds: 60 }]));
      const seen = (await Promise.all(takes)).map(([count]) => count!);
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        Array.from({ length: 50 }, (_, i) => Math.min(i, 20)),
      );
    } finally {
      await counters.close();
    }
  });
});
