// Plugins that look at the messages of a WebSocket, with a real client and a real server; and what RFC 6455 forbids, on raw sockets.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { definePlugin, type Phases } from '../../src/pdk/index.ts';
import { type Running, start, until } from './rig.ts';

const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

interface Upstream {
  readonly port: number;
  readonly requests: Record<string, unknown>[];
  readonly messages: string[];
  readonly closes: [number, string][];
  readonly server: WebSocketServer;
}

/** Answers every message with `echo: ` and the message. */
async function startServer(): Promise<Upstream> {
  const http = createServer((_request, response) => response.writeHead(426).end('no'));
  const server = new WebSocketServer({ server: http, perMessageDeflate: true });
  const upstream: Upstream = { port: 0, requests: [], messages: [], closes: [], server };
  server.on('connection', (socket, request) => {
    upstream.requests.push(request.headers);
    socket.on('error', () => undefined);
    socket.on('message', (data: RawData) => {
      upstream.messages.push(String(data).slice(0, 40));
      socket.send(`echo: ${String(data)}`);
    });
    socket.on('close', (code, reason) => upstream.closes.push([code, String(reason)]));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  open.push(() => {
    for (const client of server.clients) client.terminate();
    http.close();
    http.closeAllConnections();
  });
  return { ...upstream, port: (http.address() as AddressInfo).port };
}

async function startWith(phases: Phases, port: number): Promise<Running> {
  const probe = definePlugin({
    name: 'probe',
    priority: 1,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: async () => ({ create: () => phases }),
  });
  const routes = [{ name: 'r', paths: ['/'], plugins: [{ name: 'probe' }] }];
  return start({ services: [{ name: 's', url: `http://127.0.0.1:${port}`, routes }] }, { plugins: [probe] });
}

async function connectTo(
  running: Running,
): Promise<{ client: WebSocket; received: string[]; closed: Promise<string> }> {
  const client = new WebSocket(`ws://127.0.0.1:${running.port}/`);
  const received: string[] = [];
  client.on('message', (data: RawData) => received.push(String(data)));
  client.on('error', () => undefined);
  const closed = once(client, 'close').then(([code, reason]) => `${code} ${String(reason)}`);
  open.push(() => client.terminate());
  await once(client, 'open');
  return { client, received, closed };
}

test('plugins see every frame of both sides, whole, and pass on what they make of it', async () => {
  const upstream = await startServer();
  const seen: string[] = [];
  const running = await startWith(
    {
      ws_client_frame(_exchange, frame) {
        seen.push(`client ${frame.type} ${frame.data}`);
        if (frame.type === 'text') frame.data = `${frame.data}!`;
        if (frame.type === 'close') frame.status = 4002;
      },
      async ws_server_frame({ route }, frame) {
        await Promise.resolve();
        seen.push(`server ${frame.type} ${frame.data} ${String(route?.['name'])}`);
        if (frame.type === 'text') frame.data = String(frame.data).toUpperCase();
      },
    },
    upstream.port,
  );
  const { client, received, closed } = await connectTo(running);
  client.send('in ', { fin: false });
  client.ping('p');
  client.send('parts', { fin: true });
  await until(() => received.length === 1, 'the answer');
  assert.deepEqual(received, ['ECHO: IN PARTS!']);
  client.send(Buffer.from('raw'), { binary: true });
  await until(() => received.length === 2, 'the second answer');
  assert.equal(received[1], 'ECHO: RAW');
  client.close(4001, 'bye');
  await closed;
  await until(() => upstream.closes.length === 1, 'the upstream is told');
  assert.deepEqual(upstream.closes, [[4002, 'bye']]);
  assert.deepEqual(upstream.messages, ['in parts!', 'raw']);
  assert.deepEqual(seen.sort(), [
    'client binary raw',
    'client close bye',
    'client ping p',
    'client text in parts',
    'server close bye r',
    'server pong p r',
    'server text echo: in parts! r',
    'server text echo: raw r',
  ]);
  await running.close();
});

test('a plugin drops messages, but no close frame', async () => {
  const upstream = await startServer();
  const running = await startWith(
    { ws_client_frame: (_exchange, frame) => (frame.data.includes('secret') ? 'drop' : undefined) },
    upstream.port,
  );
  const { client, received, closed } = await connectTo(running);
  client.send('a secret');
  client.send('open');
  await until(() => received.length === 1, 'the answer');
  assert.deepEqual(upstream.messages, ['open']);
  client.close(1000, 'secret');
  assert.equal(await closed, '1000 secret');
  await running.close();
});

test('a plugin ends the connection, and tells both sides why', async () => {
  const upstream = await startServer();
  const running = await startWith(
    {
      ws_client_frame(_exchange, frame) {
        if (frame.type === 'text')
          return { status: 1008, reason: 'not allowed', peer: { status: 4000, reason: 'client refused' } };
        return undefined;
      },
    },
    upstream.port,
  );
  const { client, closed } = await connectTo(running);
  client.send('x');
  client.send('y');
  assert.equal(await closed, '1008 not allowed');
  await until(() => upstream.closes.length === 1, 'the upstream is told');
  assert.deepEqual([upstream.closes, upstream.messages], [[[4000, 'client refused']], []]);
  await running.close();
});

test('a plugin that throws hides what it would have judged: both sides are told 1011', async () => {
  for (const fails of ['at once', 'later']) {
    const upstream = await startServer();
    const running = await startWith(
      {
        ws_server_frame() {
          if (fails === 'at once') throw new Error('oh');
          return Promise.reject(new Error('oh'));
        },
      },
      upstream.port,
    );
    const { client, received, closed } = await connectTo(running);
    client.send('x');
    assert.equal(await closed, '1011 ', fails);
    assert.deepEqual(received, []);
    assert.deepEqual(running.logs, ['error plugin probe failed in ws_server_frame']);
    await running.close();
  }
});

test('messages keep their order while a plugin thinks about some of them', async () => {
  const upstream = await startServer();
  const running = await startWith(
    {
      ws_client_frame(_exchange, frame) {
        const ms = Number(frame.data);
        return frame.type === 'text' && ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : undefined;
      },
    },
    upstream.port,
  );
  const { client, received, closed } = await connectTo(running);
  for (const text of ['30', '0', '10', '0', '1']) client.send(text);
  await until(() => received.length === 5, 'all answers');
  assert.deepEqual(upstream.messages, ['30', '0', '10', '0', '1']);
  client.send('30');
  client.close();
  await closed;
  assert.equal(upstream.messages.length, 6);
  await running.close();
});

test('messages larger than a side may send end the connection: 1 MiB of clients, or what the handshake says', async () => {
  const upstream = await startServer();
  const running = await startWith({ ws_client_frame: () => undefined }, upstream.port);
  const first = await connectTo(running);
  first.client.send('x'.repeat(1024 * 1024));
  await until(() => first.received.length === 1, 'the answer');
  first.client.send('x'.repeat(1024 * 1024 + 1));
  assert.equal(await first.closed, '1009 ');
  await until(() => upstream.closes.length === 1, 'the upstream is told');
  assert.deepEqual(upstream.closes, [[1001, '']]);
  await running.close();
  const limited = await startWith(
    { ws_handshake: (exchange) => exchange.limitMessages({ client: 10, server: 12 }), ws_close: () => undefined },
    upstream.port,
  );
  const second = await connectTo(limited);
  second.client.send('123456');
  await until(() => second.received.length === 1, 'the answer');
  second.client.send('1234567');
  assert.equal(await second.closed, '1001 ');
  const third = await connectTo(limited);
  third.client.send('123456', { fin: false });
  third.client.send('12345', { fin: true });
  assert.equal(await third.closed, '1009 ');
  await limited.close();
});

test('ws_close hears what each side said at the end, before log', async () => {
  const upstream = await startServer();
  const heard: unknown[] = [];
  const running = await startWith(
    {
      ws_close: ({ closings }) => void heard.push(closings),
      log: (exchange) => heard.push((exchange.logRecord()['response'] as { status: number }).status),
    },
    upstream.port,
  );
  const first = await connectTo(running);
  first.client.close(4001, 'bye');
  await until(() => heard.length === 2, 'the end');
  assert.deepEqual(heard, [{ client: { status: 4001, reason: 'bye' }, server: { status: 4001, reason: 'bye' } }, 101]);
  const second = await connectTo(running);
  second.client.terminate();
  await until(() => heard.length === 4, 'the second end');
  assert.deepEqual(heard[2], { client: undefined, server: undefined });
  await running.send('/', { headers: { connection: 'close' } });
  await until(() => heard.length === 5, 'a request that is no WebSocket has no ws_close');
  assert.equal(heard[4], 426);
  await running.close();
});

test('extensions are agreed on only where nobody looks at messages', async () => {
  const upstream = await startServer();
  const looking = await startWith({ ws_server_frame: () => undefined }, upstream.port);
  const first = await connectTo(looking);
  assert.equal(first.client.extensions, '');
  assert.equal(upstream.requests[0]!['sec-websocket-extensions'], undefined);
  const blind = await startWith({ ws_handshake: () => undefined }, upstream.port);
  const second = await connectTo(blind);
  assert.match(second.client.extensions, /permessage-deflate/);
  await Promise.all([looking.close(), blind.close()]);
});

const KEY = 'AAAAAAAAAAAAAAAAAAAAAA==';
const ASK = `GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;

/** A connection that has switched; `frames` are the bytes that came since. */
async function rawSocket(port: number): Promise<{ socket: Socket; frames(): Buffer; ended: Promise<unknown> }> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  open.push(() => socket.destroy());
  let bytes = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
  const ended = once(socket, 'end');
  socket.write(ASK);
  await until(() => bytes.includes('\r\n\r\n'), 'the switch');
  const start = bytes.indexOf('\r\n\r\n') + 4;
  return { socket, frames: () => bytes.subarray(start), ended };
}

/** Short, and masked with zeros: the payload is as it is read. */
const frame = (first: number, payload: Uint8Array | string = ''): Buffer => {
  const data = Buffer.from(payload as string);
  return Buffer.concat([Buffer.from([first, 0x80 | data.length, 0, 0, 0, 0]), data]);
};

const FAULTS: readonly [what: string, bytes: Buffer, status: number][] = [
  ['a frame without a mask', Buffer.from([0x81, 0x01, 0x61]), 1002],
  ['a bit of an extension', frame(0xc1, 'a'), 1002],
  ['a kind of frame that does not exist', frame(0x83, 'a'), 1002],
  ['a control frame in parts', frame(0x09, 'a'), 1002],
  ['a control frame that is too long', Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), 1002],
  ['the end of a message that never began', frame(0x80, 'a'), 1002],
  ['a message in the middle of another', Buffer.concat([frame(0x01, 'a'), frame(0x81, 'b')]), 1002],
  ['text that is no UTF-8', frame(0x81, Buffer.from([0xc3, 0x28])), 1007],
  ['half a character at the end', Buffer.concat([frame(0x01, 'a'), frame(0x80, Buffer.from([0xc3]))]), 1007],
  ['a close frame of one byte', frame(0x88, 'a'), 1002],
  ['a close frame with a status that is never sent', frame(0x88, Buffer.from([0x03, 0xed])), 1002],
  ['a reason that is no UTF-8', frame(0x88, Buffer.from([0x03, 0xe8, 0xff])), 1007],
  ['an absurd length', Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]), 1009],
];

test('what the protocol forbids ends the connection with the status for it, and nothing of it goes on', async () => {
  const upstream = await startServer();
  const running = await startWith({ ws_client_frame: () => undefined }, upstream.port);
  for (const [what, bytes, status] of FAULTS) {
    const { socket, frames, ended } = await rawSocket(running.port);
    upstream.closes.length = 0;
    socket.write(bytes);
    await ended;
    assert.deepEqual([...frames()], [0x88, 2, status >> 8, status & 0xff], what);
    await until(() => upstream.closes.length === 1, `the upstream is told of ${what}`);
    assert.equal(upstream.closes[0]![0], 1001, what);
    socket.end();
  }
  assert.deepEqual(upstream.messages, []);
  await running.close();
});

test('a frame may come byte by byte', async () => {
  const upstream = await startServer();
  const running = await startWith({ ws_client_frame: () => undefined }, upstream.port);
  const { socket, frames } = await rawSocket(running.port);
  const text = 'y'.repeat(300);
  const bytes = Buffer.concat([
    Buffer.from([0x81, 0xfe, 1, 44, 0, 0, 0, 0]),
    Buffer.from(text),
    frame(0x89),
    frame(0x81, 'z'),
  ]);
  for (const byte of bytes) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await until(() => upstream.messages.length === 2, 'both messages');
  assert.deepEqual(upstream.messages, ['y'.repeat(40), 'z']);
  await until(() => frames().includes('echo: z'), 'the answers');
  await running.close();
});

test('a side that does not read holds the other one up', async () => {
  const upstream = await startServer();
  const running = await startWith({ ws_server_frame: () => undefined }, upstream.port);
  const socket = connect({ host: '127.0.0.1', port: running.port });
  open.push(() => socket.destroy());
  socket.write(ASK);
  await until(() => upstream.server.clients.size === 1, 'the switch');
  const [server] = [...upstream.server.clients];
  for (let i = 0; i < 200; i++) server!.send(Buffer.alloc(200_000));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const held = server!.bufferedAmount;
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(server!.bufferedAmount, held);
  assert.ok(held > 10_000_000, `only ${held} bytes wait`);
  socket.resume();
  await until(() => server!.bufferedAmount === 0, 'it flows again');
  await running.close();
});

test('what a client sent before it ended its side goes on', async () => {
  const upstream = await startServer();
  const running = await startWith(
    { ws_client_frame: () => new Promise((resolve) => setTimeout(() => resolve(undefined), 20)) },
    upstream.port,
  );
  const socket = connect({ host: '127.0.0.1', port: running.port, allowHalfOpen: true });
  open.push(() => socket.destroy());
  socket.resume();
  socket.end(Buffer.concat([Buffer.from(ASK), frame(0x81, 'one'), frame(0x81, 'two')]));
  await until(() => upstream.messages.length === 2, 'both messages');
  assert.deepEqual(upstream.messages, ['one', 'two']);
  await until(() => running.access.length === 1, 'the connection is over');
  await running.close();
});

test('when both sides have said goodbye the connections end, whoever forgets to', async () => {
  const accept = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    socket.once('data', () => socket.write(Buffer.concat([Buffer.from(head), Buffer.from([0x88, 0])])));
    open.push(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  const running = await startWith({ ws_server_frame: () => undefined }, (server.address() as AddressInfo).port);
  const { socket, frames, ended } = await rawSocket(running.port);
  await until(() => frames().length === 2, 'the close frame of the server');
  socket.write(frame(0x88));
  await ended;
  await running.close();
});
