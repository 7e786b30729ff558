// A body that is read whole, in whatever pieces it comes.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RequestBody } from '../../src/gateway/http1/request-body.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const source = { pauseReading: () => undefined, resumeReading: () => undefined, bodyWanted: () => undefined };

async function readInPieces(bytes: Buffer, sizeOf: (i: number) => number): Promise<Buffer | undefined> {
  const body = new RequestBody('chunked', undefined, source);
  const whole = body.read(bytes.length);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = Math.min(bytes.length, at + sizeOf(i));
    body.push(bytes.subarray(at, end), false);
    at = end;
  }
  body.finish();
  return whole;
}

test('is whole and in order, however large and small pieces take turns', async () => {
  const bytes = randomBytes(300_000);
  const patterns: ((i: number) => number)[] = [
    () => 1,
    () => 511,
    () => 512,
    (i) => (i % 2 === 0 ? 1 : 512),
    (i) => (i % 7 === 0 ? 5_000 : 1 + (i % 400)),
  ];
  for (const [i, sizeOf] of patterns.entries()) {
    assert.ok((await readInPieces(bytes, sizeOf))?.equals(bytes), `pattern ${i}`);
  }
});

test('of a million pieces of one byte is held in less than ten times its size', async () => {
  const bytes = Buffer.alloc(1_000_000, 1);
  const body = new RequestBody('chunked', undefined, source);
  const whole = body.read(bytes.length);
  const before = used();
  // As an HTTP/2 connection gives them: each an object of its own.
  for (let i = 0; i < bytes.length; i++) body.push(Buffer.from(bytes.subarray(i, i + 1)), false);
  const grown = used() - before;
  body.finish();
  assert.equal((await whole)?.length, bytes.length);
  assert.ok(grown < 10 * bytes.length, `${grown} bytes`);
});

test('that is streamed in between loses nothing', () => {
  const body = new RequestBody('chunked', undefined, source);
  const got: string[] = [];
  for (const text of ['a', 'b', 'c']) body.push(Buffer.from(text), false);
  const sink = {
    onChunk: (chunk: Buffer) => got.push(String(chunk)) > 0,
    onEnd: () => got.push('end'),
    onError: () => undefined,
  };
  body.stream(sink);
  body.pause();
  for (const text of ['d', 'e', 'f']) body.push(Buffer.from(text), false);
  body.resume();
  body.push(Buffer.from('g'), true);
  body.finish();
  assert.equal(got.join(''), 'abcdefgend');
});

function used(): number {
  collect();
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return heapUsed + Math.max(arrayBuffers, external);
}
