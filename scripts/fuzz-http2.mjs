#!/usr/bin/env node
// Random sequences of HTTP/2 frames, valid ones and changed ones, into the server: npm run fuzz:http2 [-- COUNT] [--seed N].
// What has to hold stands in test/gateway/http2-fuzz.ts. Prints each seed that fails; that number with a COUNT of 1 runs it again.
import { Http2Fuzzer } from '../test/gateway/http2-fuzz.ts';

const MOST_SHOWN = 20;

const at = process.argv.indexOf('--seed');
const seed = at < 0 ? Date.now() % 1_000_000_000 : Number(process.argv[at + 1]);
const counts = process.argv.slice(2).filter((text, i, all) => /^\d+$/.test(text) && all[i - 1] !== '--seed');
const count = Number(counts[0] ?? 100_000);

let fuzzer = new Http2Fuzzer();
let failures = 0;
const before = process.memoryUsage().rss;
const startedAt = performance.now();
const tally = {};
const note = () => {
  for (const [name, value] of Object.entries(fuzzer.tally)) tally[name] = (tally[name] ?? 0) + value;
};
for (let i = 0; i < count; i++) {
  try {
    await fuzzer.run(seed + i);
  } catch (error) {
    failures += 1;
    if (failures <= MOST_SHOWN) console.log(`seed ${seed + i}: ${error.stack}`);
    note();
    fuzzer.close();
    fuzzer = new Http2Fuzzer();
  }
}
note();
fuzzer.close();
const seconds = (performance.now() - startedAt) / 1000;
const grown = Math.round((process.memoryUsage().rss - before) / 1_048_576);
console.log(
  `${count} sequences from seed ${seed} in ${seconds.toFixed(1)} s (${Math.round(count / seconds)}/s), ${grown} MiB more`,
);
console.log(
  `  ${Object.entries(tally)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}`,
);
console.log(`  failures ${failures}`);
if (failures > 0) process.exitCode = 1;
