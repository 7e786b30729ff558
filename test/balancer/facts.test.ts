import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Address, type Peer, plainPeer } from '../../src/gateway/balancer/address.ts';
import { consistentHashing, fillPoints } from '../../src/gateway/balancer/algorithms/consistent-hashing.ts';
import { leastConnections } from '../../src/gateway/balancer/algorithms/least-connections.ts';
import { roundRobin } from '../../src/gateway/balancer/algorithms/round-robin.ts';
import { AddressHealth } from '../../src/gateway/balancer/health/counters.ts';
import { hostHeader } from '../../src/gateway/balancer/host-header.ts';
import { isAboveThreshold, weigh } from '../../src/gateway/balancer/status.ts';
import { utf8ToBytes } from '../../src/lib/byte-text.ts';
import { xxh32 } from '../../src/lib/xxh32.ts';

interface Facts {
  readonly xxh32: [text: string, hash: number][];
  readonly rings: {
    readonly slots: number;
    readonly points: number;
    readonly targets: [name: string, port: number, weight: number, ips: string[]][];
    readonly perAddress: Record<string, number>;
    /** Counted from 1. */
    readonly firstPoints: [index: number, address: string][];
    readonly picks: [input: string, index: number, address: string][];
    readonly down: string;
    readonly picksWhileDown: [input: string, address: string][];
  }[];
  readonly wheels: { readonly weights: number[]; readonly picks: number; readonly counts: Record<string, number> }[];
  /** `of` is the number of the get, from 1. */
  readonly leastConnections: {
    readonly weights: number[];
    readonly steps: [op: 'get' | 'retry' | 'release', of: number | null, picked: string | null][];
  }[];
  readonly thresholds: {
    readonly addresses: [weight: number, isAvailable: boolean][];
    readonly threshold: number;
    readonly healthy: boolean;
  }[];
  readonly hostHeaders: [scheme: string, hostname: string, port: number, header: string][];
  /** F a failure, S a success. */
  readonly counters: {
    readonly events: string;
    readonly failures: number;
    readonly successes: number;
    readonly start: string;
    readonly end: string;
    readonly state: string;
  }[];
}

const facts = JSON.parse(readFileSync(new URL('../../fixtures/balancer/facts.json', import.meta.url), 'utf8')) as Facts;

const addressAt = (ip: string, port: number, weight: number, hostname = ip): Address =>
  new Address({ address: ip, port, hostname, targetId: hostname }, weight);

function setAvailable(address: Address, isAvailable: boolean): void {
  address.health = new AddressHealth();
  if (!isAvailable) address.health.force(false);
}

const weighted = (weights: readonly number[]): Address[] =>
  weights.map((weight, i) => addressAt(`10.0.0.${i + 1}`, 80, weight));

describe('xxh32', () => {
  for (const [text, hash] of facts.xxh32) {
    test(`of ${text} is ${hash}`, () => assert.equal(xxh32(text), hash));
  }
});

describe('consistent-hashing', () => {
  for (const [i, ring] of facts.rings.entries()) {
    const build = () => {
      const addresses = ring.targets.flatMap(([name, port, weight, ips]) =>
        ips.map((ip) => addressAt(ip, port, weight, name)),
      );
      return { addresses, targetCount: ring.targets.length, slots: ring.slots };
    };
    test(`ring ${i + 1}: every address has its points`, () => {
      const points = fillPoints(build());
      assert.equal(points.length, ring.points);
      const counts: Record<string, number> = {};
      for (const point of points) if (point !== undefined) counts[point.key] = (counts[point.key] ?? 0) + 1;
      assert.deepEqual(counts, ring.perAddress);
      const first = points.flatMap((point, at) => (point === undefined ? [] : [[at + 1, point.key]]));
      assert.deepEqual(first.slice(0, ring.firstPoints.length), ring.firstPoints);
    });
    test(`ring ${i + 1}: inputs go where they belong, and elsewhere while that is down`, () => {
      const parts = build();
      const picker = consistentHashing.build(parts);
      for (const [input, index, key] of ring.picks) {
        const hash = xxh32(utf8ToBytes(input));
        assert.equal((hash % ring.points) + 1, index);
        assert.equal(picker.next([], hash)?.key, key, input);
      }
      setAvailable(parts.addresses.find(({ key }) => key === ring.down)!, false);
      for (const [input, key] of ring.picksWhileDown) {
        assert.equal(picker.next([], xxh32(utf8ToBytes(input)))?.key, key, input);
      }
    });
  }

  test('a retry goes to the next address on the ring, and starts over when all were tried', () => {
    const addresses = weighted([100, 100, 100]);
    const picker = consistentHashing.build({ addresses, targetCount: 3, slots: 1000 });
    const tried: Peer[] = [];
    for (let i = 0; i < 4; i++) tried.push(picker.next(tried, 12345)!);
    assert.equal(new Set(tried.slice(0, 3)).size, 3);
    assert.equal(tried[3], tried[0]);
  });

  test('more points than slots fill the ring and stop', () => {
    const addresses = Array.from({ length: 10 }, (_, i) => addressAt(`10.0.1.${i}`, 80, 100));
    assert.ok(fillPoints({ addresses, targetCount: 10, slots: 1000 }).every((point) => point !== undefined));
  });
});

