// Flow control of HTTP/2, both ways: nothing goes out without a window, nothing is lost or counted twice.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as http2 from 'node:http2';
import { test } from 'node:test';
import type { ClientExchange } from '../../src/gateway/exchange.ts';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  type FrameClient,
  frame,
  headers,
  PADDED,
  request,
  uint32,
} from './http2-frames.ts';
import {
  answerLength,
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

const grant = (stream: number, size: number): Buffer => frame(FRAME.windowUpdate, 0, stream, uint32(size));
const respond = (body: Uint8Array) => (exchange: ClientExchange) => exchange.respond(200, undefined, noLines(), body);
const endOf = (client: FrameClient, stream: number) =>
  client.frames
    .filter(({ type, stream: id }) => type === FRAME.data && id === stream)
    .map(({ flags }) => flags & END_STREAM);

test('an answer goes out a byte at a time where that is the window, and its end with the last byte', async () => {
  const rig = await serveHttp2({ onRequest: respond(Buffer.from('hello')) });
  const client = rig.connect();
  client.send(windowSetting(0), headers(1, request('/')));
  await until(() => isAnswered(client, 1), 'the head');
  for (let size = 1; size <= 5; size++) {
    client.send(grant(1, 1));
    await until(() => dataOf(client, 1).length === size, `${size} bytes`);
  }
  assert.equal(dataOf(client, 1).toString(), 'hello');
  assert.deepEqual(endOf(client, 1), [0, 0, 0, 0, 1]);
  await rig.close();
});

test('a window that is taken back has to be earned again', async () => {
  const rig = await serveHttp2({ onRequest: respond(Buffer.alloc(300, 'a')) });
  const client = rig.connect();
  client.send(windowSetting(100), headers(1, request('/')));
  await until(() => dataOf(client, 1).length === 100, 'the first of it');
  // It is at -90 now.
  client.send(windowSetting(10), grant(1, 90));
  await pause(60);
  assert.equal(dataOf(client, 1).length, 100);
  client.send(grant(1, 1));
  await until(() => dataOf(client, 1).length === 101, 'one byte more');
  // Grown by settings, too: 1000 - 10 more.
  client.send(windowSetting(1000));
  await until(() => isEnded(client, 1), 'the rest');
  assert.equal(dataOf(client, 1).length, 300);
  await rig.close();
});

test('the window of the connection is shared fairly, and a stream without its own does not hold up others', async () => {
  const rig = await serveHttp2({ onRequest: respond(Buffer.alloc(200_000, 'a')) });
  const client = rig.connect();
  client.send(windowSetting(1_000_000), headers(1, request('/')), headers(3, request('/')));
  await until(() => dataOf(client, 1).length + dataOf(client, 3).length === 65_535, 'the first window is used up');
  client.send(windowSetting(0), grant(0, 1));
  await pause(30);
  client.send(headers(5, request('/')), windowSetting(1_000_000));
  await until(() => isAnswered(client, 5), 'the head of the third');
  const before = [dataOf(client, 1).length, dataOf(client, 3).length, dataOf(client, 5).length];
  client.send(grant(0, 98_304 - 1));
  await until(
    () => [1, 3, 5].reduce((sum, id) => sum + dataOf(client, id).length, 0) === 65_535 + 98_304,
    'it is used up',
  );
  for (const [i, id] of [1, 3, 5].entries()) {
    const got = dataOf(client, id).length - (before[i] as number);
    assert.ok(got >= 16_384 && got <= 65_536, `${got} bytes on stream ${id}`);
  }
  client.send(grant(0, 600_000));
  await until(() => [1, 3, 5].every((id) => isEnded(client, id)), 'all of them');
  assert.deepEqual(
    [1, 3, 5].map((id) => dataOf(client, id).length),
    [200_000, 200_000, 200_000],
  );
  await rig.close();
});

test('trailers, and ends without a byte, need no window but wait for the bytes before them', async () => {
  const rig = await serveHttp2({
    onRequest(exchange) {
      exchange.startResponse(200, undefined, noLines(), undefined);
      if (exchange.target === '/data') exchange.write(Buffer.from('abc'));
      const trailers = noLines();
      trailers.add('x-t', '1');
      exchange.end(exchange.target === '/end' ? undefined : trailers);
    },
  });
  const client = rig.connect();
  client.send(windowSetting(0), headers(1, request('/data')), headers(3, request('/')), headers(5, request('/end')));
  await until(() => isEnded(client, 3) && isEnded(client, 5), 'the ones without data');
  assert.equal(isEnded(client, 1), false);
  client.send(grant(1, 3));
  await until(() => isEnded(client, 1), 'the one with data');
  const kinds = client.frames.filter(({ stream }) => stream === 1).map(({ type, flags }) => [type, flags & END_STREAM]);
  assert.deepEqual(kinds, [
    [FRAME.headers, 0],
    [FRAME.data, 0],
    [FRAME.headers, END_STREAM],
  ]);
  await rig.close();
});

test('what the client may send is given back for all that came: padding, discarded, refused and reset', async () => {
  const rig = await serveHttp2({
    limits: { bodyBytes: 50_000 },
    onRequest: (exchange) =>
      exchange.target === '/read' ? answerLength(exchange) : exchange.respond(200, undefined, noLines(), 'x'),
  });
  const client = rig.connect();
  let sent = 0;
  const send = (stream: number, size: number, flags = 0): void => {
    sent += size;
    client.send(frame(FRAME.data, flags, stream, Buffer.alloc(size, (flags & PADDED) === 0 ? 1 : 200)));
  };
  for (let stream = 1; stream < 200; stream += 10) {
    client.send(headers(stream, post('/read'), END_HEADERS));
    for (let i = 0; i < 40; i++) send(stream, 1_000, PADDED);
    send(stream, 1, END_STREAM);
    client.send(headers(stream + 2, post('/early'), END_HEADERS));
    for (let i = 0; i < 3; i++) send(stream + 2, 16_000, i === 2 ? END_STREAM : 0);
    client.send(headers(stream + 4, [[':method', 'TRACE'], ...post().slice(1)], END_HEADERS));
    for (let i = 0; i < 3; i++) send(stream + 4, 16_000, i === 2 ? END_STREAM : 0);
    client.send(headers(stream + 6, post('/read'), END_HEADERS));
    send(stream + 6, 16_000);
    send(stream + 6, 16_000);
    client.send(frame(FRAME.reset, 0, stream + 6, uint32(8)));
    client.send(headers(stream + 8, post('/read', [['content-length', '5']]), END_HEADERS));
    // Too much, and more behind the reset.
    for (let i = 0; i < 3; i++) send(stream + 8, 16_000);
    await until(() => isEnded(client, stream) && client.resetOf(stream + 8) !== undefined, `all of ${stream}`);
  }
  const window = (): number =>
    65_535 -
    sent +
    client.frames
      .filter(({ type, stream }) => type === FRAME.windowUpdate && stream === 0)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
  assert.ok(sent > 3_000_000);
  await until(() => window() > 524_288, 'the window is open again');
  assert.ok(window() <= 1_048_576, `${window()} are granted`);
  assert.equal(client.goaway(), undefined);
  await rig.close();
});

test('large bodies go both ways at once, on many streams, and arrive as they were', async () => {
  const rig = await serveHttp2({
    onRequest(exchange) {
      exchange.startResponse(200, undefined, noLines(), undefined);
      const sink = {
        onChunk: (chunk: Buffer) => exchange.write(chunk),
        onEnd: () => exchange.end(),
        onError: () => exchange.abort(),
      };
      exchange.onDrain = () => exchange.body.resume();
      exchange.body.stream(sink);
    },
  });
  const session = http2.connect(`http://127.0.0.1:${rig.port}`);
  const sums = await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      const stream = session.request({ ':method': 'POST', ':path': '/' });
      const [up, down] = [createHash('sha1'), createHash('sha1')];
      stream.on('data', (chunk: Buffer) => down.update(chunk));
      for (let part = 0; part < 60; part++) {
        const chunk = Buffer.alloc(1 + ((part * 7919 + i * 104_729) % 40_000), 65 + ((part + i) % 26));
        up.update(chunk);
        if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
      }
      stream.end();
      await new Promise((resolve) => stream.once('end', resolve));
      return [up.digest('hex'), down.digest('hex')] as const;
    }),
  );
  for (const [up, down] of sums) assert.equal(down, up);
  session.destroy();
  await rig.close();
});

test('a window of nothing stops who writes, an opened one lets him go on', async () => {
  let written = 0;
  const rig = await serveHttp2({
    onRequest(exchange) {
      exchange.startResponse(200, undefined, noLines(), undefined);
      const write = (): void => {
        while (written < 500_000) {
          written += 10_000;
          if (!exchange.write(Buffer.alloc(10_000))) return;
        }
        exchange.end();
      };
      exchange.onDrain = write;
      write();
    },
  });
  const client = rig.connect();
  client.send(windowSetting(1_000_000), headers(1, request('/')));
  await pause(60);
  assert.ok(written <= 80_000, `${written} bytes were written`);
  client.send(grant(0, 400_000));
  await pause(60);
  assert.ok(written > 400_000 && written < 500_000, `${written} bytes were written`);
  client.send(grant(0, 400_000));
  await until(() => isEnded(client, 1), 'the end');
  assert.equal(dataOf(client, 1).length, 500_000);
  await rig.close();
});
