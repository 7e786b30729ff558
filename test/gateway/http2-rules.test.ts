// The rules of HTTP/2 for frames and streams (RFC 9113 sections 4 to 6), as tables: what a client sends, and what it hears.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ACK,
  block,
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  headers,
  PADDED,
  PREFACE,
  PRIORITY,
  request,
  setting,
  uint32,
} from './http2-frames.ts';
import { answerLength, dataOf, isEnded, post, serveHttp2 } from './http2-rig.ts';
import { until } from './rig.ts';

const PROTOCOL = 1;
const FLOW = 3;
const CLOSED = 5;
const SIZE = 6;
const COMPRESSION = 9;
const CALM = 11;
const ANY_REQUEST = block(request('/'));
const OPEN = headers(1, post(), END_HEADERS);
const DONE = headers(1, request('/'));
/** Later than all others. */
const LAST = 99;

const rig = await serveHttp2({ onRequest: answerLength });

const join = (...parts: Uint8Array[]): Buffer => Buffer.concat(parts);
const padded = (length: number, rest: Uint8Array): Buffer => join(Buffer.from([length]), rest);
const settings = (...values: (readonly [name: number, value: number])[]): Buffer =>
  frame(FRAME.settings, 0, 0, join(...values.map(([name, value]) => setting(name, value))));
const priority = (parent: number): Buffer => join(uint32(parent), Buffer.from([15]));
const grant = (stream: number, size: number): Buffer => frame(FRAME.windowUpdate, 0, stream, uint32(size));
const ping = (flags: number, size = 8, stream = 0): Buffer => frame(FRAME.ping, flags, stream, Buffer.alloc(size, 'p'));

/** A head in pieces, which stand between HEADERS and its end. */
const around = (...between: Buffer[]): Buffer =>
  join(
    frame(FRAME.headers, END_STREAM, 1, ANY_REQUEST.subarray(0, 10)),
    ...between,
    frame(FRAME.continuation, END_HEADERS, 1, ANY_REQUEST.subarray(10)),
  );

type Case = readonly [what: string, bytes: Buffer, code: number];

