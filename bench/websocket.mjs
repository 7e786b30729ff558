// WebSockets for bench/proxy.mjs, in processes of their own:
//   echo PORT                  sends every message back
//   load PORT PATH SECONDS     64 connections, each sending its next message when the last one came back; prints JSON
import { createHash, randomBytes } from 'node:crypto';
import { connect, createServer } from 'node:net';

const CONNECTIONS = 64;
const SIZE = 128;
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const [mode, port, path, seconds] = process.argv.slice(2);

/** Messages here have 126 to 65535 bytes: the length takes two bytes. */
const HEAD = 4;
const MASK = 4;

function echo() {
  const server = createServer({ noDelay: true }, (socket) => {
    let bytes = Buffer.alloc(0);
    let isOpen = false;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      if (!isOpen) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        const key = /sec-websocket-key: *(\S+)/i.exec(bytes.toString('latin1', 0, end))?.[1] ?? '';
        const accept = createHash('sha1')
          .update(key + GUID)
          .digest('base64');
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        isOpen = true;
        bytes = bytes.subarray(end + 4);
      }
      while (bytes.length >= HEAD + MASK) {
        const length = bytes.readUInt16BE(2);
        const end = HEAD + MASK + length;
        if (bytes.length < end) break;
        const answer = Buffer.allocUnsafe(HEAD + length);
        bytes.copy(answer, 0, 0, HEAD);
        answer[1] &= 0x7f;
        for (let i = 0; i < length; i++) answer[HEAD + i] = bytes[HEAD + MASK + i] ^ bytes[HEAD + (i & 3)];
        socket.write(answer);
        bytes = bytes.subarray(end);
      }
    });
  });
  server.listen(Number(port), '127.0.0.1');
}

function load() {
  const payload = randomBytes(SIZE);
  const message = Buffer.concat([Buffer.from([0x82, 0x80 | 126, 0, SIZE]), Buffer.alloc(MASK), payload]);
  const times = [];
  let wrong = false;
  const startedAt = performance.now();
  for (let i = 0; i < CONNECTIONS; i++) {
    const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
    const head = `GET ${path} HTTP/1.1\r\nHost: bench.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
    socket.write(
      `${head}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    let bytes = Buffer.alloc(0);
    let isOpen = false;
    let sentAt = 0;
    const send = () => {
      sentAt = performance.now();
      socket.write(message);
    };
    socket.on('error', () => {
      wrong = true;
    });
    socket.on('data', (chunk) => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      if (!isOpen) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) wrong = true;
        isOpen = true;
        bytes = bytes.subarray(end + 4);
        return send();
      }
      if (bytes.length < HEAD + SIZE) return;
      if (!bytes.subarray(HEAD, HEAD + SIZE).equals(payload)) wrong = true;
      times.push(performance.now() - sentAt);
      bytes = bytes.subarray(HEAD + SIZE);
      send();
    });
  }
  setTimeout(() => {
    const elapsed = (performance.now() - startedAt) / 1000;
    times.sort((a, b) => a - b);
    const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
    console.log(
      JSON.stringify({ requests: times.length, rps: times.length / elapsed, p99, wrong: wrong || times.length === 0 }),
    );
    process.exit(0);
  }, Number(seconds) * 1000);
}

if (mode === 'echo') echo();
else load();
