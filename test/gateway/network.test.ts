// What plugins send through: its limits and its end, against receivers that misbehave.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpSender } from '../../src/gateway/environment/network/http.ts';
import { TcpSender } from '../../src/gateway/environment/network/tcp.ts';
import { UdpSender } from '../../src/gateway/environment/network/udp.ts';
import { Outside } from '../../src/gateway/environment/outside.ts';
import type { HttpRequest, TcpTarget } from '../../src/pdk/index.ts';

const open = (addresses: readonly string[] = ['127.0.0.1']): Outside =>
  new Outside({ resolve: () => addresses, systemLogSocket: undefined, report: () => undefined });

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Takes connections and reads nothing from them. */
async function startDeaf(): Promise<{ port: number; close(): void }> {
  const sockets: { destroy(): void }[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket));
  const port = await listening(server);
  return {
    port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const tcpTo = (port: number, timeoutMs = 10_000): TcpTarget => ({
  host: 'receiver.test',
  port,
  tls: undefined,
  timeoutMs,
  keepAliveMs: 1000,
});

const httpTo = (port: number, more: Partial<HttpRequest> = {}): HttpRequest => ({
  url: `http://receiver.test:${port}/path?query`,
  method: 'POST',
  headers: {},
  body: 'body',
  timeoutMs: 5000,
  keepAliveMs: 1000,
  verify: true,
  ...more,
});

test('names go through the resolver of the gateway, for every way to send', async () => {
  const http = createHttpServer((request, response) => response.end(request.headers.host));
  const port = await listening(http);
  const outside = open();
  const answer = await outside.network.http(httpTo(port));
  assert.deepEqual(answer, { status: 200, text: `receiver.test:${port}` });
  await outside.network.tcp(tcpTo(port), 'GET / HTTP/1.0\r\n\r\n');
  await outside.network.udp('receiver.test', 9, ['datagram']);
  await outside.close();
  http.closeAllConnections();
  http.close();
});

test('a name without addresses is a failure, for every way to send', async () => {
  const outside = open([]);
  await assert.rejects(outside.network.http(httpTo(9)), /no address for receiver\.test/);
  await assert.rejects(outside.network.tcp(tcpTo(9), 'x'), /no address for receiver\.test/);
  await assert.rejects(outside.network.udp('receiver.test', 9, ['x']), /no address for receiver\.test/);
  await outside.close();
});

test('requests to the same server share connections while they are kept', async () => {
  let connections = 0;
  const http = createHttpServer((_, response) => response.end('ok'));
  http.on('connection', () => {
    connections += 1;
  });
  const port = await listening(http);
  const outside = open();
  for (let i = 0; i < 20; i++) await outside.network.http(httpTo(port));
  // A second one is opened while the first is just being given back.
  assert.ok(connections <= 2, String(connections));
  await outside.close();
  http.close();
});

test('a long answer is cut and not waited for', async () => {
  const http = createHttpServer((_, response) => {
    response.write('x'.repeat(100_000));
  });
  const port = await listening(http);
  const outside = open();
  const { text } = await outside.network.http(httpTo(port));
  assert.equal(text.length, 64 * 1024);
  await outside.close();
  http.closeAllConnections();
  http.close();
});

test('an answer that trickles does not outlast the timeout', async () => {
  const http = createHttpServer((_, response) => {
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
  });
  const port = await listening(http);
  const outside = open();
  const startedAt = performance.now();
  await assert.rejects(outside.network.http(httpTo(port, { timeoutMs: 200 })), /timeout/i);
  assert.ok(performance.now() - startedAt < 2000);
  await outside.close();
  http.closeAllConnections();
  http.close();
});

test('a receiver that reads nothing gets only so much, and is given up after the timeout', async () => {
  const deaf = await startDeaf();
  const outside = open();
  const target = tcpTo(deaf.port, 300);
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, () => outside.network.tcp(target, 'x'.repeat(256 * 1024))),
  );
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  assert.ok(reasons.includes('Error: the receiver does not keep up'), reasons[0] ?? 'nothing was refused');
  const late = `Error: failed to send data to receiver.test:${deaf.port}: timeout`;
  assert.ok(reasons.includes(late), reasons.at(-1) ?? 'nothing timed out');
  await outside.close();
  deaf.close();
});

test('closing waits for what is under way, but not for ever', async () => {
  const deaf = await startDeaf();
  const outside = open();
  const lost = assert.rejects(outside.network.tcp(tcpTo(deaf.port, 60_000), 'x'.repeat(4_000_000)), /closed/);
  await sleep(50);
  const startedAt = performance.now();
  await outside.close();
  const took = performance.now() - startedAt;
  assert.ok(took > 4000 && took < 8000, `${took} ms`);
  await lost;
  deaf.close();
});

test('closing an instance’s queue lets it send, and the gateway’s end waits for it', async () => {
  const outside = open();
  const sent: string[] = [];
  const queue = outside.openQueue<string>({
    limits: {
      maxBatchSize: 10,
      maxCoalescingDelay: 3600,
      maxEntries: 10,
      maxBytes: undefined,
      maxRetryTime: 60,
      initialRetryDelay: 0.01,
      maxRetryDelay: 1,
      concurrencyLimit: 1,
    },
    sizeOf: () => 1,
    send: async (batch) => {
      await sleep(50);
      sent.push(...batch);
    },
    report: () => undefined,
  });
  queue.push('a');
  queue.close();
  assert.deepEqual(sent, []);
  await outside.close();
  assert.deepEqual(sent, ['a']);
});

test('nothing is opened once all is closed, not even for a name that is answered late', async () => {
  let answer = (_addresses: readonly string[]): void => undefined;
  const resolve = (): Promise<readonly string[]> => new Promise((done) => (answer = done));
  const [udp, tcp, http] = [new UdpSender(resolve), new TcpSender(resolve), new HttpSender(resolve)];
  const begun = udp.send('receiver.test', 9, ['datagram']);
  udp.close();
  tcp.close();
  await http.close();
  answer(['127.0.0.1']);
  await assert.rejects(begun, /the gateway has ended/);
  await assert.rejects(tcp.send(tcpTo(9), 'text'), /the gateway has ended/);
  await assert.rejects(http.send(httpTo(9)), /the gateway has ended/);
});
