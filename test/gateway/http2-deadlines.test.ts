// Who keeps an HTTP/2 connection waiting for him: each state has its deadline, and none of them ends what only is slow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END_HEADERS, END_STREAM, FRAME, frame, headers, request, uint32 } from './http2-frames.ts';
import {
  answerLength,
  answerOk,
  dataFrames,
  dataOf,
  isAnswered,
  isEnded,
  noLines,
  pause,
  post,
  serveHttp2,
  windowSetting,
} from './http2-rig.ts';
import { until } from './rig.ts';

test('half a frame, or half a header block, ends its connection also while streams are open', async () => {
  const rig = await serveHttp2({ limits: { headTimeoutMs: 300 }, onRequest: () => undefined });
  const halves: [string, Buffer][] = [
    ['half the head of a frame', Buffer.from([0, 0])],
    ['half a head of a request', headers(3, request('/')).subarray(0, 20)],
    ['a header block that goes on', headers(3, request('/'), END_STREAM)],
    ['half a settings frame', frame(FRAME.settings, 0, 0, Buffer.alloc(6)).subarray(0, 12)],
  ];
  for (const [what, half] of halves) {
    const client = rig.connect();
    client.send(headers(1, request('/')), half);
    await until(() => client.isClosed, what);
  }
  await rig.close();
});

test('who sends requests all the time is never inside of one for too long', async () => {
  const rig = await serveHttp2({
    limits: { headTimeoutMs: 300 },
    onRequest: (exchange) => void setTimeout(() => answerOk(exchange), 50),
  });
  const client = rig.connect();
  const bytes = Buffer.concat(Array.from({ length: 60 }, (_, i) => headers(2 * i + 1, request('/'))));
  const size = bytes.length / 60;
  // Each write ends in the middle of a frame.
  for (let at = 0; at < bytes.length; at += 3 * size) {
    client.send(bytes.subarray(at === 0 ? 0 : at + 5, at + 3 * size + 5));
    await pause(50);
  }
  await until(() => isEnded(client, 119), 'the last one is answered');
  assert.equal(client.goaway(), undefined);
  await rig.close();
});

test('a large frame of a body that comes slowly but steadily is waited for', async () => {
  const rig = await serveHttp2({ limits: { bodyStallTimeoutMs: 300, headTimeoutMs: 300 }, onRequest: answerLength });
  const client = rig.connect();
  client.send(headers(1, post(), END_HEADERS));
  const bytes = frame(FRAME.data, END_STREAM, 1, Buffer.alloc(4000, 'x'));
  for (let at = 0; at < bytes.length; at += 200) {
    client.send(bytes.subarray(at, at + 200));
    await pause(50);
  }
  await until(() => isEnded(client, 1), 'an answer');
  assert.equal(dataOf(client, 1).toString(), '4000');
  // One that stops is not.
  client.send(headers(3, post(), END_HEADERS), bytes.subarray(0, 5), uint32(3), bytes.subarray(9, 20));
  await until(() => isAnswered(client, 3), 'an answer');
  assert.equal(dataOf(client, 3).toString(), '408 Request timeout');
  await rig.close();
});

test('an upload that waits because others fill the window of the connection is not to blame', async () => {
  const rig = await serveHttp2({
    limits: { bodyStallTimeoutMs: 300 },
    onRequest: (exchange) => (exchange.target === '/held' ? undefined : answerLength(exchange)),
  });
  const client = rig.connect();
  for (let stream = 1; stream < 33; stream += 2) {
    client.send(headers(stream, post('/held'), END_HEADERS), dataFrames(stream, 65_535));
  }
  client.send(headers(33, post('/read'), END_HEADERS), dataFrames(33, 16));
  await pause(1000);
  assert.equal(isAnswered(client, 33), false);
  // The first of the others is done for.
  rig.exchanges[0]?.abort();
  await until(
    () => client.frames.some((one) => one.type === FRAME.windowUpdate && one.stream === 0),
    'there is window',
  );
  client.send(dataFrames(33, 10_000, true));
  await until(() => isEnded(client, 33), 'an answer');
  assert.equal(dataOf(client, 33).toString(), '10016');
  await rig.close();
});

test('a call of gRPC may be silent for as long as a connection may', async () => {
  const limits = { bodyStallTimeoutMs: 200, idleTimeoutMs: 1200 };
  const rig = await serveHttp2({ limits, onRequest: answerLength });
  const client = rig.connect();
  client.send(headers(1, post('/', [['content-type', 'application/grpc+proto']]), END_HEADERS));
  client.send(headers(3, post('/'), END_HEADERS));
  await until(() => isAnswered(client, 3), 'an answer to what is no gRPC');
  await pause(500);
  assert.equal(isAnswered(client, 1), false);
  await until(() => isAnswered(client, 1), 'an end of its patience');
  await rig.close();
});

