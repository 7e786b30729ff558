// Random and changed sequences of frames; `npm run fuzz:http2` goes on where this ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Http2Fuzzer } from './http2-fuzz.ts';

const RUNS = 1_500;
const SEED = 20_261_122;

test('whatever frames come, nothing throws, windows add up, requests end once, and reads do not matter', async () => {
  const fuzzer = new Http2Fuzzer();
  for (let i = 0; i < RUNS; i++) {
    await fuzzer.run(SEED + i).catch((error: unknown) => {
      throw new Error(`seed ${SEED + i}`, { cause: error });
    });
  }
  fuzzer.close();
  const { requests, goodbyes, resets } = fuzzer.tally;
  assert.ok(requests > RUNS && goodbyes > RUNS / 10 && resets > RUNS / 10, JSON.stringify(fuzzer.tally));
});
