import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HpackDecoder, HpackError } from './decoder.ts';

const ANY = 1_000_000;
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

function decode(decoder: HpackDecoder, hex: string): string[] {
  const bytes = bytesOf(hex);
  const lines: string[] = [];
  assert.equal(decoder.decode(bytes, 0, bytes.length, lines, ANY, ANY), true);
  return lines;
}

/** Whatever stands behind the block. */
function refuse(decoder: HpackDecoder, hex: string, what?: string): void {
  const bytes = bytesOf(`${hex} 000000000000`);
  assert.throws(() => decoder.decode(bytes, 0, bytes.length - 6, [], ANY, ANY), HpackError, what);
}

const REQUESTS = [
  [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com'],
  [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'www.example.com', 'cache-control', 'no-cache'],
  [
    ...[':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', 'www.example.com'],
    ...['custom-key', 'custom-value'],
  ],
];

const ANSWERS = [
  [
    ...[':status', '302', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ...['location', 'https://www.example.com'],
  ],
  [
    ...[':status', '307', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ...['location', 'https://www.example.com'],
  ],
  [
    ...[':status', '200', 'cache-control', 'private', 'date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ...['location', 'https://www.example.com', 'content-encoding', 'gzip'],
    ...['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
  ],
];

/** The table of 256 octets that the examples with answers need, so that they evict. */
const SMALL_TABLE = '3fe101';

test('the single fields of RFC 7541 C.2 are decoded', () => {
  const cases: [hex: string, name: string, value: string][] = [
    ['400a637573746f6d2d6b65790d637573746f6d2d686561646572', 'custom-key', 'custom-header'],
    ['040c2f73616d706c652f70617468', ':path', '/sample/path'],
    ['100870617373776f726406736563726574', 'password', 'secret'],
    ['82', ':method', 'GET'],
  ];
  for (const [hex, name, value] of cases) assert.deepEqual(decode(new HpackDecoder(), hex), [name, value]);
});

test('the requests of RFC 7541 C.3 and C.4 are decoded, raw and in Huffman code', () => {
  const raw = [
    '828684410f7777772e6578616d706c652e636f6d',
    '828684be58086e6f2d6361636865',
    '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
  ];
  const coded = [
    '828684418cf1e3c2e5f23a6ba0ab90f4ff',
    '828684be5886a8eb10649cbf',
    '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
  ];
  for (const blocks of [raw, coded]) {
    const decoder = new HpackDecoder();
    assert.deepEqual(
      blocks.map((block) => decode(decoder, block)),
      REQUESTS,
    );
  }
});

test('the answers of RFC 7541 C.5 and C.6, which evict from a small table, are decoded', () => {
  const raw = [
    `${SMALL_TABLE}4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d54
     6e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
    '4803333037c1c0bf',
    `88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738
     666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31`,
  ];
  const coded = [
    `${SMALL_TABLE}488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff
     6e919d29ad171863c78f0b97c8e9ae82ae43d3`,
    '4883640effc1c0bf',
    `88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab
     270fb5291f9587316065c003ed4ee5b1063d5007`,
  ];
  for (const blocks of [raw, coded]) {
    const decoder = new HpackDecoder();
    assert.deepEqual(
      blocks.map((block) => decode(decoder, block.replaceAll(/\s/g, ''))),
      ANSWERS,
    );
    // 215 octets in three entries: there is no fourth.
    assert.deepEqual(decode(decoder, 'bebfc0'), [
      ...['set-cookie', ANSWERS[2]!.at(-1)!],
      ...['content-encoding', 'gzip', 'date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
    ]);
    refuse(decoder, 'c1');
  }
});

test('a block may stand anywhere in the memory, and lines are appended', () => {
  const bytes = bytesOf('ffff 8284 ffff');
  const lines = ['a', 'b'];
  assert.equal(new HpackDecoder().decode(bytes, 2, 4, lines, ANY, ANY), true);
  assert.deepEqual(lines, ['a', 'b', ':method', 'GET', ':path', '/']);
  assert.deepEqual(decode(new HpackDecoder(), ''), []);
});

test('every octet comes through as the character of its number', () => {
  for (const length of [1, 2, 4, 5, 126, 127, 128, 256]) {
    const value = Buffer.from(Array.from({ length }, (_, i) => 255 - i));
    const size = length < 127 ? [length] : [127, ((length - 127) & 127) | (length >= 255 ? 128 : 0)];
    if (length >= 255) size.push((length - 127) >> 7);
    const block = Buffer.concat([Buffer.from([0x00, 0x01, 0x78, ...size]), value]);
    assert.deepEqual(decode(new HpackDecoder(), block.toString('hex')), ['x', value.toString('latin1')]);
  }
});

test('a malformed block is an HpackError', () => {
  const cases: [what: string, hex: string][] = [
    ['index 0', '80'],
    ['an index behind the static table', 'be'],
    ['an index far behind the table', 'ffff7f'],
    ['a name behind the table, literal', '0f2f0161'],
    ['a name behind the table, added', '7e0161'],
    ['an index without its rest', 'ff'],
    ['an index without the end of its rest', 'ff80'],
    ['an integer of six more octets', 'ff808080808000'],
    ['a length of six more octets', `047f808080808000${'61'.repeat(127)}`],
    ['a size update without its rest', '3f'],
    ['an integer above 2^31 - 1', 'ff81ffffff07'],
    ['an integer that wraps to a small one at 32 bits', 'ff83ffffff0f'],
    ['a length that wraps', '007fffffffff0f61'],
    ['nothing behind a literal', '04'],
    ['nothing behind a name', '000161'],
    ['a name longer than the block', '00056162'],
    ['a value longer than the block', '04056162'],
    ['a value longer than the block by much', '047fffffff7f6162'],
    ['a Huffman-encoded value longer than the block', '0485f1'],
    ['a size update above the limit', '3fe21f'],
    ['a size update behind a field', '8220'],
    ['a size update behind a literal', '04016120'],
    ['padding of eight ones', '0482 1fff'],
    ['padding with a zero', '0481 18'],
    ['padding of zeros', '0482 1800'],
    ['nothing but padding', '0481 ff'],
    ['end of string', '0484 ffffffff'],
    ['end of string behind an octet', '0486 1fffffffffff'],
    ['a long code without its end', '0483 fffffe'],
    ['Huffman code in a name', '0082ffff0161'],
  ];
  for (const [what, hex] of cases) {
    refuse(new HpackDecoder(), hex.replaceAll(' ', ''), what);
    // The same behind a field or an update, but for what is wrong just because of its place.
    refuse(new HpackDecoder(), `2084${hex.replaceAll(' ', '')}`, what);
  }
});

test('what looks odd and is legal is decoded', () => {
  const cases: [hex: string, lines: string[]][] = [
    ['2020 3fe11f 82', [':method', 'GET']],
    ['3fe11f', []],
    ['0400', [':path', '']],
    ['0480', [':path', '']],
    ['0000 00', ['', '']],
    ['0481 1f', [':path', 'a']],
    ['0481 07', [':path', '0']],
    // A length in more octets than it needs.
    [`04 7f8000 ${'61'.repeat(127)}`, [':path', 'a'.repeat(127)]],
  ];
  for (const [hex, lines] of cases) assert.deepEqual(decode(new HpackDecoder(), hex), lines, hex);
});

test('a list that is too large is refused, and what it put into the table is there for the next block', () => {
  const bytes = bytesOf('4001610162 40 0163 0164 82');
  const cases: [maxListBytes: number, maxPairs: number, lines: string[] | undefined][] = [
    [34 + 34 + 42, 3, undefined],
    [34 + 34 + 41, 3, ['a', 'b', 'c', 'd']],
    [34 + 33, 3, ['a', 'b']],
    [33, 3, []],
    [0, 3, []],
    [ANY, 2, ['a', 'b', 'c', 'd']],
    [ANY, 1, ['a', 'b']],
    [ANY, 0, []],
  ];
  for (const [maxListBytes, maxPairs, kept] of cases) {
    const decoder = new HpackDecoder();
    const lines: string[] = [];
    assert.equal(decoder.decode(bytes, 0, bytes.length, lines, maxListBytes, maxPairs), kept === undefined);
    assert.deepEqual(lines, kept ?? ['a', 'b', 'c', 'd', ':method', 'GET']);
    assert.deepEqual(decode(decoder, 'bfbe'), ['a', 'b', 'c', 'd']);
  }
});

test('nothing is appended behind the field that was too much, however small it is', () => {
  const bytes = bytesOf(`82 04 64 ${'61'.repeat(100)} 82`);
  const lines: string[] = [];
  assert.equal(new HpackDecoder().decode(bytes, 0, bytes.length, lines, 42 + 100, ANY), false);
  assert.deepEqual(lines, [':method', 'GET']);
});

test('what is malformed is found behind the field that was too much', () => {
  for (const wrong of ['be', '0481ff', '00056162', '20', '80']) {
    const bytes = bytesOf(`82 82 ${wrong}`);
    assert.throws(() => new HpackDecoder().decode(bytes, 0, bytes.length, [], ANY, 1), HpackError);
  }
});

test('an entry as large as the table pushes all others out, a larger one empties it', () => {
  const decoder = new HpackDecoder();
  // Tables of 100 octets: 32 for the entry, 1 for the name, the rest for the value.
  const added = (length: number): string => `400161${length.toString(16).padStart(2, '0')}${'62'.repeat(length)}`;
  decode(decoder, `3f45${added(1)}${added(2)}`);
  assert.deepEqual(decode(decoder, 'bfbe'), ['a', 'b', 'a', 'bb']);
  decode(decoder, added(67));
  assert.deepEqual(decode(decoder, 'be'), ['a', 'b'.repeat(67)]);
  refuse(decoder, 'bf');
  assert.deepEqual(decode(decoder, added(68)), ['a', 'b'.repeat(68)]);
  refuse(decoder, 'be');
});

test('an entry may take its name from the one it pushes out', () => {
  const decoder = new HpackDecoder();
  decode(decoder, '3f45 40016101 62');
  assert.deepEqual(decode(decoder, `7e43${'63'.repeat(67)}`), ['a', 'c'.repeat(67)]);
  assert.deepEqual(decode(decoder, 'be'), ['a', 'c'.repeat(67)]);
});

test('a table that shrinks drops its oldest entries, and one of size 0 holds nothing', () => {
  const decoder = new HpackDecoder();
  decode(decoder, '40016101 62 40016301 64');
  assert.deepEqual(decode(decoder, '3f24 be'), ['c', 'd']);
  refuse(decoder, 'bf');
  decode(decoder, '20 3fe11f');
  refuse(decoder, 'be');
  decode(decoder, '20 40016101 62');
  refuse(decoder, 'be');
});

test('the limit of size updates is what was announced', () => {
  assert.deepEqual(decode(new HpackDecoder(8192), '3fe13f'), []);
  refuse(new HpackDecoder(8192), '3fe23f');
  refuse(new HpackDecoder(1024), '3fe11f');
});

test('a table holds many entries, in their order', () => {
  const decoder = new HpackDecoder();
  const name = (i: number): string => (100 + (i % 100)).toString(16);
  // 4096 octets are 124 entries of 33.
  decode(decoder, Array.from({ length: 300 }, (_, i) => `4001${name(i).padStart(2, '0')}00`).join(''));
  for (let age = 0; age < 124; age++) {
    const index = 62 + age;
    const hex = index < 127 ? (0x80 | index).toString(16) : `ff${(index - 127).toString(16).padStart(2, '0')}`;
    assert.deepEqual(decode(decoder, hex), [String.fromCharCode(100 + ((299 - age) % 100)), '']);
  }
  refuse(decoder, 'ff3b');
});