test('an answer to a body that was too large does not wait for ever for a window', async () => {
  const rig = await serveHttp2({ limits: { bodyBytes: 10, sendStallTimeoutMs: 300 }, onRequest: answerLength });
  const client = rig.connect();
  client.send(windowSetting(0), headers(1, post(), END_HEADERS), dataFrames(1, 20, true));
  await until(() => client.resetOf(1) !== undefined, 'the stream is reset');
  await rig.close();
});

test('a client that takes its answer late and never ends its own side does not keep the stream', async () => {
  const rig = await serveHttp2();
  const client = rig.connect();
  client.send(windowSetting(0), headers(1, post(), END_HEADERS));
  await until(() => isAnswered(client, 1), 'the head of an answer');
  await pause(1500);
  client.send(frame(FRAME.windowUpdate, 0, 1, uint32(100)));
  await until(() => isEnded(client, 1), 'the answer');
  await until(() => client.resetOf(1) === 0, 'the stream is reset without a fault');
  await rig.close();
});

test('answers that share a slow connection fairly are not given up, though each has its turn seldom', async () => {
  const body = Buffer.alloc(6_000, 'y');
  const rig = await serveHttp2({
    limits: { sendStallTimeoutMs: 500 },
    onRequest: (exchange) => exchange.respond(200, undefined, noLines(), body),
  });
  const client = rig.connect();
  const streams = Array.from({ length: 40 }, (_, i) => 2 * i + 1);
  // All of the window but for a little is used up.
  client.send(windowSetting(1_000_000), ...streams.map((stream) => headers(stream, request('/'))));
  for (let i = 0; i < 20; i++) {
    await pause(100);
    client.send(frame(FRAME.windowUpdate, 0, 0, uint32(3_000)));
  }
  for (const stream of streams) assert.equal(client.resetOf(stream), undefined, `stream ${stream}`);
  client.send(frame(FRAME.windowUpdate, 0, 0, uint32(1_000_000)));
  await until(() => streams.every((stream) => isEnded(client, stream)), 'all answers');
  assert.ok(streams.every((stream) => dataOf(client, stream).equals(body)));
  // Without any window they are.
  const other = rig.connect();
  other.send(windowSetting(1_000_000), ...streams.map((stream) => headers(stream, request('/'))));
  await until(() => other.resetOf(79) !== undefined, 'the last one is given up');
  await rig.close();
});

test('a client that reads nothing gets no more time for asking on', async () => {
  const rig = await serveHttp2({
    limits: { sendStallTimeoutMs: 500 },
    onRequest(exchange) {
      exchange.startResponse(200, undefined, noLines(), undefined);
      const chunk = Buffer.alloc(65_536);
      const write = (): void => {
        while (!exchange.finished && exchange.write(chunk));
      };
      exchange.onDrain = write;
      write();
    },
  });
  const client = rig.connect();
  client.send(windowSetting(0x7fffffff), frame(FRAME.windowUpdate, 0, 0, uint32(0x7fff0000)), headers(1, request('/')));
  client.socket.pause();
  await until(() => rig.sockets[0]?.writableNeedDrain === true, 'its socket is full');
  let pings = 0;
  await until(() => {
    client.send(frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
    return rig.server.connectionCount === 0 || ++pings > 150;
  }, 'it is sent away');
  assert.equal(rig.server.connectionCount, 0);
  await until(() => rig.finished.length === 1, 'the exchange ends');
  await rig.close();
});

test('the last answer of a connection that ends is not cut off, however slowly it is taken', async () => {
  let sent = 0;
  const rig = await serveHttp2({
    onRequest(exchange) {
      exchange.startResponse(200, undefined, noLines(), undefined);
      const chunk = Buffer.alloc(16_384, 'z');
      do sent += chunk.length;
      while (exchange.write(chunk));
      exchange.end();
    },
  });
  const client = rig.connect();
  client.send(windowSetting(0x7fffffff), frame(FRAME.windowUpdate, 0, 0, uint32(0x7fff0000)));
  await until(() => client.frames.length > 2, 'the windows are open');
  client.socket.pause();
  client.send(headers(1, request('/')), frame(FRAME.goaway, 0, 0, Buffer.alloc(8)));
  await until(() => rig.finished.length === 1, 'the answer is handed over');
  assert.ok((rig.sockets[0]?.writableLength ?? 0) > 0);
  await pause(1600);
  client.socket.resume();
  await until(() => client.isClosed, 'it is closed');
  assert.equal(isEnded(client, 1), true);
  assert.equal(dataOf(client, 1).length, sent);
  await rig.close();
});

test('an idle connection is told that it ends', async () => {
  const rig = await serveHttp2({ limits: { idleTimeoutMs: 300 } });
  const client = rig.connect();
  client.send(headers(1, request('/')));
  await until(() => client.isClosed, 'it is closed');
  assert.equal(client.goaway(), 0);
  assert.equal(isEnded(client, 1), true);
  await rig.close();
});
