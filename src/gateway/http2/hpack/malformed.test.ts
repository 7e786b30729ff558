// Blocks put together at random and damaged, one after the other on one connection: Node's decoder ends the connection with
// COMPRESSION_ERROR exactly when ours throws.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connectFrames, END_HEADERS, END_STREAM, FRAME, frame } from '../../../../test/gateway/http2-frames.ts';
import { HpackDecoder, HpackError } from './decoder.ts';

const ANY = 1_000_000;
const COMPRESSION_ERROR = 9;

let state = 17;
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 0x1_0000_0000) * below);
}

const pick = (...values: readonly string[]): string => values[random(values.length)]!;

/** In hexadecimal: a raw string or one in Huffman code. */
const string = (): string =>
  pick(
    '00',
    '0161',
    '03782d61',
    '80',
    '811f',
    '8cf1e3c2e5f23a6ba0ab90f4ff',
    '86a8eb10649cbf',
    '839bd9ab',
    '84fffffe3f',
  );

function field(): string {
  switch (random(6)) {
    case 0:
      return (0x80 | random(70)).toString(16);
    case 1:
      return `40${string()}${string()}`;
    case 2:
      return (0x40 | (1 + random(62))).toString(16) + string();
    case 3:
      return `${pick('0', '1')}${(1 + random(14)).toString(16)}${string()}`;
    case 4:
      return `${pick('0f', '1f')}${random(60).toString(16).padStart(2, '0')}${string()}`;
    default:
      return `${pick('00', '10')}${string()}${string()}`;
  }
}

function block(): Buffer {
  let hex = pick('', '', '', '20', '3e', '203fe11f', '3fe21f');
  for (let left = random(8); left > 0; left--) hex += field();
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length === 0) return bytes;
  switch (random(6)) {
    case 0:
      bytes[random(bytes.length)] = random(256);
      return bytes;
    case 1:
      return bytes.subarray(0, random(bytes.length));
    default:
      return bytes;
  }
}

function isMalformed(blocks: readonly Buffer[]): boolean {
  const decoder = new HpackDecoder();
  try {
    for (const one of blocks) decoder.decode(one, 0, one.length, [], ANY, ANY);
    return false;
  } catch (error) {
    assert.ok(error instanceof HpackError);
    return true;
  }
}

/** Undefined: all blocks were decoded, whatever became of their requests. */
async function goawayOf(port: number, blocks: readonly Buffer[]): Promise<number | undefined> {
  const client = connectFrames(port);
  const requests = blocks.map((one, i) => frame(FRAME.headers, END_HEADERS | END_STREAM, 2 * i + 1, one));
  client.send(...requests, frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
  while (!client.frames.some(({ type }) => type === FRAME.ping || type === FRAME.goaway)) {
    await once(client.socket, 'data', { signal: AbortSignal.timeout(5_000) });
  }
  client.socket.destroy();
  return client.goaway();
}

test('what Node takes for malformed is malformed here, and nothing else', async () => {
  const server = createServer({ maxHeaderListPairs: 1_000 });
  server.on('sessionError', () => undefined);
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 204 }, { endStream: true });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const counts = { well: 0, malformed: 0 };
  try {
    for (let i = 0; i < 400; i++) {
      const blocks = Array.from({ length: 1 + random(3) }, block);
      const expected = isMalformed(blocks) ? COMPRESSION_ERROR : undefined;
      counts[expected === undefined ? 'well' : 'malformed']++;
      const hex = blocks.map((one) => one.toString('hex')).join(' ');
      assert.equal(await goawayOf(port, blocks), expected, hex);
    }
  } finally {
    server.close();
  }
  assert.ok(counts.well > 100 && counts.malformed > 100, JSON.stringify(counts));
});
