// What costs us and not the client of HTTP/2: floods end their connection, and what a client does not take does not pile up.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { mock, test } from 'node:test';
import { HeaderList } from '../../src/gateway/http1/headers.ts';
import { keepBytes, wereBytesKept } from '../../src/gateway/http1/lent-bytes.ts';
import { FrameWriter } from '../../src/gateway/http2/frame-writer.ts';
import { Patience } from '../../src/gateway/http2/patience.ts';
import { END_HEADERS, END_STREAM, FRAME, type FrameClient, frame, headers, request, uint32 } from './http2-frames.ts';
import { answerLength, answerOk, isAnswered, isEnded, noLines, pause, post, serveHttp2 } from './http2-rig.ts';
import { until } from './rig.ts';

const CALM = 11;
const reset = (stream: number, code: number): Buffer => frame(FRAME.reset, 0, stream, uint32(code));
const streams = (count: number, make: (stream: number) => Buffer[]): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.concat(make(2 * i + 1))));

const FLOODS: [what: string, bytes: () => Buffer][] = [
  ['resets that say that nothing is wrong', () => streams(500, (id) => [headers(id, request('/')), reset(id, 0)])],
  ['resets, all in one read', () => streams(500, (id) => [headers(id, request('/')), reset(id, 8)])],
  ['heads that are malformed', () => streams(500, (id) => [headers(id, request('/', [['X', 'y']]))])],
  [
    'bodies that are not as long as they say',
    () => streams(500, (id) => [headers(id, request('/', [['content-length', '5']]))]),
  ],
  [
    'priorities of themselves',
    () =>
      streams(500, (id) => [headers(id, request('/')), frame(2, 0, id, Buffer.concat([uint32(id), Buffer.alloc(1)]))]),
  ],
  [
    'windows that overflow',
    () => streams(500, (id) => [headers(id, request('/')), frame(FRAME.windowUpdate, 0, id, uint32(0x7fffffff))]),
  ],
  ['second heads', () => streams(500, (id) => [headers(id, post(), END_HEADERS), headers(id, post(), END_HEADERS)])],
  [
    'data behind the end',
    () => streams(500, (id) => [headers(id, request('/')), frame(FRAME.data, 0, id, Buffer.alloc(1))]),
  ],
  ['streams above the limit', () => streams(5000, (id) => [headers(id, request('/'))])],
  [
    'heads on a stream that was reset',
    () =>
      Buffer.concat([
        headers(1, request('/', [['X', 'y']])),
        ...Array.from({ length: 3000 }, () => headers(1, request('/'))),
      ]),
  ],
  [
    'resets of streams that are over',
    () => Buffer.concat([headers(1, request('/')), ...Array.from({ length: 3000 }, () => reset(1, 8))]),
  ],
  [
    'frames of an unknown kind',
    () => Buffer.concat(Array.from({ length: 3000 }, () => frame(77, 0, 1, Buffer.alloc(3)))),
  ],
  [
    'padding without data',
    () =>
      Buffer.concat([
        headers(1, post(), END_HEADERS),
        ...Array.from({ length: 3000 }, () => frame(FRAME.data, 8, 1, Buffer.from([0]))),
      ]),
  ],
  [
    'updates of windows',
    () =>
      Buffer.concat([
        headers(1, request('/')),
        ...Array.from({ length: 30_000 }, () => frame(FRAME.windowUpdate, 0, 0, uint32(1))),
      ]),
  ],
];

for (const [what, bytes] of FLOODS) {
  test(`${what}: a flood ends its connection`, async () => {
    const rig = await serveHttp2({ onRequest: () => undefined });
    const client = rig.connect();
    client.send(bytes());
    await until(() => client.isClosed, 'it is closed');
    assert.equal(client.goaway(), CALM);
    assert.ok(rig.exchanges.length <= 128, `${rig.exchanges.length} requests were begun`);
    await until(() => rig.finished.length === rig.exchanges.length, 'all of them ended');
    await rig.close();
  });
}

test('a flood of goodbyes ends the connection of a request that still runs', async () => {
  const rig = await serveHttp2({ onRequest: () => undefined });
  const client = rig.connect();
  const goodbye = frame(FRAME.goaway, 0, 0, Buffer.alloc(8));
  client.send(headers(1, request('/')), ...Array.from({ length: 1_100 }, () => goodbye));
  await until(() => client.isClosed, 'it is closed');
  const codes = client.frames.filter(({ type }) => type === FRAME.goaway).map(({ payload }) => payload.readUInt32BE(4));
  assert.deepEqual(codes, [0, CALM]);
  await rig.close();
});

