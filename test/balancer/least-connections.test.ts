import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Address } from '../../src/gateway/balancer/address.ts';
import { leastConnections } from '../../src/gateway/balancer/algorithms/least-connections.ts';
import { AddressHealth } from '../../src/gateway/balancer/health/counters.ts';

const addressesOf = (count: number): Address[] =>
  Array.from({ length: count }, (_, i) => {
    const ip = `10.0.0.${i}`;
    const address = new Address({ address: ip, port: 80, hostname: ip, targetId: ip }, (i % 5) * 10);
    address.health = new AddressHealth();
    return address;
  });

const load = (address: Address): number => (address.inflight + 1) / address.weight;

test('whatever happens, the pick is one of the least loaded that may be taken', () => {
  let seed = 5;
  const random = (limit: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % limit;
  };
  for (const count of [1, 2, 7, 40]) {
    const addresses = addressesOf(count);
    const build = () => leastConnections.build({ addresses, targetCount: count, slots: 1000 });
    let picker = build();
    const open: Address[] = [];
    for (let step = 0; step < 3000; step++) {
      const tried = random(4) === 0 ? addresses.filter(() => random(6) === 0) : [];
      const mayTake = addresses.filter(({ weight, isAvailable }) => weight > 0 && isAvailable);
      const untried = mayTake.filter((address) => !tried.includes(address));
      const picked = picker.next(tried, 0);
      const weighted = addresses.filter(({ weight }) => weight > 0).length;
      if (mayTake.length === 0) assert.equal(picked, undefined);
      else if (tried.length < weighted) {
        const least = Math.min(...(untried.length > 0 ? untried : mayTake).map(load));
        assert.equal(load(picked!), least);
      }
      if (picked !== undefined && random(3) > 0) {
        picker.begin?.(picked);
        open.push(picked);
      }
      if (random(2) === 0 && open.length > 0) picker.end?.(open.splice(random(open.length), 1)[0]!, 1);
      if (random(10) === 0) addresses[random(count)]!.health!.force(random(2) === 0);
      // A new configuration with the same addresses; requests of the old one end meanwhile.
      if (random(200) === 0) {
        const old = picker;
        picker = build();
        for (const address of open.splice(0, 3)) old.end?.(address, 1);
      }
    }
  }
});

test('a heap that is not the newest one follows what its own requests do', () => {
  const addresses = addressesOf(4).filter(({ weight }) => weight > 0);
  const old = leastConnections.build({ addresses, targetCount: 3, slots: 1000 });
  leastConnections.build({ addresses, targetCount: 3, slots: 1000 });
  const picks = Array.from({ length: 12 }, () => {
    const address = old.next([], 0)!;
    old.begin?.(address);
    return address;
  });
  for (const address of addresses) {
    assert.equal(picks.filter((picked) => picked === address).length, address.weight / 5);
  }
});
