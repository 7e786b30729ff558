// Heads and trailers of HTTP/2 (RFC 9113 section 8): what is malformed resets its stream and never becomes a request.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { END_HEADERS, END_STREAM, type Fields, FRAME, frame, headers, request } from './http2-frames.ts';
import { answerLength, dataOf, isEnded, post, serveHttp2 } from './http2-rig.ts';
import { until } from './rig.ts';

const PROTOCOL = 1;
const LAST = 99;
const rig = await serveHttp2({ onRequest: answerLength });
const data = (text: string, flags: number = END_STREAM): Buffer => frame(FRAME.data, flags, 1, Buffer.from(text));
const open = (length: string): Buffer => headers(1, post('/', [['content-length', length]]), END_HEADERS);
const trailing = (fields: Fields): Buffer =>
  Buffer.concat([headers(1, post(), END_HEADERS), data('abc', 0), headers(1, fields)]);

const MALFORMED: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['no fields at all', headers(1, [])],
  ['a space in front of a value', headers(1, request('/', [['x-a', ' b']]))],
  ['a tab behind a value', headers(1, request('/', [['x-a', 'b\t']]))],
  ['a space behind a cookie', headers(1, request('/', [['cookie', 'a=b ']]))],
  ['nothing but a space', headers(1, request('/', [['x-a', ' ']]))],
  ['a method twice', headers(1, [[':method', 'GET'], ...request('/')])],
  ['a scheme twice', headers(1, [[':scheme', 'http'], ...request('/')])],
  ['an authority twice', headers(1, [[':authority', 'a.test'], ...request('/')])],
  ['a status', headers(1, [...request('/'), [':status', '200']])],
  ['another protocol', headers(1, [...request('/'), [':protocol', 'websocket']])],
  ['a capital in the name of a pseudo header', headers(1, [...request('/').slice(1), [':Method', 'GET']])],
  ['a body longer than it says, in its last frame', Buffer.concat([open('2'), data('abc')])],
  ['a body longer than it says, before its end', Buffer.concat([open('2'), data('abc', 0)])],
  ['a body shorter than it says', Buffer.concat([open('4'), data('abc')])],
  ['no body where it says one', Buffer.concat([open('1'), data('')])],
  ['a body where it says none', Buffer.concat([open('0'), data('a')])],
  [
    'a body shorter than it says, before trailers',
    Buffer.concat([open('4'), data('abc', 0), headers(1, [['x', 'y']])]),
  ],
  ['a length that is empty', open('')],
  ['a length of hexadecimal digits', open('0x1')],
  ['a list of lengths', open('3, 3')],
  ['trailers with a path', trailing([[':path', '/x']])],
  ['trailers with a capital', trailing([['X-A', 'b']])],
  ['trailers with a line break in a value', trailing([['x-a', 'b\r\nx: y']])],
  ['trailers with a line break in a name', trailing([['x\r\ny', 'b']])],
  ['trailers without a name', trailing([['', 'b']])],
];

describe('malformed: the stream is reset, nobody hears of it, and the connection goes on', () => {
  for (const [what, bytes] of MALFORMED) {
    test(what, async () => {
      const client = rig.connect();
      client.send(bytes, headers(LAST, request('/')));
      await until(() => isEnded(client, LAST), 'a later request is answered');
      assert.equal(client.resetOf(1), PROTOCOL);
      assert.deepEqual(
        client.frames.filter(({ stream, type }) => stream === 1 && type !== FRAME.reset && type !== FRAME.windowUpdate),
        [],
      );
      client.socket.destroy();
    });
  }
});

describe('well-formed, and arrives as it was meant', () => {
  const cases: readonly (readonly [what: string, bytes: Buffer, answer: string])[] = [
    ['a length that is kept', Buffer.concat([open('3'), data('abc')]), '3'],
    ['a length that is kept in two frames', Buffer.concat([open('3'), data('ab', 0), data('c')]), '3'],
    [
      'a length that is kept before trailers',
      Buffer.concat([open('3'), data('abc', 0), headers(1, [['x', 'y']])]),
      '3',
    ],
    ['a length of nothing', headers(1, request('/', [['content-length', '0']])), '0'],
    ['an empty value', headers(1, request('/', [['x-a', '']])), '0'],
    ['a value with spaces and tabs inside', headers(1, request('/', [['x-a', 'b \t c']])), '0'],
    ['a value of bytes above 127', headers(1, request('/', [['x-a', '\xff\x80']])), '0'],
    ['trailers', trailing([['x-a', 'b']]), '3'],
    ['no trailers where they were to be', trailing([]), '3'],
  ];
  for (const [what, bytes, answer] of cases) {
    test(what, async () => {
      const client = rig.connect();
      client.send(bytes);
      await until(() => isEnded(client, 1), 'it is answered');
      assert.equal(dataOf(client, 1).toString(), answer);
      client.socket.destroy();
    });
  }

  test('cookies in pieces are one line, and trailers that say who the client is are left out', async () => {
    const client = rig.connect();
    const fields = post('/cookies', [
      ['cookie', 'a=1'],
      ['x', 'y'],
      ['cookie', 'b=2'],
    ]);
    client.send(
      headers(1, fields, END_HEADERS),
      data('abc', 0),
      headers(1, [
        ['x-t', '1'],
        ['authorization', 'me'],
      ]),
    );
    await until(() => isEnded(client, 1), 'it is answered');
    const exchange = rig.exchanges.find(({ target }) => target === '/cookies');
    assert.equal(exchange?.headers.get('cookie'), 'a=1; b=2');
    assert.deepEqual([...(exchange?.body.trailers?.entries() ?? [])], [['x-t', '1']]);
    client.socket.destroy();
  });
});
