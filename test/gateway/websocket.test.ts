// WebSocket through the gateway, with a real client and a real server; and the edges of the switch on raw sockets.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { definePlugin } from '../../src/pdk/index.ts';
import { start, until } from './rig.ts';
import { onTls, serverTls } from './tls-rig.ts';

const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

/** Echoes messages; the first one tells what the handshake looked like. */
async function startWebSocketServer() {
  const http = createServer((_request, response) => response.writeHead(426).end('no'));
  const server = new WebSocketServer({ server: http });
  server.on('connection', (socket, request) => {
    socket.on('error', () => undefined);
    socket.send(JSON.stringify({ url: request.url, headers: request.headers }));
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  open.push(() => {
    for (const client of server.clients) client.terminate();
    http.close();
    http.closeAllConnections();
  });
  return { port: (http.address() as AddressInfo).port, server };
}

/** A TCP server that does what a test wants with the bytes. */
async function startRaw(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

const content = (port: number, fields: object = {}) => ({
  services: [
    {
      name: 's',
      url: `http://127.0.0.1:${port}`,
      ...fields,
      routes: [{ name: 'r', paths: ['/ws'], strip_path: true }],
    },
  ],
});

async function nextMessage(socket: WebSocket): Promise<string> {
  const [data] = (await once(socket, 'message')) as [RawData];
  return String(data);
}

const KEY = 'AAAAAAAAAAAAAAAAAAAAAA==';
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const ASK =
  'GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  `Sec-WebSocket-Key: ${KEY}\r\n\r\n`;
const SWITCH = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;

/** Text that came on a socket so far. */
function collect(socket: Socket): { text: string; ended: boolean; closed: boolean } {
  const seen = { text: '', ended: false, closed: false };
  socket.on('data', (chunk) => (seen.text += chunk.toString('latin1')));
  socket.on('end', () => (seen.ended = true));
  socket.on('close', () => (seen.closed = true));
  socket.on('error', () => undefined);
  return seen;
}

/** A raw client on the gateway. */
function rawClient(port: number) {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  open.push(() => socket.destroy());
  return { socket, seen: collect(socket) };
}

test('messages go both ways, and the upstream sees the headers of a proxied request', async () => {
  const upstream = await startWebSocketServer();
  const running = await start(content(upstream.port));
  const client = new WebSocket(`ws://127.0.0.1:${running.port}/ws/chat?room=1`, { headers: { 'x-mine': 'yes' } });
  const hello = JSON.parse(await nextMessage(client)) as { url: string; headers: Record<string, string> };
  assert.equal(hello.url, '/chat?room=1');
  assert.equal(hello.headers['x-mine'], 'yes');
  assert.equal(hello.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(hello.headers['connection'], 'keep-alive, Upgrade');
  assert.equal(hello.headers['upgrade'], 'websocket');
  client.send('one');
  assert.equal(await nextMessage(client), 'one');
  const large = 'x'.repeat(3_000_000);
  client.send(large);
  assert.equal(await nextMessage(client), large);
  client.close(4001, 'bye');
  const [code] = (await once(client, 'close')) as [number];
  assert.equal(code, 4001);
  await running.close();
});

test('over TLS too', async () => {
  const upstream = await startWebSocketServer();
  const running = await start(content(upstream.port), { tls: serverTls, listen: [onTls], http2: true });
  const client = new WebSocket(`wss://127.0.0.1:${running.port}/ws`, { rejectUnauthorized: false });
  await nextMessage(client);
  client.send('z'.repeat(500_000));
  assert.equal((await nextMessage(client)).length, 500_000);
  client.close();
  await once(client, 'close');
  await running.close();
});

test('the answer has the headers of a proxied answer, and filters of plugins', async () => {
  const filter = definePlugin({
    name: 'marker',
    priority: 1,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: () =>
      Promise.resolve({
        create: () => ({ header_filter: ({ response }) => response.setHeader('X-Marked', 'yes') }),
      }),
  });
  const upstream = await startWebSocketServer();
  const running = await start({ ...content(upstream.port), plugins: [{ name: 'marker' }] }, { plugins: [filter] });
  const client = new WebSocket(`ws://127.0.0.1:${running.port}/ws`);
  const [response] = (await once(client, 'upgrade')) as [{ headers: Record<string, string> }];
  assert.equal(response.headers['x-marked'], 'yes');
  assert.match(response.headers['via']!, /kong/);
  assert.ok(response.headers['x-kong-request-id']);
  assert.ok(response.headers['x-kong-upstream-latency']);
  client.terminate();
  await running.close();
});

test('the access log has one line, when the connection is over', async () => {
  const upstream = await startWebSocketServer();
  const running = await start(content(upstream.port));
  const client = new WebSocket(`ws://127.0.0.1:${running.port}/ws`);
  await nextMessage(client);
  client.send('m'.repeat(10_000));
  await nextMessage(client);
  assert.equal(running.access.length, 0);
  client.close();
  await once(client, 'close');
  await until(() => running.access.length === 1, 'the line is written');
  const [line] = running.access;
  assert.equal(line!.status, 101);
  assert.equal(line!.aborted, false);
  assert.ok(line!.bytes_out > 10_000);
  assert.equal(line!.upstream, `127.0.0.1:${upstream.port}`);
  await running.close();
});

test('an upstream that does not switch answers like any other', async () => {
  const port = await startRaw((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'));
  });
  const running = await start(content(port));
  const { socket, seen } = rawClient(running.port);
  socket.write(ASK);
  await until(() => seen.text.includes('\r\n\r\nno'), 'the answer');
  assert.match(seen.text, /^HTTP\/1\.1 403 Forbidden\r\n/);
  // The connection goes on: the next request is a request.
  socket.write('GET /nowhere HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await until(() => seen.text.includes('HTTP/1.1 404 '), 'the next answer');
  await running.close();
});

test('what a client says before the switch is read as a request, not passed on', async () => {
  const received: string[] = [];
  const port = await startRaw((socket) => {
    socket.on('data', (chunk) => {
      received.push(chunk.toString('latin1'));
      setTimeout(() => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'), 50);
    });
  });
  const running = await start(content(port));
  const { socket, seen } = rawClient(running.port);
  socket.write(`${ASK}GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n`);
  await until(() => seen.text.includes('HTTP/1.1 404 '), 'the second request is routed');
  assert.ok(!received.join('').includes('smuggled'));
  await running.close();
});

test('bytes behind the switch arrive once, on both sides', async () => {
  let upstreamSeen: ReturnType<typeof collect> | undefined;
  const port = await startRaw((socket) => {
    upstreamSeen = collect(socket);
    setTimeout(() => socket.write(`${SWITCH}early from upstream`), 50);
  });
  const running = await start(content(port));
  const { socket, seen } = rawClient(running.port);
  socket.write(`${ASK}early from client`);
  await until(() => seen.text.endsWith('early from upstream'), 'the upstream is heard');
  await until(() => upstreamSeen!.text.endsWith('\r\n\r\nearly from client'), 'the client is heard');
  await running.close();
});

test('more than 16 KiB before the switch are refused', async () => {
  let requests = 0;
  const port = await startRaw((socket) => {
    socket.on('data', () => requests++);
  });
  const running = await start(content(port));
  const { socket, seen } = rawClient(running.port);
  socket.write(ASK + 'x'.repeat(20_000));
  await until(() => seen.closed || seen.ended, 'it is over');
  assert.match(seen.text, /^HTTP\/1\.1 400 /);
  assert.equal(requests, 0);
  await running.close();
});

test('the end of one direction leaves the other open', async () => {
  let upstreamSocket: Socket | undefined;
  let upstreamSeen: ReturnType<typeof collect> | undefined;
  const port = await startRaw((socket) => {
    upstreamSocket = socket;
    upstreamSeen = collect(socket);
    socket.once('data', () => socket.write(SWITCH));
  });
  const running = await start(content(port));
  const { socket, seen } = rawClient(running.port);
  socket.write(ASK);
  await until(() => seen.text.includes('101 Switching'), 'the switch');
  socket.end('last words');
  await until(() => upstreamSeen!.ended, 'the upstream sees the end');
  assert.ok(upstreamSeen!.text.endsWith('last words'));
  upstreamSocket!.write('still here');
  await until(() => seen.text.endsWith('still here'), 'the answer after the end');
  upstreamSocket!.end();
  await until(() => running.access.length === 1, 'both are over');
  await running.close();
});

test('a client that ends its side before the switch is not waited for', async () => {
  let upstreamSeen: ReturnType<typeof collect> | undefined;
  const port = await startRaw((socket) => {
    upstreamSeen = collect(socket);
    socket.once('data', () => setTimeout(() => socket.write(SWITCH), 100));
    socket.on('end', () => socket.end());
  });
  const running = await start(content(port));
  const { socket, seen } = rawClient(running.port);
  socket.end(ASK);
  await until(() => upstreamSeen?.ended === true, 'the upstream sees the end');
  await until(() => seen.ended && running.access.length === 1, 'all is over');
  assert.equal(running.gateway.counters().connections, 0);
  await running.close();
});

test('a side that does not read holds the other one up', async () => {
  const chunk = Buffer.alloc(65_536, 'y');
  let written = 0;
  const port = await startRaw((socket) => {
    socket.once('data', () => {
      socket.write(SWITCH);
      const more = (): void => {
        while (written < 200_000_000) {
          written += chunk.length;
          if (!socket.write(chunk)) {
            socket.once('drain', more);
            return;
          }
        }
      };
      more();
    });
  });
  const running = await start(content(port));
  const socket = connect({ host: '127.0.0.1', port: running.port });
  open.push(() => socket.destroy());
  socket.pause();
  socket.write(ASK);
  await until(() => written > 0, 'the upstream begins');
  await new Promise((resolve) => setTimeout(resolve, 600));
  const held = written;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(written, held);
  assert.ok(held < 50_000_000, `${held} bytes were taken from the upstream`);
  let received = 0;
  socket.on('data', (bytes) => (received += bytes.length));
  socket.resume();
  await until(() => received > held, 'it flows again');
  socket.destroy();
  await running.close();
});

test('silence for the read timeout ends both, and bytes in either direction put it off', async () => {
  let upstreamClosed = false;
  const port = await startRaw((socket) => {
    socket.on('end', () => (upstreamClosed = true));
    socket.once('data', () => socket.write(SWITCH));
  });
  const running = await start(content(port, { read_timeout: 500 }));
  const { socket, seen } = rawClient(running.port);
  socket.write(ASK);
  await until(() => seen.text.includes('101 Switching'), 'the switch');
  for (let i = 0; i < 6; i++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.write('.');
  }
  assert.equal(seen.ended, false);
  await until(() => seen.ended && upstreamClosed, 'both are closed');
  await until(() => running.access.length === 1, 'the line is written');
  await running.close();
});

test('a client that vanishes takes the upstream connection with it, and the other way round', async () => {
  const sockets: Socket[] = [];
  const closed: boolean[] = [];
  const port = await startRaw((socket) => {
    const index = sockets.push(socket) - 1;
    socket.on('end', () => (closed[index] = true));
    socket.once('data', () => socket.write(SWITCH));
  });
  const running = await start(content(port));
  const first = rawClient(running.port);
  first.socket.write(ASK);
  await until(() => first.seen.text.includes('101 Switching'), 'the switch');
  first.socket.resetAndDestroy();
  await until(() => closed[0] === true, 'the upstream connection is closed');
  const second = rawClient(running.port);
  second.socket.write(ASK);
  await until(() => second.seen.text.includes('101 Switching'), 'the second switch');
  sockets[1]!.resetAndDestroy();
  await until(() => second.seen.closed || second.seen.ended, 'the client is told');
  second.socket.destroy();
  await until(() => running.access.length === 2, 'two lines');
  assert.equal(running.gateway.counters().connections, 0);
  await running.close();
});

test('no other protocol is passed on', async () => {
  const received: string[] = [];
  const port = await startRaw((socket) => {
    socket.on('data', (chunk) => {
      received.push(chunk.toString('latin1'));
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
  });
  const running = await start(content(port));
  for (const protocol of ['h2c', 'TLS/1.2', 'websocket, h2c']) {
    const { socket, seen } = rawClient(running.port);
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n`,
    );
    await until(() => seen.text.includes('HTTP/1.1 200 '), `an answer for ${protocol}`);
  }
  assert.ok(!/upgrade|h2c/i.test(received.join('')));
  await running.close();
});

test('a 101 that nobody asked for is no answer', async () => {
  const port = await startRaw((socket) => {
    socket.once('data', () => socket.write(SWITCH));
  });
  const running = await start(content(port, { retries: 0 }));
  assert.equal((await running.send('/ws')).status, 502);
  await running.close();
});

test('closing the gateway ends tunnels after the grace', async () => {
  const upstream = await startWebSocketServer();
  const running = await start(content(upstream.port));
  const client = new WebSocket(`ws://127.0.0.1:${running.port}/ws`);
  await nextMessage(client);
  const closed = once(client, 'close');
  client.on('error', () => undefined);
  await running.close();
  await closed;
});
