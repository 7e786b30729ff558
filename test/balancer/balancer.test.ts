import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { UpstreamHealth } from '../../src/admin/node.ts';
import type { HealthChange, Peer } from '../../src/gateway/balancer/balancer.ts';
import { BalancerRegistry, type RegistryOptions } from '../../src/gateway/balancer/registry.ts';
import { NameAnswer } from '../../src/gateway/dns/answer.ts';
import { answerOf, target, type UpstreamChanges, until, upstream } from './rig.ts';

const PASSIVE: UpstreamChanges = { passive: { unhealthy: { http_failures: 1, tcp_failures: 1, timeouts: 1 } } };

function registryFor(t: TestContext, options: Partial<RegistryOptions> = {}): BalancerRegistry {
  const registry = new BalancerRegistry({ resolve: () => Promise.reject(new Error('no DNS here')), ...options });
  t.after(() => registry.close());
  return registry;
}

const keys = (peers: readonly (Peer | undefined)[]): (string | undefined)[] => peers.map((peer) => peer?.key);

describe('picking', () => {
  test('peers carry the address, the name and the target', (t) => {
    const find = registryFor(t).update([
      { upstream: upstream(), targets: [target('127.0.0.1:81'), target('[::1]:82')] },
    ]);
    const balancer = find('u')!;
    const both = [balancer.pick()!, balancer.pick()!].sort((a, b) => a.port - b.port);
    assert.deepEqual(
      both.map(({ address, port, hostname, targetId, key }) => ({ address, port, hostname, targetId, key })),
      [
        { address: '127.0.0.1', port: 81, hostname: '127.0.0.1', targetId: 't-127.0.0.1:81', key: '127.0.0.1:81' },
        { address: '::1', port: 82, hostname: '[::1]', targetId: 't-[::1]:82', key: '[::1]:82' },
      ],
    );
    assert.equal(find('other'), undefined);
  });

  test('a weight of 0 is never picked, and alone it leaves nobody', (t) => {
    const registry = registryFor(t);
    const some = registry.update([
      { upstream: upstream(), targets: [target('10.0.0.1:80', 0), target('10.0.0.2:80', 7)] },
    ]);
    for (let i = 0; i < 10; i++) assert.equal(some('u')!.pick()!.key, '10.0.0.2:80');
    const none = registry.update([{ upstream: upstream(), targets: [target('10.0.0.1:80', 0)] }]);
    assert.equal(none('u')!.pick(), undefined);
  });

  test('without targets there is nobody', (t) => {
    assert.equal(
      registryFor(t)
        .update([{ upstream: upstream(), targets: [] }])('u')!
        .pick(),
      undefined,
    );
  });

  for (const algorithm of ['round-robin', 'consistent-hashing', 'least-connections']) {
    test(`${algorithm}: a retry goes to a peer that was not tried, until all were`, (t) => {
      const targets = [target('10.0.0.1:80', 300), target('10.0.0.2:80'), target('10.0.0.3:80')];
      const balancer = registryFor(t).update([{ upstream: upstream({ algorithm }), targets }])('u')!;
      const tried: Peer[] = [];
      for (let i = 0; i < 6; i++) tried.push(balancer.pick(tried, 77)!);
      assert.equal(new Set(keys(tried.slice(0, 3))).size, 3);
      assert.equal(new Set(keys(tried.slice(3))).size, 3);
    });
  }

  test('latency: a retry goes to a peer that was not tried, and to nobody when all were', (t) => {
    const targets = [target('10.0.0.1:80', 300), target('10.0.0.2:80'), target('10.0.0.3:80')];
    const balancer = registryFor(t).update([{ upstream: upstream({ algorithm: 'latency' }), targets }])('u')!;
    const tried: Peer[] = [];
    for (let i = 0; i < 3; i++) tried.push(balancer.pick(tried)!);
    assert.equal(new Set(keys(tried)).size, 3);
    assert.equal(balancer.pick(tried), undefined);
  });

  for (const algorithm of ['round-robin', 'consistent-hashing', 'least-connections', 'latency']) {
    test(`${algorithm}: an unhealthy peer is passed over, by retries too`, (t) => {
      const targets = [target('10.0.0.1:80'), target('10.0.0.2:80')];
      const balancer = registryFor(t).update([{ upstream: upstream({ ...PASSIVE, algorithm }), targets }])('u')!;
      assert.equal(balancer.setHealth('t-10.0.0.1:80', undefined, false), true);
      const first = balancer.pick([], 5)!;
      assert.equal(first.key, '10.0.0.2:80');
      assert.equal(balancer.pick([first], 5)?.key, algorithm === 'latency' ? undefined : '10.0.0.2:80');
    });
  }

  test('latency: the quicker peer gets the requests', (t) => {
    const targets = [target('10.0.0.1:80'), target('10.0.0.2:80')];
    const balancer = registryFor(t).update([{ upstream: upstream({ algorithm: 'latency' }), targets }])('u')!;
    const first = balancer.pick()!;
    const second = balancer.pick([first])!;
    balancer.release(first, 500);
    balancer.release(second, 1);
    for (let i = 0; i < 5; i++) assert.equal(balancer.pick()!.key, second.key);
  });
});

