import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HpackDecoder } from './decoder.ts';
import { HpackEncoder } from './encoder.ts';

const out = Buffer.alloc(1 << 20);
const ANY = 1_000_000;

/** The block in hexadecimal, judged by the room that was asked for. */
function encode(encoder: HpackEncoder, ...lines: string[]): string {
  const at = 3;
  const end = encoder.encode(lines, out, at);
  assert.ok(end - at <= encoder.roomFor(lines));
  return out.toString('hex', at, end);
}

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
/** The indexed field of the newest entry. */
const NEWEST = 'be';

test('the requests of RFC 7541 C.3 are written as they stand there', () => {
  const encoder = new HpackEncoder();
  const authority = [':authority', 'www.example.com'];
  assert.equal(
    encode(encoder, ':method', 'GET', ':scheme', 'http', ':path', '/', ...authority),
    '828684410f7777772e6578616d706c652e636f6d',
  );
  assert.equal(
    encode(encoder, ':method', 'GET', ':scheme', 'http', ':path', '/', ...authority, 'cache-control', 'no-cache'),
    '828684be58086e6f2d6361636865',
  );
  assert.equal(
    encode(
      encoder,
      ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ...authority],
      'custom-key',
      'custom-value',
    ),
    '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
  );
});

test('each status of the static table is one octet, from the first answer', () => {
  for (const [i, status] of ['200', '204', '206', '304', '400', '404', '500'].entries()) {
    assert.equal(encode(new HpackEncoder(), ':status', status), (0x88 + i).toString(16));
  }
  assert.equal(encode(new HpackEncoder(), ':status', '201'), `4803${hex('201')}`);
});

test('an empty value is not mistaken for the static entry of a name, nor for one that was dropped', () => {
  const encoder = new HpackEncoder();
  assert.equal(encode(encoder, 'via', ''), '7c00');
  assert.equal(encode(encoder, 'via', ''), NEWEST);
  encoder.setMaxTableSize(0);
  assert.equal(encode(encoder, 'via', ''), '200f2d00');
});

test('a value that came before is one number; entries keep theirs right as others come', () => {
  const encoder = new HpackEncoder();
  assert.equal(encode(encoder, 'server', 'a', 'via', 'b', 'x-c', 'd').length > 6, true);
  assert.equal(encode(encoder, 'server', 'a', 'via', 'b', 'x-c', 'd'), 'c0bfbe');
  encode(encoder, 'x-e', 'f');
  assert.equal(encode(encoder, 'x-c', 'd', 'server', 'a', 'x-e', 'f'), 'bfc1be');
});

test('values that keep changing are no longer added; their name stays a number', () => {
  const encoder = new HpackEncoder();
  assert.equal(encode(encoder, 'x-id', 'a1'), `4004${hex('x-id')}02${hex('a1')}`);
  assert.equal(encode(encoder, 'x-id', 'b2'), `7e02${hex('b2')}`);
  for (const id of ['c3', 'd4', 'e5']) assert.equal(encode(encoder, 'x-id', id), `0f2f02${hex(id)}`);
  // Date stands in the static table at 33.
  for (const date of ['1', '2']) assert.equal(encode(encoder, 'date', date), `6101${hex(date)}`);
  for (const date of ['3', '4']) assert.equal(encode(encoder, 'date', date), `0f1201${hex(date)}`);
});

test('the last value of such a name is still one number, and makes the name worth adding again', () => {
  const encoder = new HpackEncoder();
  for (const date of ['1', '2', '3']) encode(encoder, 'date', date);
  assert.equal(encode(encoder, 'date', '2'), NEWEST);
  assert.equal(encode(encoder, 'date', '4'), `6101${hex('4')}`);
});

test('a value that comes twice in a row is added, even of a name that was given up', () => {
  const encoder = new HpackEncoder();
  const dates = Array.from({ length: 4 }, (_, i) => `Sun, 22 Nov 2026 03:08:1${i} GMT`);
  for (const date of dates) encode(encoder, 'date', date);
  assert.equal(encode(encoder, 'date', dates[3]!), `611d${hex(dates[3]!)}`);
  assert.equal(encode(encoder, 'date', dates[3]!), NEWEST);
});