const ENDS_CONNECTION: Record<string, readonly Case[]> = {
  'the size of a frame': [
    ['above what was announced', frame(FRAME.data, 0, 1, Buffer.alloc(16_385)), SIZE],
    ['above it, of an unknown kind', frame(99, 0, 0, Buffer.alloc(16_385)), SIZE],
    ['settings of 5 bytes', frame(FRAME.settings, 0, 0, Buffer.alloc(5)), SIZE],
    ['settings that are acknowledged and say something', frame(FRAME.settings, ACK, 0, setting(1, 0)), SIZE],
    ['a ping of 7 bytes', ping(0, 7), SIZE],
    ['a ping of 9 bytes', ping(0, 9), SIZE],
    ['a reset of 3 bytes', join(OPEN, frame(FRAME.reset, 0, 1, Buffer.alloc(3))), SIZE],
    ['a reset of 5 bytes', join(OPEN, frame(FRAME.reset, 0, 1, Buffer.alloc(5))), SIZE],
    ['a window update of 3 bytes', frame(FRAME.windowUpdate, 0, 0, Buffer.alloc(3)), SIZE],
    ['a window update of 5 bytes on a stream', join(OPEN, frame(FRAME.windowUpdate, 0, 1, Buffer.alloc(5))), SIZE],
    ['a goodbye of 7 bytes', frame(FRAME.goaway, 0, 0, Buffer.alloc(7)), SIZE],
    ['padding without its length, of data', join(OPEN, frame(FRAME.data, PADDED, 1)), SIZE],
    ['padding without its length, of a head', frame(FRAME.headers, PADDED | END_HEADERS, 1), SIZE],
    ['a head without the priority that it speaks of', frame(FRAME.headers, PRIORITY | END_HEADERS, 1, uint32(0)), SIZE],
  ],
  'the stream of a frame': [
    ['data on stream 0', frame(FRAME.data, 0, 0, Buffer.from('x')), PROTOCOL],
    ['a head on stream 0', headers(0, request('/')), PROTOCOL],
    ['a priority on stream 0', frame(FRAME.priority, 0, 0, priority(3)), PROTOCOL],
    ['a reset on stream 0', frame(FRAME.reset, 0, 0, uint32(0)), PROTOCOL],
    ['settings on a stream', frame(FRAME.settings, 0, 1), PROTOCOL],
    ['a ping on a stream', ping(0, 8, 1), PROTOCOL],
    ['a goodbye on a stream', frame(FRAME.goaway, 0, 1, Buffer.alloc(8)), PROTOCOL],
    ['a continuation on stream 0', frame(FRAME.continuation, END_HEADERS, 0, ANY_REQUEST), PROTOCOL],
    ['a head on a stream with an even number', headers(2, request('/')), PROTOCOL],
    ['a push', frame(FRAME.pushPromise, END_HEADERS, 1, join(uint32(2), ANY_REQUEST)), PROTOCOL],
  ],
  'the state of a stream': [
    ['data on one that was never opened', frame(FRAME.data, 0, 1, Buffer.from('x')), PROTOCOL],
    ['a reset of one that was never opened', frame(FRAME.reset, 0, 1, uint32(8)), PROTOCOL],
    ['a window for one that was never opened', grant(1, 10), PROTOCOL],
    ['a window for one of ours', grant(2, 10), PROTOCOL],
    ['a reset of one of ours', frame(FRAME.reset, 0, 2, uint32(8)), PROTOCOL],
    ['data on one of ours', frame(FRAME.data, 0, 2, Buffer.from('x')), PROTOCOL],
    ['a head on a lower one than before', join(headers(5, request('/')), headers(3, request('/'))), CLOSED],
    ['a second request on one that the client reset', join(OPEN, frame(FRAME.reset, 0, 1, uint32(8)), DONE), CLOSED],
  ],
  'the pieces of a head': [
    ['a continuation of nothing', join(DONE, frame(FRAME.continuation, END_HEADERS, 1, ANY_REQUEST)), PROTOCOL],
    ['a ping in between', around(ping(0)), PROTOCOL],
    ['data in between', around(frame(FRAME.data, 0, 1)), PROTOCOL],
    ['another head in between', around(headers(3, request('/'))), PROTOCOL],
    ['an unknown frame in between', around(frame(99, 0, 1)), PROTOCOL],
    ['a piece of another stream in between', around(frame(FRAME.continuation, 0, 3)), PROTOCOL],
    ['more of them than we take', around(...Array.from({ length: 200 }, () => frame(FRAME.continuation, 0, 1))), CALM],
    [
      'too large together',
      around(...Array.from({ length: 6 }, () => frame(FRAME.continuation, 0, 1, Buffer.alloc(16_000)))),
      CALM,
    ],
    [
      'no header block at all',
      frame(FRAME.headers, END_STREAM | END_HEADERS, 1, Buffer.from([0xff, 0xff])),
      COMPRESSION,
    ],
    ['an index that nothing has', frame(FRAME.headers, END_STREAM | END_HEADERS, 1, Buffer.from([0xfe])), COMPRESSION],
    ['a table larger than allowed', frame(FRAME.headers, END_HEADERS, 1, Buffer.from([0x3f, 0xe2, 0x1f])), COMPRESSION],
  ],
  padding: [
    [
      'as long as the data with its length',
      join(OPEN, frame(FRAME.data, PADDED, 1, padded(4, Buffer.alloc(3)))),
      PROTOCOL,
    ],
    [
      'longer than a head',
      frame(FRAME.headers, PADDED | END_HEADERS, 1, padded(250, ANY_REQUEST.subarray(0, 20))),
      PROTOCOL,
    ],
    [
      'longer than a head with a priority',
      frame(FRAME.headers, PADDED | PRIORITY | END_HEADERS, 1, padded(1, priority(0))),
      PROTOCOL,
    ],
  ],
  'the values of settings': [
    ['a push that is neither 0 nor 1', settings([2, 2]), PROTOCOL],
    ['a window above 2^31 - 1', settings([4, 0x80000000]), FLOW],
    ['frames below 16 KiB', settings([5, 16_383]), PROTOCOL],
    ['frames above 16 MiB', settings([5, 16_777_216]), PROTOCOL],
    ['more of them than anybody has', settings(...Array.from({ length: 33 }, () => [99, 1] as const)), CALM],
    [
      'a window that overflows that of a stream',
      join(settings([4, 0]), OPEN, grant(1, 0x7fffffff), settings([4, 1])),
      FLOW,
    ],
  ],
  'the window of the connection': [
    ['grown by nothing', grant(0, 0), PROTOCOL],
    ['grown above 2^31 - 1', grant(0, 0x7fffffff), FLOW],
    ['grown above it in two steps', join(grant(0, 0x7fff0000), grant(0, 0x7fff0000)), FLOW],
  ],
};

