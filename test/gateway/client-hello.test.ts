// The first message of a TLS client, however it comes: in one piece, byte by byte, in tiny records, or without end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, describe, test } from 'node:test';
import * as tls from 'node:tls';
import { ClientHelloReader } from '../../src/gateway/tls/client-hello.ts';
import { startStreams } from '../stream/rig.ts';
import { start } from './rig.ts';
import { onTls, pair, serverTls } from './tls-rig.ts';

const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

/** What a client of that name says first. */
async function helloOf(servername: string): Promise<Buffer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', servername });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  client.destroy();
  server.close();
  return bytes;
}

/** The same message in records of that many bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    parts.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part);
  }
  return Buffer.concat(parts);
}

function readAll(bytes: Buffer, chunkSize: number) {
  const reader = new ClientHelloReader();
  for (let at = 0; at < bytes.length; at += chunkSize) {
    const verdict = reader.read(bytes.subarray(at, at + chunkSize));
    if (verdict.state !== 'more') return { ...verdict, at: Math.min(at + chunkSize, bytes.length) };
  }
  return { state: 'more', at: bytes.length };
}

describe('the name in a ClientHello', async () => {
  const hello = await helloOf('exact.domain.test');
  const found = (at: number) => ({ state: 'read', serverName: 'exact.domain.test', at });

  test('is found whatever pieces it comes in, with the last byte and not before', () => {
    for (const size of [1, 2, 7, 100, hello.length]) {
      assert.deepEqual(readAll(hello, size), found(hello.length), `chunks of ${size}`);
      const records = inRecords(hello, size);
      assert.deepEqual(readAll(records, 1), found(records.length), `records of ${size}, byte by byte`);
      assert.deepEqual(readAll(records, records.length), found(records.length), `records of ${size} at once`);
    }
  });

  test('is not looked for in what is no hello', () => {
    const nothing = { state: 'read', serverName: undefined };
    assert.deepEqual(readAll(Buffer.from('GET / HTTP/1.1\r\n\r\n'), 100), { ...nothing, at: 18 });
    assert.deepEqual(readAll(Buffer.from([22, 2, 1, 0, 4, 1, 0, 0, 9]), 100), { ...nothing, at: 9 });
    assert.deepEqual(readAll(Buffer.from([22, 3, 1, 0, 4, 2, 0, 0, 9]), 1), { ...nothing, at: 9 });
    // Lengths that lead out of the message.
    const broken = Buffer.from([22, 3, 1, 0, 40, 1, 0, 0, 36, 3, 3, ...Array<number>(32).fill(0), 255, 0]);
    assert.deepEqual(readAll(broken, 100), { ...nothing, at: broken.length });
  });

  test('longer than 16 KiB is too long, and so is a flood of empty records', () => {
    assert.deepEqual(readAll(Buffer.from([22, 3, 1, 64, 0, 1, 0, 64, 1]), 1), { state: 'too long', at: 9 });
    const flood = Buffer.concat(Array.from({ length: 8_000 }, () => Buffer.from([22, 3, 1, 0, 0])));
    const { state, at } = readAll(flood, 1);
    assert.equal(state, 'too long');
    assert.ok(at <= 32_769, String(at));
  });
});

const certificates = [{ ...pair('ec'), snis: [{ name: 'exact.domain.test' }] }];

/** A forwarder that hands the client's bytes on one by one. */
async function dribbleTo(port: number): Promise<number> {
  const server = createServer((client) => {
    const gateway = connect({ port, host: '127.0.0.1', noDelay: true });
    open.push(() => client.destroy());
    client.on('error', () => gateway.destroy());
    gateway.on('error', () => client.destroy());
    gateway.pipe(client);
    const waiting: number[] = [];
    let isSending = false;
    const send = (): void => {
      const byte = waiting.shift();
      isSending = byte !== undefined;
      if (byte !== undefined) gateway.write(Buffer.of(byte), () => setImmediate(send));
    };
    client.on('data', (chunk: Buffer) => {
      waiting.push(...chunk);
      if (!isSending) send();
    });
    client.on('close', () => gateway.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('a handshake whose bytes come one by one succeeds, with the certificate of its name', async () => {
  const running = await start({ certificates }, { tls: serverTls, listen: [onTls] });
  const socket = tls.connect({
    port: await dribbleTo(running.port),
    host: '127.0.0.1',
    servername: 'exact.domain.test',
    rejectUnauthorized: false,
  });
  await once(socket, 'secureConnect');
  assert.equal((socket.getPeerCertificate().subject as { CN?: string }).CN, 'ec.example.test');
  socket.destroy();
  await running.close();
});

/** Sends a hello of three bytes' length without end; what came back before the end. */
async function flood(port: number, piece: number): Promise<{ sent: number; answer: Buffer }> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const parts: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => parts.push(bytes));
  socket.on('error', () => undefined);
  let sent = 0;
  let isOver = false;
  socket.on('end', () => (isOver = true));
  socket.on('close', () => (isOver = true));
  const head = Buffer.from([22, 3, 1, 64, 0, 1, 255, 255, 255]);
  const record = Buffer.concat([head.subarray(0, 5), Buffer.alloc(16_384)]);
  socket.write(head);
  while (!isOver && sent < 10_000_000) {
    const bytes = record.subarray(sent % record.length, (sent % record.length) + piece);
    sent += bytes.length;
    await new Promise((resolve) => socket.write(bytes, () => setImmediate(resolve)));
  }
  socket.destroy();
  return { sent, answer: Buffer.concat(parts) };
}

const ILLEGAL_PARAMETER = Buffer.from([21, 3, 1, 0, 2, 2, 47]);

test('a hello without end is answered by an alert, on listeners of both kinds', async (t) => {
  const running = await start({ certificates }, { tls: serverTls, listen: [onTls] });
  const { ports } = await startStreams(t, { certificates }, [{ ssl: true }], { tls: serverTls });
  for (const port of [running.port, ports[0] as number]) {
    const { sent, answer } = await flood(port, 1_000);
    assert.deepEqual(answer, ILLEGAL_PARAMETER);
    assert.ok(sent < 1_000_000, String(sent));
  }
  await running.close();
});