test('a name of no static entry is added again when the table has lost it', () => {
  const encoder = new HpackEncoder();
  for (const id of ['1', '2', '3']) encode(encoder, 'x-id', id);
  encoder.setMaxTableSize(0);
  encoder.setMaxTableSize(4096);
  assert.equal(encode(encoder, 'x-id', '4'), `203fe11f4004${hex('x-id')}01${hex('4')}`);
  assert.equal(encode(encoder, 'x-id', '5'), `0f2f01${hex('5')}`);
});

test('secrets are marked as never indexed, every time', () => {
  const encoder = new HpackEncoder();
  const cases: [name: string, start: string][] = [
    ['set-cookie', '1f28'],
    ['authorization', '1f08'],
    ['cookie', '1f11'],
    ['proxy-authorization', '1f22'],
  ];
  for (const [name, start] of cases) {
    for (let i = 0; i < 3; i++) assert.equal(encode(encoder, name, 'a'), `${start}0161`);
  }
});

test('large values are not added, for they would push all others out', () => {
  const encoder = new HpackEncoder();
  encode(encoder, 'server', 'a');
  for (let i = 0; i < 3; i++) encode(encoder, 'x-large', 'v'.repeat(2048));
  assert.equal(encode(encoder, 'server', 'a'), NEWEST);
});

test('names without end, and long ones, are written and not remembered', () => {
  const encoder = new HpackEncoder();
  const decoder = new HpackDecoder();
  for (let i = 0; i < 5_000; i++) {
    const lines = ['server', 'kong', `x-${i}`, 'a', `${'n'.repeat(200)}${i % 3}`, 'b'];
    const end = encoder.encode(lines, out, 0);
    const got: string[] = [];
    decoder.decode(out, 0, end, got, ANY, ANY);
    assert.deepEqual(got, lines);
  }
  const { names } = encoder as unknown as { names: { known: Map<string, unknown> } };
  assert.ok(names.known.size <= 128, `${names.known.size}`);
  assert.equal(
    [...names.known.keys()].some((name) => name.length > 128),
    false,
  );
});

test('a new table size is said at the start of the next block, once', () => {
  const encoder = new HpackEncoder();
  encoder.setMaxTableSize(100);
  assert.equal(encode(encoder, ':status', '200'), '3f4588');
  assert.equal(encode(encoder, ':status', '200'), '88');
  encoder.setMaxTableSize(100);
  assert.equal(encode(encoder, ':status', '200'), '88');
  encoder.setMaxTableSize(30);
  assert.equal(encode(encoder), '3e');
});

test('a table that shrank and grew in between is said with both sizes', () => {
  const encoder = new HpackEncoder();
  encode(encoder, 'server', 'a');
  encoder.setMaxTableSize(0);
  encoder.setMaxTableSize(64);
  encoder.setMaxTableSize(4096);
  assert.equal(encode(encoder, 'server', 'a'), '203fe11f760161');
  encoder.setMaxTableSize(64);
  encoder.setMaxTableSize(0);
  encoder.setMaxTableSize(100);
  assert.equal(encode(encoder), '203f45');
});

test('more than 4096 octets are never used, so a larger size is not said', () => {
  const encoder = new HpackEncoder();
  encoder.setMaxTableSize(65_536);
  assert.equal(encode(encoder, ':status', '200'), '88');
  encoder.setMaxTableSize(100);
  encode(encoder);
  encoder.setMaxTableSize(65_536);
  assert.equal(encode(encoder), '3fe11f');
});

test('strings of every length are written whole, octet by octet', () => {
  const decoder = new HpackDecoder();
  const encoder = new HpackEncoder();
  for (const length of [0, 1, 20, 21, 126, 127, 128, 254, 255, 256, 16_510, 16_511, 100_000]) {
    const value = Buffer.from(Uint8Array.from({ length }, (_, i) => i)).toString('latin1');
    const lines = ['x-a', value, `x-${value.slice(0, 300)}`, 'b'];
    assert.ok(encoder.roomFor(lines) < lines.join('').length + 100);
    const end = encoder.encode(lines, out, 0);
    const got: string[] = [];
    assert.equal(decoder.decode(out, 0, end, got, ANY, ANY), true);
    assert.deepEqual(got, lines);
  }
});