test('a client that was sent away and does not read the rest is not waited for', async () => {
  const rig = await serveHttp2({
    limits: { sendStallTimeoutMs: 300 },
    onRequest(exchange) {
      exchange.startResponse(200, undefined, noLines(), undefined);
      const chunk = Buffer.alloc(16_384);
      while (exchange.write(chunk));
    },
  });
  const client = rig.connect();
  client.send(frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])));
  client.send(frame(FRAME.windowUpdate, 0, 0, uint32(0x7fff0000)));
  await until(() => client.frames.length > 2, 'the windows are open');
  client.socket.pause();
  client.send(headers(1, request('/')));
  await until(() => rig.sockets[0]?.writableNeedDrain === true, 'its socket is full');
  client.send(frame(FRAME.data, 0, 0, Buffer.alloc(1)));
  await until(() => rig.server.connectionCount === 0, 'it is gone');
  assert.equal(rig.finished.length, 1);
  await rig.close();
});

test('who has its answer may stop its upload any number of times', async () => {
  const rig = await serveHttp2();
  const client = rig.connect();
  let stream = 1;
  for (let batch = 0; batch < 5; batch++) {
    const ids = Array.from({ length: 40 }, () => (stream += 2) - 2);
    client.send(...ids.map((id) => headers(id, post(), END_HEADERS)));
    await until(() => ids.every((id) => isEnded(client, id)), 'answers');
    client.send(...ids.map((id) => reset(id, 0)));
  }
  client.send(headers(stream, request('/')));
  await until(() => isEnded(client, stream), 'an answer');
  assert.equal(client.goaway(), undefined);
  await rig.close();
});

test('who grants what it takes in small pieces is borne, who grants for nothing is not', () => {
  const taker = new Patience();
  for (let i = 0; i < 100_000; i++) assert.ok(taker.bearsGrant(i * 2_048));
  const flooder = new Patience();
  let borne = 0;
  while (flooder.bearsGrant(0)) borne++;
  assert.equal(borne, 20_000);
});

test('a clock that is set back makes nobody an attacker', async () => {
  const patience = new Patience();
  let time = Date.now();
  const clock = mock.method(Date, 'now', () => time);
  patience.bearsEmpty();
  time -= 3_600_000;
  for (let second = 0; second < 3; second++) {
    await pause(5);
    for (let i = 0; i < 900; i++) assert.ok(patience.bearsEmpty());
    time += 1_000;
  }
  clock.mock.restore();
});

test('heads of answers do not pile up before a client that reads nothing', async () => {
  let most = 0;
  const lines = HeaderList.from([['x-long', 'v'.repeat(8_000)]]);
  const rig = await serveHttp2({
    onRequest(exchange) {
      exchange.respond(204, undefined, lines);
      most = Math.max(most, (rig.sockets[0] as Socket).writableLength);
    },
  });
  const client = rig.connect();
  client.socket.pause();
  for (let from = 1; from < 10_000; from += 200) {
    client.send(Buffer.concat(Array.from({ length: 100 }, (_, i) => headers(from + 2 * i, request('/')))));
    await pause(2);
  }
  await until(() => most > 262_144, 'the socket is full');
  const before = rig.exchanges.length;
  await pause(200);
  assert.equal(rig.exchanges.length, before);
  assert.ok(before < 5_000 && most < 1_500_000, `${most} bytes wait`);
  client.socket.resume();
  await until(() => rig.exchanges.length > before, 'it goes on');
  await rig.close();
});

test('frames that wait behind others hold memory of their own size only', () => {
  const written: Buffer[] = [];
  const socket = { destroyed: false, writableLength: 1, write: (bytes: Buffer) => written.push(bytes) };
  const writer = new FrameWriter(socket as unknown as Socket);
  writer.settingsAck();
  writer.flush();
  assert.equal(written[0]?.buffer.byteLength, 9);
  socket.writableLength = 0;
  writer.settingsAck();
  writer.flush();
  assert.deepEqual(written[1], written[0]);
});

test('a client that reads nothing stops the answer', async () => {
  let written = 0;
  const rig = await serveHttp2({
    onRequest(exchange) {
      exchange.startResponse(200, undefined, noLines(), undefined);
      const chunk = Buffer.alloc(16_384);
      const write = (): void => {
        do written += chunk.length;
        while (exchange.write(chunk));
      };
      exchange.onDrain = write;
      write();
    },
  });
  const client = rig.connect();
  client.send(frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff])));
  client.send(frame(FRAME.windowUpdate, 0, 0, uint32(0x7fff0000)));
  await until(() => client.frames.length > 2, 'the windows are open');
  client.socket.pause();
  client.send(streams(100, (id) => [headers(id, request('/'))]));
  await until(() => rig.exchanges.length === 100, 'the requests are there');
  await pause(300);
  const before = written;
  await pause(300);
  assert.equal(written, before);
  assert.ok((rig.sockets[0] as Socket).writableLength < 500_000);
  await rig.close();
});

