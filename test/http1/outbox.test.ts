// Small messages leave at the end of the turn in which they were made. What happens in between must not be taken for more than
// it is. Everything here runs in one process: what a test writes in one go, the gateway finds in one go.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { start } from '../gateway/rig.ts';

interface Seen {
  readonly sockets: Socket[];
  /** Heads with their small bodies, in the order in which they came. */
  readonly requests: string[];
}

/** Answers every request with its number. */
async function startCounter(): Promise<Seen & { readonly port: number }> {
  const seen: Seen = { sockets: [], requests: [] };
  const server = createServer((socket) => {
    seen.sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const count = seen.requests.push(chunk.toString('latin1'));
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${String(count).length}\r\n\r\n${count}`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    for (const socket of seen.sockets) socket.destroy();
    server.close();
  });
  return { ...seen, port: (server.address() as AddressInfo).port };
}

const gatewayFor = (port: number) =>
  start({ services: [{ name: 's', url: `http://127.0.0.1:${port}`, routes: [{ name: 'r', paths: ['/'] }] }] });

async function open(port: number): Promise<{ socket: Socket; next: () => Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  after(() => socket.destroy());
  await once(socket, 'connect');
  const next = async (): Promise<string> => String((await once(socket, 'data'))[0]);
  return { socket, next };
}

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc';

/** A client's connection and an upstream's have served one request, and are idle. */
async function afterOneRequest() {
  const upstream = await startCounter();
  const gateway = await gatewayFor(upstream.port);
  const client = await open(gateway.port);
  client.socket.write(GET);
  assert.match(await client.next(), /\r\n\r\n1$/);
  return { upstream, gateway, client };
}

for (const [method, request] of [
  ['GET', GET],
  ['POST', POST],
]) {
  test(`bytes that come before a ${method} request has left are not its answer: it goes over a new connection`, async () => {
    const { upstream, gateway, client } = await afterOneRequest();
    // In this order they are read, in one turn: the request takes the idle connection, then its bytes arrive.
    client.socket.write(request!);
    upstream.sockets[0]!.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
    assert.match(await client.next(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n2$/);
    assert.equal(upstream.sockets.length, 2);
    assert.equal(upstream.requests.length, 2);
    await gateway.close();
  });

  test(`a ${method} request whose connection is gone before it has left goes over a new one`, async () => {
    const { upstream, gateway, client } = await afterOneRequest();
    client.socket.write(request!);
    upstream.sockets[0]!.destroy();
    assert.match(await client.next(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n2$/);
    assert.equal(upstream.requests.length, 2);
    await gateway.close();
  });
}

test('a client that goes away before its request has left takes it along', async () => {
  const { gateway, client } = await afterOneRequest();
  client.socket.write(GET);
  client.socket.resetAndDestroy();
  const other = await open(gateway.port);
  other.socket.write(GET);
  assert.match(await other.next(), /^HTTP\/1\.1 200 OK\r\n/);
  await gateway.close();
});

test('answers to requests in one piece come in order, and nothing of them is missing', async () => {
  const upstream = await startCounter();
  const gateway = await gatewayFor(upstream.port);
  const client = await open(gateway.port);
  let text = '';
  client.socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  const ended = once(client.socket, 'end');
  client.socket.write(GET.repeat(19) + GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  await ended;
  const bodies = [...text.matchAll(/\r\n\r\n(\d+)/g)].map(([, body]) => Number(body));
  assert.deepEqual(
    bodies,
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  await gateway.close();
});