describe('passive health', () => {
  const one = (changes: UpstreamChanges) => ({
    upstream: upstream(changes),
    targets: [target('10.0.0.1:80'), target('10.0.0.2:80')],
  });

  test('a status of the list, a failed connection and a timeout each count against their own limit', (t) => {
    for (const outcome of [{ status: 500 }, { failure: 'tcp' }, { failure: 'timeout' }] as const) {
      const balancer = registryFor(t).update([one(PASSIVE)])('u')!;
      const bad = balancer.pick()!;
      balancer.report(bad, { status: 404 });
      balancer.report(bad, outcome);
      for (let i = 0; i < 4; i++) assert.notEqual(balancer.pick()!.key, bad.key);
    }
  });

  test('limits of 0 never judge', (t) => {
    const balancer = registryFor(t).update([one({})])('u')!;
    for (let i = 0; i < 20; i++) balancer.report(balancer.pick()!, { failure: 'tcp' });
    assert.equal(new Set(keys([balancer.pick(), balancer.pick()])).size, 2);
  });

  test('below the threshold the whole upstream is down, and back when enough is', (t) => {
    const changes: HealthChange[] = [];
    const registry = registryFor(t, { onHealthChange: (change) => changes.push(change) });
    const balancer = registry.update([one({ ...PASSIVE, threshold: 55 })])('u')!;
    balancer.report(balancer.pick()!, { failure: 'tcp' });
    assert.equal(balancer.pick(), undefined);
    assert.deepEqual(
      changes.map(({ kind, isHealthy, peer }) => [kind, isHealthy, peer === undefined]),
      [
        ['changed', false, false],
        ['changed', false, true],
      ],
    );
    assert.equal(changes[1]!.text, 'balancer u reported health status changed to UNHEALTHY');
    for (const { data } of registry.targets('id-of-u').values()) {
      registry.setTarget('id-of-u', `t-${data.host}:${data.port}`, undefined, true);
    }
    assert.ok(balancer.pick() !== undefined);
  });

  test('counting up is told too, with how far it is', (t) => {
    const texts: string[] = [];
    const registry = registryFor(t, { onHealthChange: ({ text }) => texts.push(text) });
    const balancer = registry.update([
      { upstream: upstream({ passive: { unhealthy: { tcp_failures: 2 } } }), targets: [target('10.0.0.1:80')] },
    ])('u')!;
    balancer.report(balancer.pick()!, { failure: 'tcp' });
    assert.deepEqual(texts, ["unhealthy TCP increment (1/2) for '10.0.0.1(10.0.0.1:80)'"]);
  });
});