test('bodies that nobody reads are taken up to their window, and no further', async () => {
  const rig = await serveHttp2({ onRequest: () => undefined });
  const client = rig.connect();
  client.send(headers(1, post(), END_HEADERS));
  for (let i = 0; i < 4; i++) client.send(frame(FRAME.data, 0, 1, Buffer.alloc(16_000)));
  await pause(100);
  assert.equal(client.frames.filter((one) => one.type === FRAME.windowUpdate && one.stream === 1).length, 0);
  client.send(frame(FRAME.data, 0, 1, Buffer.alloc(1_536)));
  await until(() => client.goaway() !== undefined, 'one byte too many');
  assert.equal(client.goaway(), 3);
  await rig.close();
});

test('uploads that nobody reads do not stop one that is read', async () => {
  const rig = await serveHttp2({
    onRequest: (exchange) => (exchange.target === '/held' ? undefined : answerLength(exchange)),
  });
  const client = rig.connect();
  for (let stream = 1; stream < 29; stream += 2) {
    client.send(headers(stream, post('/held'), END_HEADERS));
    for (const size of [16_384, 16_384, 16_384, 16_383]) client.send(frame(FRAME.data, 0, stream, Buffer.alloc(size)));
  }
  client.send(headers(31, post('/read'), END_HEADERS));
  let window = 1_048_576 - 14 * 65_535;
  for (let i = 0; i < 100; i++) {
    await until(() => window + granted(client) >= 8_000, `there is window for piece ${i}`);
    window -= 8_000;
    client.send(frame(FRAME.data, i === 99 ? END_STREAM : 0, 31, Buffer.alloc(8_000)));
  }
  await until(() => isEnded(client, 31), 'an answer');
  await rig.close();
});

/** To the connection, behind what it got at its beginning. */
const granted = (client: FrameClient): number =>
  client.frames
    .filter((one) => one.type === FRAME.windowUpdate && one.stream === 0)
    .slice(1)
    .reduce((sum, one) => sum + one.payload.readUInt32BE(0), 0);

test('a client that goes on after a goodbye is told which stream was the last', async () => {
  const rig = await serveHttp2({ limits: { requestsPerConnection: 5 } });
  const client = rig.connect();
  for (let stream = 1; stream < 3_000 && !client.isClosed; stream += 200) {
    client.send(Buffer.concat(Array.from({ length: 100 }, (_, i) => headers(stream + 2 * i, request('/')))));
    await pause(5);
  }
  await until(() => client.isClosed, 'it is closed');
  assert.ok(rig.exchanges.length < 1_100, `${rig.exchanges.length} requests`);
  const lasts = client.frames.filter((one) => one.type === FRAME.goaway).map((one) => one.payload.readUInt32BE(0));
  assert.equal(lasts.length, 2);
  assert.equal(lasts[0], 0x7fffffff);
  assert.ok((lasts[1] as number) > 2_000 && (lasts[1] as number) < 2_400, `${lasts[1]}`);
  await rig.close();
});

test('an idle client may still ask while it hears that the gateway goes, and is waited for no longer than a moment', async () => {
  const rig = await serveHttp2({ onRequest: (exchange) => void setTimeout(() => answerOk(exchange), 100) });
  const [idle, asking] = [rig.connect(), rig.connect()];
  for (const client of [idle, asking]) client.send(headers(1, request('/')));
  await until(() => isEnded(idle, 1) && isEnded(asking, 1), 'answers');
  const drained = rig.server.drain();
  asking.send(headers(3, request('/')));
  await until(() => isEnded(asking, 3), 'an answer');
  await until(() => idle.isClosed && asking.isClosed, 'both are closed');
  await drained;
  const lasts = asking.frames.filter((one) => one.type === FRAME.goaway).map((one) => one.payload.readUInt32BE(0));
  assert.deepEqual(lasts, [0x7fffffff, 3]);
  await rig.close();
});

test('a refusal that counts does not hide that the request before it is answered', async () => {
  const rig = await serveHttp2();
  const client = rig.connect();
  client.send(headers(1, request('/')), headers(3, request('/', [['X', 'y']])), headers(5, request('/')));
  await until(() => isEnded(client, 1) && isEnded(client, 5), 'both are answered');
  assert.equal(client.resetOf(3), 1);
  assert.equal(isAnswered(client, 3), false);
  await rig.close();
});

test('all chunks that were kept in a call are known to whoever lent them', () => {
  const [lent, other] = [Buffer.alloc(10_000), Buffer.alloc(10_000)];
  keepBytes(lent.subarray(5));
  keepBytes(other);
  assert.equal(wereBytesKept(lent), true);
  assert.equal(wereBytesKept(lent), false);
});