describe('round-robin', () => {
  for (const { weights, picks, counts } of facts.wheels) {
    test(`weights ${weights.join(', ')}: exact shares over whole turns`, () => {
      const picker = roundRobin.build({ addresses: weighted(weights), targetCount: weights.length, slots: 0 });
      const seen: Record<string, number> = {};
      for (let i = 0; i < picks; i++) {
        const { key } = picker.next([], 0)!;
        seen[key] = (seen[key] ?? 0) + 1;
      }
      assert.deepEqual(seen, counts);
    });
  }

  test('weights without a common divisor keep their shares to the hundredth of a percent', () => {
    const picker = roundRobin.build({ addresses: weighted([65535, 65534, 1]), targetCount: 3, slots: 0 });
    const seen: Record<string, number> = {};
    for (let i = 0; i < 100_000; i++) {
      const { key } = picker.next([], 0)!;
      seen[key] = (seen[key] ?? 0) + 1;
    }
    assert.ok(Math.abs(seen['10.0.0.1:80']! / 100_000 - 0.5) < 1e-4);
    assert.ok(seen['10.0.0.3:80']! >= 1);
  });
});

describe('least-connections', () => {
  for (const { weights, steps } of facts.leastConnections) {
    test(`weights ${weights.join(', ')}: ${steps.map(([op]) => op).join(', ')}`, () => {
      const addresses = weighted(weights);
      const picker = leastConnections.build({ addresses, targetCount: weights.length, slots: 0 });
      const gets: Address[][] = [];
      const expected: (string | null)[] = [];
      const picked: string[] = [];
      for (const [op, of, key] of steps) {
        if (op === 'release') {
          picker.end!(gets[of! - 1]!.at(-1)!, undefined);
          continue;
        }
        const tried = op === 'get' ? [] : gets[of! - 1]!;
        if (op === 'get') gets.push(tried);
        else picker.end!(tried.at(-1)!, undefined);
        const address = picker.next(tried, 0)!;
        picker.begin!(address);
        tried.push(address);
        picked.push(address.key);
        expected.push(key);
      }
      const hasTies = weights.join() === '10,20,30';
      // With equal loads either may come first; after all steps the shares are the same.
      assert.deepEqual(hasTies ? picked.sort() : picked, hasTies ? expected.sort() : expected);
    });
  }
});

describe('the threshold of an upstream', () => {
  for (const [i, { addresses, threshold, healthy }] of facts.thresholds.entries()) {
    test(`${i + 1}: ${JSON.stringify(addresses)} above ${threshold} %: ${healthy}`, () => {
      const all = addresses.map(([weight, isAvailable], at) => {
        const address = addressAt(`10.0.0.${at}`, 80, weight);
        setAvailable(address, isAvailable);
        return address;
      });
      assert.equal(isAboveThreshold(weigh(all), threshold), healthy);
    });
  }
});

describe('the Host header for a peer', () => {
  for (const [scheme, hostname, port, header] of facts.hostHeaders) {
    test(`${scheme}://${hostname}:${port} gets ${header}`, () =>
      assert.equal(hostHeader(scheme, plainPeer('192.0.2.1', port, hostname)), header));
  }
  test('the port of the other scheme is shown, IPv6 stands in brackets', () => {
    assert.equal(hostHeader('http', plainPeer('192.0.2.1', 443, 'h')), 'h:443');
    assert.equal(hostHeader('http', plainPeer('::1', 80, '::1')), '[::1]');
    assert.equal(hostHeader('http', plainPeer('::1', 81, '[::1]')), '[::1]:81');
  });
  test('a peer that is asked in two schemes gets the header of each', () => {
    const peer = plainPeer('192.0.2.1', 443, 'h');
    const seen = ['https', 'http', 'https'].map((scheme) => hostHeader(scheme, peer));
    assert.deepEqual(seen, ['h', 'h:443', 'h']);
  });
});

describe('health counters', () => {
  for (const { events, failures, successes, end, state } of facts.counters) {
    test(`${events} with limits ${failures} and ${successes}: ${state}`, () => {
      const health = new AddressHealth();
      for (const event of events) {
        if (event === 'F') health.reportFailure('http', failures);
        else health.reportSuccess(successes);
      }
      assert.equal(health.state, state);
      assert.equal(health.isHealthy ? 'healthy' : 'unhealthy', end);
    });
  }

  test('failures of different kinds do not add up', () => {
    const health = new AddressHealth();
    health.reportFailure('http', 2);
    health.reportFailure('tcp', 2);
    health.reportFailure('timeout', 2);
    assert.equal(health.state, 'mostly_healthy');
    health.reportFailure('tcp', 2);
    assert.equal(health.state, 'unhealthy');
  });

  test('a success clears the failures of every kind', () => {
    const health = new AddressHealth();
    health.reportFailure('http', 2);
    health.reportFailure('tcp', 2);
    health.reportSuccess(2);
    health.reportFailure('http', 2);
    health.reportFailure('tcp', 2);
    assert.equal(health.isHealthy, true);
  });

  test('setting it by hand starts the counters anew', () => {
    const health = new AddressHealth();
    health.reportFailure('http', 2);
    health.force(true);
    health.reportFailure('http', 2);
    assert.equal(health.state, 'mostly_healthy');
  });
});
