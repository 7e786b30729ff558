// Clients that take long on purpose, or come in numbers: each is cut off, costs the upstream no more than its share, and nobody
// else waits for it. Floods of HTTP/2 frames are in http2.test.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, test } from 'node:test';
import { connectFrames, FRAME, frame, headers, request } from './http2-frames.ts';
import { start, until } from './rig.ts';

const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n';

/** Answers with more than any socket holds, as fast as it is taken; `/small` with two bytes. */
async function endless() {
  const state = { written: 0, openAnswers: 0 };
  const piece = Buffer.alloc(65_536, 'x');
  const server = net.createServer((socket) => {
    const pour = (): void => {
      while (!socket.destroyed) {
        state.written += piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on('error', () => undefined);
    socket.once('data', (chunk) => {
      if (chunk.toString('latin1').startsWith('GET /small ')) {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
        return;
      }
      state.openAnswers += 1;
      socket.once('close', () => (state.openAnswers -= 1));
      socket.write(HEAD);
      socket.on('drain', pour);
      pour();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return { state, port: (server.address() as net.AddressInfo).port };
}

const content = (port: number) => ({
  services: [{ name: 's', url: `http://127.0.0.1:${port}`, routes: [{ name: 'r', paths: ['/'], strip_path: false }] }],
});

interface Attacker {
  readonly socket: net.Socket;
  text: string;
  isClosed: boolean;
}

async function connect(port: number): Promise<Attacker> {
  const socket = net.connect(port, '127.0.0.1');
  const attacker: Attacker = { socket, text: '', isClosed: false };
  open.push(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.on('close', () => (attacker.isClosed = true));
  await once(socket, 'connect');
  return attacker;
}

test('heads that drip in by hundreds are all given up at their deadline, and others are served meanwhile', async () => {
  const upstream = await endless();
  const running = await start(content(upstream.port), { limits: { headTimeoutMs: 500 } });
  const attackers = await Promise.all(Array.from({ length: 300 }, () => connect(running.port)));
  for (const attacker of attackers) {
    attacker.socket.on('data', (chunk) => (attacker.text += chunk.toString('latin1')));
    attacker.socket.write('GET / HTTP/1.1\r\nHost: h\r\n');
  }
  const drip = setInterval(() => {
    for (const { socket } of attackers) if (socket.writable) socket.write('X-A: b\r\n');
  }, 50);
  open.push(() => clearInterval(drip));
  assert.equal((await running.send('/small')).text, 'ok');
  await until(() => attackers.every(({ isClosed }) => isClosed), 'all are closed');
  clearInterval(drip);
  for (const { text } of attackers) assert.match(text, /^HTTP\/1\.1 408 /);
  assert.equal((await running.send('/small')).text, 'ok');
  await running.close();
});

test('who does not read a large answer is given up, and takes little of it from the upstream', async () => {
  const upstream = await endless();
  const running = await start(content(upstream.port), { limits: { sendStallTimeoutMs: 500 } });
  const attackers = await Promise.all(Array.from({ length: 20 }, () => connect(running.port)));
  for (const { socket } of attackers) {
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  }
  await until(() => upstream.state.openAnswers === attackers.length, 'all are answered');
  assert.equal((await running.send('/small')).text, 'ok');
  await until(() => upstream.state.openAnswers === 0, 'the upstream has nobody left');
  // What kernels hold on both ways, per attacker.
  assert.ok(upstream.state.written < attackers.length * 16 * 1024 * 1024, `${upstream.state.written} bytes`);
  for (const { socket } of attackers) socket.resume();
  await until(() => attackers.every(({ isClosed }) => isClosed), 'all are closed');
  assert.equal((await running.send('/small')).text, 'ok');
  await running.close();
});

test('who reads a large answer slower than a modem is given up all the same', async () => {
  const upstream = await endless();
  const running = await start(content(upstream.port), { limits: { sendStallTimeoutMs: 500 } });
  const { socket } = await connect(running.port);
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  const sip = setInterval(() => socket.read(10), 50);
  open.push(() => clearInterval(sip));
  await until(() => upstream.state.openAnswers === 1, 'the answer began');
  await until(() => upstream.state.openAnswers === 0, 'the upstream is let go');
  clearInterval(sip);
  await running.close();
});

test('streams that open no window are reset, each for itself, and let go of the upstream', async () => {
  const upstream = await endless();
  const running = await start(content(upstream.port), { http2: true, limits: { sendStallTimeoutMs: 500 } });
  const raw = connectFrames(running.port);
  open.push(() => raw.socket.destroy());
  const noWindow = Buffer.from([0, 4, 0, 0, 0, 0]);
  const streams = Array.from({ length: 50 }, (_, i) => 2 * i + 1);
  raw.send(frame(FRAME.settings, 0, 0, noWindow), ...streams.map((stream) => headers(stream, request('/'))));
  await until(() => upstream.state.openAnswers === streams.length, 'all are answered');
  await until(() => streams.every((stream) => raw.resetOf(stream) !== undefined), 'all are reset');
  await until(() => upstream.state.openAnswers === 0, 'the upstream has nobody left');
  assert.equal((await running.send('/small')).text, 'ok');
  await running.close();
});

test('connections beyond the limit are closed at once, and there is room again when others go', async () => {
  const upstream = await endless();
  const running = await start(content(upstream.port), { maxConnections: 20 });
  const held = await Promise.all(Array.from({ length: 20 }, () => connect(running.port)));
  const more = await Promise.all(Array.from({ length: 30 }, () => connect(running.port)));
  await until(() => more.every(({ isClosed }) => isClosed), 'the others are closed');
  assert.ok(held.every(({ isClosed }) => !isClosed));
  assert.deepEqual(running.logs, ['error a connection was refused: there are 20 already']);
  held[0]!.socket.destroy();
  await until(
    () =>
      running.send('/small').then(
        ({ text }) => text === 'ok',
        () => false,
      ),
    'there is room',
  );
  await running.close();
});