describe('names of targets', () => {
  test('localhost is 127.0.0.1 without asking', (t) => {
    const balancer = registryFor(t).update([{ upstream: upstream(), targets: [target('localhost:81')] }])('u')!;
    assert.deepEqual([balancer.pick()!.address, balancer.pick()!.hostname], ['127.0.0.1', 'localhost']);
  });

  test('every address has the whole weight of the target', async (t) => {
    const registry = registryFor(t, {
      resolve: async (name) => (name === 'two.test' ? answerOf('10.1.0.1', '10.1.0.2') : answerOf('10.2.0.1')),
    });
    const balancer = registry.update([
      { upstream: upstream(), targets: [target('two.test:80', 10), target('one.test:80', 10)] },
    ])('u')!;
    assert.equal(balancer.pick(), undefined);
    await balancer.pending;
    assert.equal(balancer.pending, undefined);
    assert.deepEqual(balancer.weight, { total: 30, available: 30, unavailable: 0 });
    const seen = keys(Array.from({ length: 3 }, () => balancer.pick()));
    assert.deepEqual(seen.sort(), ['10.1.0.1:80', '10.1.0.2:80', '10.2.0.1:80']);
  });

  test('addresses known at once serve at once', (t) => {
    const registry = registryFor(t, { resolve: () => answerOf('10.1.0.1') });
    const balancer = registry.update([{ upstream: upstream(), targets: [target('a.test:80')] }])('u')!;
    assert.equal(balancer.pending, undefined);
    assert.equal(balancer.pick()!.key, '10.1.0.1:80');
  });

  test('a name that cannot be resolved is a DNS_ERROR until it can', async (t) => {
    let answer: () => Promise<NameAnswer> = () => Promise.reject(new Error('server failure'));
    const registry = registryFor(t, { resolve: () => answer(), refreshMs: 10 });
    const balancer = registry.update([
      { upstream: upstream(PASSIVE), targets: [target('a.test:80'), target('10.0.0.1:80')] },
    ])('u')!;
    await balancer.pending;
    const row = registry.targets('id-of-u').get('t-a.test:80')!;
    assert.equal(row.health, 'DNS_ERROR');
    assert.equal(row.data.dns, 'server failure');
    assert.equal(balancer.weight.total, 100);
    assert.equal(balancer.pick()!.key, '10.0.0.1:80');
    answer = async () => answerOf('10.1.0.1');
    await until(() => balancer.weight.total === 200, 'the name resolves');
    assert.equal(registry.targets('id-of-u').get('t-a.test:80')!.health, 'HEALTHY');
  });

  test('when records change, addresses that stay keep their verdict', async (t) => {
    let answer = ['10.1.0.1', '10.1.0.2'];
    const registry = registryFor(t, { resolve: async () => answerOf(...answer), refreshMs: 10 });
    const balancer = registry.update([{ upstream: upstream(PASSIVE), targets: [target('a.test:80')] }])('u')!;
    await balancer.pending;
    registry.setTarget('id-of-u', 't-a.test:80', '10.1.0.1', false);
    answer = ['10.1.0.1', '10.1.0.3'];
    await until(() => balancer.addresses().some(({ address }) => address === '10.1.0.3'), 'the new address is known');
    assert.deepEqual(keys([balancer.pick(), balancer.pick()]), ['10.1.0.3:80', '10.1.0.3:80']);
  });
});

describe('targets with SRV records', () => {
  const records = new NameAnswer(
    [
      { address: '10.1.0.1', port: 8001, weight: 3, name: 'one.test' },
      { address: '10.1.0.2', port: undefined, weight: 1, name: 'two.test' },
    ],
    'SRV',
  );

  test('take port and weight from the records, the port of the target where a record has none', (t) => {
    const registry = registryFor(t, { resolve: () => records });
    const balancer = registry.update([{ upstream: upstream(), targets: [target('_web._tcp.test:80', 7)] }])('u')!;
    const picks = Array.from({ length: 4 }, () => balancer.pick()!);
    assert.deepEqual(keys(picks).sort(), ['10.1.0.1:8001', '10.1.0.1:8001', '10.1.0.1:8001', '10.1.0.2:80']);
    assert.deepEqual([...new Set(picks.map(({ hostname }) => hostname))], ['_web._tcp.test']);
    assert.equal(registry.targets('id-of-u').get('t-_web._tcp.test:80')!.data.dns, 'SRV');
  });

  test('are called by the names of the records with use_srv_name', (t) => {
    const registry = registryFor(t, { resolve: () => records });
    const config = upstream({ use_srv_name: true });
    const balancer = registry.update([{ upstream: config, targets: [target('_web._tcp.test:80')] }])('u')!;
    assert.deepEqual(
      balancer.addresses().map(({ hostname, weight }) => [hostname, weight]),
      [
        ['one.test', 3],
        ['two.test', 1],
      ],
    );
  });

  test('of weight 0 get nothing, whatever the records say', (t) => {
    const registry = registryFor(t, { resolve: () => records });
    const balancer = registry.update([{ upstream: upstream(), targets: [target('_web._tcp.test:80', 0)] }])('u')!;
    assert.equal(balancer.pick(), undefined);
  });

  test('a changed weight is taken over', async (t) => {
    let answer = records;
    const registry = registryFor(t, { resolve: () => answer, refreshMs: 10 });
    const balancer = registry.update([{ upstream: upstream(), targets: [target('_web._tcp.test:80')] }])('u')!;
    answer = new NameAnswer([{ address: '10.1.0.1', port: 8001, weight: 9, name: 'one.test' }], 'SRV');
    await until(() => balancer.weight.total === 9, 'the new weight counts');
  });
});

