#!/usr/bin/env node
// Mutated request heads through the engine and through a second, independent reader: npm run fuzz:http1 [-- COUNT] [--seed N].
// Prints how many were accepted, the rate, and every disagreement in the shape of fixtures/http1/fuzz-corpus.json.
import { compareHeads, createHead } from '../test/http1/compare-heads.ts';
import { KINDS, mutate, PIECES, seeds } from '../test/http1/mutations.ts';

const MOST_STEPS = 4;
const MOST_BYTES = 12;
const MOST_SHOWN = 20;

const at = process.argv.indexOf('--seed');
const seed = at < 0 ? Date.now() % 1_000_000 : Number(process.argv[at + 1]);
const counts = process.argv.slice(2).filter((text, i, all) => /^\d+$/.test(text) && all[i - 1] !== '--seed');
const count = Number(counts[0] ?? 1_000_000);

/** Small and repeatable: the same seed gives the same heads. */
function randomFrom(start) {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomFrom(seed);
const below = (limit) => Math.floor(random() * limit);
const oneOf = (all) => all[below(all.length)];
const step = () => ({ at: random(), kind: oneOf(KINDS), piece: oneOf(PIECES), length: 1 + below(MOST_BYTES) });

const head = createHead();
const tally = { unfinished: 0, refused: 0, accepted: 0, disagreements: 0 };
const startedAt = performance.now();
for (let i = 0; i < count; i++) {
  const text = mutate(oneOf(seeds), Array.from({ length: below(MOST_STEPS + 1) }, step));
  try {
    tally[compareHeads(head, text)] += 1;
  } catch (error) {
    tally.disagreements += 1;
    if (tally.disagreements > MOST_SHOWN) continue;
    const whole = text.slice(0, text.indexOf('\r\n\r\n') + 4);
    console.log(JSON.stringify({ name: error.message.split('\n')[0], head: whole, verdict: 'refused' }));
  }
}
const seconds = (performance.now() - startedAt) / 1000;
console.log(`${count} heads with seed ${seed} in ${seconds.toFixed(1)} s (${Math.round(count / seconds)}/s)`);
console.log(`  accepted ${tally.accepted}, refused ${tally.refused}, unfinished ${tally.unfinished}`);
console.log(`  disagreements ${tally.disagreements}`);
if (tally.disagreements > 0) process.exitCode = 1;