const RESETS_STREAM: Record<string, readonly Case[]> = {
  'what stands against the state of a stream': [
    [
      'data behind its end',
      join(OPEN, frame(FRAME.data, END_STREAM, 1), frame(FRAME.data, 0, 1, Buffer.from('x'))),
      CLOSED,
    ],
    ['a head behind its end', join(OPEN, frame(FRAME.data, END_STREAM, 1), headers(1, [['x', 'y']])), CLOSED],
    [
      'data on one that the client reset',
      join(OPEN, frame(FRAME.reset, 0, 1, uint32(8)), frame(FRAME.data, 0, 1, Buffer.from('x'))),
      CLOSED,
    ],
    ['a second head that does not end it', join(OPEN, headers(1, [['x', 'y']], END_HEADERS)), PROTOCOL],
  ],
  'its window': [
    ['grown by nothing', join(OPEN, grant(1, 0)), PROTOCOL],
    ['grown above 2^31 - 1', join(OPEN, grant(1, 0x7fffffff)), FLOW],
  ],
  'its priority': [
    ['below itself, in a frame', join(OPEN, frame(FRAME.priority, 0, 1, priority(1))), PROTOCOL],
    [
      'below itself, in a head',
      frame(FRAME.headers, PRIORITY | END_HEADERS | END_STREAM, 1, join(priority(1), ANY_REQUEST)),
      PROTOCOL,
    ],
    ['of 4 bytes', join(OPEN, frame(FRAME.priority, 0, 1, uint32(0))), SIZE],
  ],
};

/** What is odd and allowed: the request on stream 1 is answered. */
const ANSWERED: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['a head in one frame', DONE],
  ['a head in pieces, one of them empty', around(frame(FRAME.continuation, 0, 1), frame(FRAME.continuation, 0, 1))],
  [
    'a head whose first piece is empty',
    join(frame(FRAME.headers, END_STREAM, 1), frame(FRAME.continuation, END_HEADERS, 1, ANY_REQUEST)),
  ],
  [
    'a padded head',
    frame(FRAME.headers, PADDED | END_HEADERS | END_STREAM, 1, padded(9, join(ANY_REQUEST, Buffer.alloc(9)))),
  ],
  [
    'padding that is not of zeros',
    frame(FRAME.headers, PADDED | END_HEADERS | END_STREAM, 1, padded(3, join(ANY_REQUEST, Buffer.alloc(3, 1)))),
  ],
  [
    'a head with a priority',
    frame(FRAME.headers, PRIORITY | END_HEADERS | END_STREAM, 1, join(priority(0x80000007), ANY_REQUEST)),
  ],
  [
    'a padded head with a priority',
    frame(FRAME.headers, 0x2d, 1, padded(2, join(priority(3), ANY_REQUEST, Buffer.alloc(2)))),
  ],
  ['flags that nobody knows', frame(FRAME.headers, 0xff & ~PADDED & ~PRIORITY, 1, ANY_REQUEST)],
  ['the reserved bit of a stream', headers(0x80000001, request('/'))],
  [
    'frames of an unknown kind',
    join(frame(99, 0xff, 0), OPEN, frame(42, 0xff, 1, Buffer.alloc(9)), frame(FRAME.data, END_STREAM, 1)),
  ],
  ['settings of an unknown kind', join(settings([99, 7], [0xffff, 0xffffffff]), DONE)],
  ['settings that come twice', join(settings([4, 1], [4, 100_000], [1, 0], [1, 4096]), DONE)],
  [
    'the least and the most of settings',
    join(settings([2, 0], [5, 16_384]), settings([5, 16_777_215], [4, 0x7fffffff], [3, 0]), DONE),
  ],
  ['acknowledged settings', join(frame(FRAME.settings, ACK, 0), DONE)],
  ['a priority before there is a stream', join(frame(FRAME.priority, 0, 7, priority(1)), DONE)],
  ['a ping that answers nothing', join(ping(ACK), DONE)],
  ['an end without data', join(OPEN, frame(FRAME.data, END_STREAM, 1))],
  ['nothing but padding', join(OPEN, frame(FRAME.data, PADDED | END_STREAM, 1, padded(2, Buffer.alloc(2))))],
  ['trailers', join(OPEN, frame(FRAME.data, 0, 1, Buffer.from('x')), headers(1, [['x-a', 'b']]))],
  ['the largest frame', join(OPEN, frame(FRAME.data, END_STREAM, 1, Buffer.alloc(16_384)))],
  ['a window that grows to 2^31 - 1', join(OPEN, grant(1, 0x7fffffff - 65_535), frame(FRAME.data, END_STREAM, 1))],
  ['a connection that grows to 2^31 - 1', join(grant(0, 0x7fffffff - 65_535), DONE)],
];