describe('from one configuration to the next', () => {
  const targets = [target('10.0.0.1:80'), target('10.0.0.2:80')];

  test('an upstream that did not change keeps its balancer, equal objects are no change', (t) => {
    const registry = registryFor(t);
    const first = registry.update([{ upstream: upstream(), targets }])('u');
    assert.equal(registry.update([{ upstream: upstream(), targets: [...targets] }])('u'), first);
    assert.notEqual(registry.update([{ upstream: upstream(), targets: targets.slice(1) }])('u'), first);
  });

  test('a changed upstream goes on with the verdicts', (t) => {
    const registry = registryFor(t);
    registry.update([{ upstream: upstream(PASSIVE), targets }]);
    registry.setTarget('id-of-u', 't-10.0.0.1:80', undefined, false);
    const next = registry.update([{ upstream: upstream(PASSIVE), targets: [...targets, target('10.0.0.3:80')] }])('u')!;
    const seen = new Set(keys(Array.from({ length: 4 }, () => next.pick())));
    assert.deepEqual([...seen].sort(), ['10.0.0.2:80', '10.0.0.3:80']);
  });

  test('what a request learns with the old balancer counts in the new one', (t) => {
    const registry = registryFor(t);
    const old = registry.update([{ upstream: upstream(PASSIVE), targets }])('u')!;
    const peer = old.pick()!;
    const next = registry.update([{ upstream: upstream({ ...PASSIVE, threshold: 60 }), targets }])('u')!;
    old.report(peer, { failure: 'tcp' });
    assert.equal(next.pick(), undefined);
  });

  test('a request under way still picks from the configuration it began with', (t) => {
    const registry = registryFor(t);
    const find = registry.update([{ upstream: upstream(), targets }]);
    registry.update([]);
    assert.ok(find('u')!.pick() !== undefined);
    assert.equal(registry.targets('id-of-u').size, 0);
  });

  test('without checks nothing is judged any more', (t) => {
    const registry = registryFor(t);
    registry.update([{ upstream: upstream(PASSIVE), targets }]);
    registry.setTarget('id-of-u', 't-10.0.0.1:80', undefined, false);
    const next = registry.update([{ upstream: upstream(), targets }])('u')!;
    assert.equal(new Set(keys([next.pick(), next.pick()])).size, 2);
  });
});

describe('the view of health', () => {
  test('shows every target with its addresses', (t) => {
    const registry: UpstreamHealth & BalancerRegistry = registryFor(t);
    registry.update([{ upstream: upstream(PASSIVE), targets: [target('10.0.0.1:80'), target('10.0.0.2:80', 0)] }]);
    assert.equal(registry.setTarget('id-of-u', 't-10.0.0.1:80', '10.0.0.1:80', false), true);
    assert.deepEqual(registry.targets('id-of-u').get('t-10.0.0.1:80'), {
      health: 'UNHEALTHY',
      data: {
        host: '10.0.0.1',
        port: 80,
        dns: 'A',
        nodeWeight: 100,
        weight: { total: 100, available: 0, unavailable: 100 },
        addresses: [{ ip: '10.0.0.1', port: 80, weight: 100, health: 'UNHEALTHY' }],
      },
    });
    assert.equal(registry.targets('id-of-u').get('t-10.0.0.2:80')!.health, 'HEALTHCHECKS_OFF');
    assert.equal(registry.upstream('id-of-u')!.healthy, false);
  });

  test('is off without checks, and nothing can be set then', (t) => {
    const registry = registryFor(t);
    registry.update([{ upstream: upstream(), targets: [target('10.0.0.1:80')] }]);
    assert.equal(registry.targets('id-of-u').get('t-10.0.0.1:80')!.health, 'HEALTHCHECKS_OFF');
    assert.equal(registry.upstream('id-of-u'), undefined);
    assert.equal(registry.setTarget('id-of-u', 't-10.0.0.1:80', undefined, false), false);
  });

  test('an address or target that does not exist cannot be set', (t) => {
    const registry = registryFor(t);
    registry.update([{ upstream: upstream(PASSIVE), targets: [target('10.0.0.1:80')] }]);
    assert.equal(registry.setTarget('id-of-u', 't-10.0.0.1:80', '10.9.9.9', false), false);
    assert.equal(registry.setTarget('id-of-u', 'nobody', undefined, false), false);
    assert.equal(registry.setTarget('nobody', 't-10.0.0.1:80', undefined, false), false);
  });
});
