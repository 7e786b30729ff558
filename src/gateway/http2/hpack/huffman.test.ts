import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODE_LENGTHS } from './code-lengths.ts';
import { HpackError } from './hpack-error.ts';
import { HuffmanDecoder } from './huffman.ts';

/** Codes of the octets that no HTTP peer sends or takes in headers, as RFC 7541 lists them; the others are tested with a peer. */
const CONTROLS: readonly (readonly [octet: number, code: number])[] = [
  ...[0x1ff8, 0x7fffd8, 0xfffffe2, 0xfffffe3, 0xfffffe4, 0xfffffe5, 0xfffffe6, 0xfffffe7, 0xfffffe8, 0xffffea],
  ...[0x3ffffffc, 0xfffffe9, 0xfffffea, 0x3ffffffd, 0xfffffeb, 0xfffffec, 0xfffffed, 0xfffffee, 0xfffffef, 0xffffff0],
  ...[0xffffff1, 0xffffff2, 0x3ffffffe, 0xffffff3, 0xffffff4, 0xffffff5, 0xffffff6, 0xffffff7, 0xffffff8, 0xffffff9],
  ...[0xffffffa, 0xffffffb],
].map((code, octet) => [octet, code] as const);

/** The codes in their order: shorter ones first, those of one length by their octets. */
function codes(): string[] {
  const found: string[] = [];
  let code = 0;
  for (let length = 1; length <= 30; length++) {
    code *= 2;
    CODE_LENGTHS.forEach((one, octet) => {
      if (one === length) found[octet] = (code++).toString(2).padStart(length, '0');
    });
  }
  return found;
}

const CODES = codes();

function bytesOf(bits: string): Buffer {
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  return Buffer.from((padded.match(/.{8}/g) ?? []).map((octet) => Number.parseInt(octet, 2)));
}

const encoded = (octets: Uint8Array): Buffer => bytesOf(Array.from(octets, (octet) => CODES[octet]).join(''));

function decode(decoder: HuffmanDecoder, bytes: Buffer, start = 0, end = bytes.length): Buffer {
  const count = decoder.decode(bytes, start, end);
  return Buffer.from(decoder.octets.subarray(0, count));
}

test('control octets have the codes of the RFC', () => {
  const decoder = new HuffmanDecoder();
  for (const [octet, code] of [...CONTROLS, [0x7f, 0xffffffc] as const]) {
    const bits = code.toString(2).padStart(CODE_LENGTHS[octet]!, '0');
    assert.equal(CODES[octet], bits);
    assert.deepEqual([...decode(decoder, bytesOf(bits))], [octet]);
  }
});

test('every octet is decoded in front of and behind every kind of neighbour', () => {
  const decoder = new HuffmanDecoder();
  // One octet of each length of code.
  const kinds = [...new Set(CODE_LENGTHS.slice(0, 256))].map((length) => CODE_LENGTHS.indexOf(length));
  for (let octet = 0; octet < 256; octet++) {
    for (const before of kinds) {
      for (const text of [[octet], [before, octet], [octet, before], [before, before, octet, before]]) {
        assert.deepEqual([...decode(decoder, encoded(Uint8Array.from(text)))], text);
      }
    }
  }
});

test('a string may begin anywhere, and what stands behind it is not read', () => {
  const decoder = new HuffmanDecoder();
  const texts = ['', '0', 'www.example.com', '\xff\xfe\x00', '/a?b=<c>{d}', '~'.repeat(40), '\n'];
  for (const text of texts) {
    const octets = Buffer.from(text, 'latin1');
    const bytes = encoded(octets);
    for (const behind of [0x00, 0xff]) {
      for (let start = 0; start < 4; start++) {
        const memory = Buffer.concat([Buffer.alloc(start, 0xf8), bytes, Buffer.alloc(6, behind)]);
        assert.deepEqual(decode(decoder, memory, start, start + bytes.length), octets);
      }
    }
  }
});

test('long strings are decoded, and the memory that they needed is given back', () => {
  const decoder = new HuffmanDecoder();
  const before = decoder.octets.length;
  // The shortest codes make the most octets.
  const long = Buffer.alloc(200_000, '0a');
  assert.deepEqual(decode(decoder, encoded(long)), long);
  assert.ok(decoder.octets.length >= long.length);
  assert.equal(decode(decoder, encoded(Buffer.from('short'))).toString(), 'short');
  assert.equal(decoder.octets.length, before);
});

test('padding is up to seven ones', () => {
  const decoder = new HuffmanDecoder();
  for (const text of ['0', '00', '000', 'a&', '\x00', '\n', '?', '{}', 'X', '0\xff']) {
    const bits = encoded(Buffer.from(text, 'latin1')).toString('latin1');
    const length = [...Buffer.from(text, 'latin1')].reduce((sum, octet) => sum + CODE_LENGTHS[octet]!, 0);
    const good = Buffer.from(bits, 'latin1');
    assert.equal(decode(decoder, good).toString('latin1'), text);
    for (let bit = length; bit < good.length * 8; bit++) {
      const wrong = Buffer.from(good);
      wrong[bit >> 3]! ^= 0x80 >> (bit & 7);
      // A zero in the padding may end a longer text; it never is the same one.
      assert.notEqual(outcome(decoder, wrong), text);
    }
    for (const more of [1, 2, 3, 4, 5]) {
      assert.throws(() => decode(decoder, Buffer.concat([good, Buffer.alloc(more, 0xff)])), HpackError);
    }
  }
});

test('the end of string is malformed wherever it stands', () => {
  const decoder = new HuffmanDecoder();
  const end = CODES[256]!;
  for (const before of ['', '0', '&', '~~', '\n', 'abc']) {
    const bits = [...Buffer.from(before, 'latin1')].map((octet) => CODES[octet]).join('');
    for (const behind of ['', CODES[0x30]!, CODES[0x0a]!, '0'.repeat(40)]) {
      assert.throws(() => decode(decoder, bytesOf(bits + end + behind)), HpackError);
    }
  }
});

test('bytes of any kind are a text whose code they are, or malformed', () => {
  const decoder = new HuffmanDecoder();
  let state = 1;
  const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 16;
  let texts = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = Buffer.from(
      Array.from({ length: 1 + (random() % 8) }, () => (random() % 3 === 0 ? 0xff : random() & 0xff)),
    );
    const text = outcome(decoder, bytes);
    if (text === undefined) continue;
    texts++;
    assert.deepEqual(encoded(Buffer.from(text, 'latin1')), bytes);
  }
  assert.ok(texts > 500, `${texts}`);
});

/** Undefined: malformed. */
function outcome(decoder: HuffmanDecoder, bytes: Buffer): string | undefined {
  try {
    return decode(decoder, bytes).toString('latin1');
  } catch (error) {
    assert.ok(error instanceof HpackError);
    return undefined;
  }
}
