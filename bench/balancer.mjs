// Picking a peer: nanoseconds for each algorithm with 10 and 1000 targets, all available, a request being released after
// the next hundred began.
//   node bench/balancer.mjs [count …]
import { Address } from '../src/gateway/balancer/address.ts';
import { algorithmNamed } from '../src/gateway/balancer/algorithms/algorithm.ts';

const COUNTS = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10, 1000];
const ROUNDS = 5;
const UNDER_WAY = 100;
const NOBODY = [];

const addressesFor = (count) =>
  Array.from({ length: count }, (_, i) => {
    const ip = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
    return new Address({ address: ip, port: 80, hostname: ip, targetId: ip }, 50 + (i % 4) * 25);
  });

function nanosecondsAPick(name, count) {
  const addresses = addressesFor(count);
  const picker = algorithmNamed(name).build({ addresses, targetCount: count, slots: 10_000 });
  const open = Array(UNDER_WAY).fill(undefined);
  const picks = count > 100 ? 50_000 : 500_000;
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    for (let i = 0; i < picks; i++) {
      const slot = i % UNDER_WAY;
      if (open[slot] !== undefined) picker.end?.(open[slot], 5 + (i % 7));
      const address = picker.next(NOBODY, Math.imul(i, 2_654_435_761) >>> 0);
      picker.begin?.(address);
      open[slot] = address;
    }
    best = Math.min(best, ((performance.now() - startedAt) * 1e6) / picks);
  }
  return Math.round(best);
}

for (const name of ['round-robin', 'consistent-hashing', 'least-connections', 'latency']) {
  const figures = COUNTS.map((count) => `${count} targets ${String(nanosecondsAPick(name, count)).padStart(7)} ns`);
  console.log(`${name.padEnd(20)} ${figures.join('   ')}`);
}