for (const [group, cases] of Object.entries(ENDS_CONNECTION)) {
  describe(`the connection ends for ${group}`, () => {
    for (const [what, bytes, code] of cases) {
      test(what, async () => {
        const client = rig.connect();
        client.send(bytes, headers(LAST, request('/')));
        await until(() => client.isClosed, 'it is closed');
        assert.equal(client.goaway(), code);
        assert.equal(isEnded(client, LAST), false);
      });
    }
  });
}

for (const [group, cases] of Object.entries(RESETS_STREAM)) {
  describe(`a stream is reset, and the connection goes on, for ${group}`, () => {
    for (const [what, bytes, code] of cases) {
      test(what, async () => {
        const client = rig.connect();
        client.send(bytes, headers(LAST, request('/')));
        await until(() => isEnded(client, LAST), 'a later request is answered');
        assert.equal(client.resetOf(1), code);
        assert.equal(isEnded(client, 1), false);
        client.socket.destroy();
      });
    }
  });
}

describe('a request is answered in spite of', () => {
  for (const [what, bytes] of ANSWERED) {
    test(what, async () => {
      const client = rig.connect();
      client.send(bytes);
      await until(() => isEnded(client, 1), 'it is answered');
      client.send(headers(LAST, request('/')));
      await until(() => isEnded(client, LAST), 'and a later one');
      assert.deepEqual([client.resetOf(1), client.goaway()], [undefined, undefined]);
      client.socket.destroy();
    });
  }
});

describe('a connection begins', () => {
  const first: [what: string, bytes: Buffer, code: number | undefined][] = [
    ['with another preface', Buffer.from('PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n'), PROTOCOL],
    ['with a request of HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'), PROTOCOL],
    ['with a head before its settings', join(Buffer.from(PREFACE), DONE), PROTOCOL],
    ['with acknowledged settings', join(Buffer.from(PREFACE), frame(FRAME.settings, ACK, 0), DONE), PROTOCOL],
    ['with a ping', join(Buffer.from(PREFACE), ping(0)), PROTOCOL],
    ['with settings', join(Buffer.from(PREFACE), settings([4, 100]), DONE), undefined],
  ];
  for (const [what, bytes, code] of first) {
    test(`${what}: ${code === undefined ? 'it is served' : 'it ends'}`, async () => {
      const client = rig.connect(bytes);
      await until(() => (code === undefined ? isEnded(client, 1) : client.isClosed), 'it has an outcome');
      assert.equal(client.goaway(), code);
      client.socket.destroy();
    });
  }

  test('and each of its settings is acknowledged, each ping answered with what it said', async () => {
    const client = rig.connect();
    client.send(settings([4, 5]), frame(FRAME.ping, 0, 0, Buffer.from('12345678')), settings());
    const acks = (): number =>
      client.frames.filter(({ type, flags }) => type === FRAME.settings && flags === ACK).length;
    await until(() => acks() === 3, 'three are acknowledged');
    const pongs = client.frames.filter(({ type }) => type === FRAME.ping);
    assert.deepEqual(
      pongs.map(({ flags, payload }) => [flags, payload.toString()]),
      [[ACK, '12345678']],
    );
    client.socket.destroy();
  });

  test('byte by byte as well as at once', async () => {
    const client = rig.connect(Buffer.alloc(0));
    const bytes = join(
      Buffer.from(PREFACE),
      settings([4, 100]),
      OPEN,
      frame(FRAME.data, END_STREAM, 1, Buffer.from('12345')),
    );
    for (const byte of bytes) {
      client.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => isEnded(client, 1), 'it is answered');
    assert.equal(dataOf(client, 1).toString(), '5');
    client.socket.destroy();
  });
});

describe('a client that says goodbye', () => {
  test('is served what it asked for before, and then the connection ends', async () => {
    const client = rig.connect();
    client.send(OPEN, frame(FRAME.goaway, 0, 0, Buffer.alloc(8)), frame(FRAME.goaway, 0, 0, Buffer.alloc(20)));
    client.send(headers(3, request('/')), frame(FRAME.data, END_STREAM, 1, Buffer.from('123')));
    await until(() => client.isClosed, 'it is closed');
    assert.equal(dataOf(client, 1).toString(), '3');
    assert.equal(isEnded(client, 1), true);
    assert.equal(client.resetOf(3), 7);
    assert.equal(client.goaway(), 0);
  });
});
