import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { until } from '../gateway/rig.ts';
import { ask, HOST, startStreams, startUdpEcho, udpClient } from './rig.ts';

const anywhere = { sources: [{ ip: '0.0.0.0/0' }] };
const route = { name: 'r', protocols: ['udp'], ...anywhere };
const service = (port: number, more: object = {}) => ({
  name: 's',
  protocol: 'udp',
  host: HOST,
  port,
  routes: [route],
  ...more,
});

/** Node has no raw sockets. */
const RAW = `import socket, struct, sys
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
if len(sys.argv) > 2:
    text = sys.argv[2].encode()
    raw.sendto(struct.pack('!HHHH', 0, int(sys.argv[1]), 8 + len(text), 0) + text, ('127.0.0.1', 0))`;

test('datagrams go to the service, answers come back, and one client keeps its peer', async (t) => {
  const servers = await Promise.all(['one', 'two', 'three'].map((name) => startUdpEcho(t, name)));
  const content = {
    upstreams: [{ name: 'u', targets: servers.map((port) => ({ target: `${HOST}:${port}` })) }],
    services: [service(1, { host: 'u' })],
  };
  const { ports, access } = await startStreams(t, content, [{ udp: true }]);
  const peers = new Set<string>();
  for (let client = 0; client < 6; client++) {
    const socket = udpClient(t);
    const first = await ask(socket, ports[0]!, 'a');
    assert.match(first ?? '', /^(one|two|three) a$/);
    const [peer] = first!.split(' ');
    assert.equal(await ask(socket, ports[0]!, 'b'), `${peer} b`);
    peers.add(peer!);
  }
  assert.equal(peers.size, 3);
  assert.deepEqual(access, [], 'sessions are open');
});

test('a session is over after a silence of read_timeout, and logged', async (t) => {
  const port = await startUdpEcho(t, 'one');
  const { ports, access } = await startStreams(t, { services: [service(port, { read_timeout: 100 })] }, [
    { udp: true },
  ]);
  const socket = udpClient(t);
  assert.equal(await ask(socket, ports[0]!, 'hello'), 'one hello');
  await until(() => access.length === 1, 'it is over');
  const { method, status, bytes_in, bytes_out, upstream, client_ip } = access[0]!;
  assert.deepEqual(
    { method, status, bytes_in, bytes_out, upstream, client_ip },
    { method: 'UDP', status: 200, bytes_in: 5, bytes_out: 9, upstream: `${HOST}:${port}`, client_ip: HOST },
  );
  assert.equal(await ask(socket, ports[0]!, 'again'), 'one again', 'the next datagram begins a new one');
});

test('datagrams that no route matches are dropped', async (t) => {
  const port = await startUdpEcho(t, 'one');
  const content = { services: [service(port, { routes: [{ ...route, sources: [{ ip: '10.0.0.1' }] }] })] };
  const { ports, logs } = await startStreams(t, content, [{ udp: true }]);
  const socket = udpClient(t);
  assert.equal(await ask(socket, ports[0]!, 'a', 100), undefined);
  assert.equal(await ask(socket, ports[0]!, 'b', 100), undefined);
  assert.deepEqual(logs, ['error no Route found with those values'], 'said once a session');
});

test('a route of tcp gets no datagrams', async (t) => {
  const port = await startUdpEcho(t, 'one');
  const content = { services: [service(port, { routes: [{ ...route, protocols: ['tcp'] }] })] };
  const { ports } = await startStreams(t, content, [{ udp: true }]);
  assert.equal(await ask(udpClient(t), ports[0]!, 'a', 100), undefined);
});

test('a peer that is not there is taken out by passive checks, and the client goes to another', async (t) => {
  const port = await startUdpEcho(t, 'one');
  const free = createSocket('udp4');
  await new Promise<void>((resolve) => free.bind(0, HOST, resolve));
  const dead = free.address().port;
  await new Promise<void>((resolve) => free.close(() => resolve()));
  const healthchecks = { passive: { type: 'tcp', unhealthy: { tcp_failures: 1 } } };
  const content = {
    upstreams: [{ name: 'u', healthchecks, targets: [port, dead].map((at) => ({ target: `${HOST}:${at}` })) }],
    services: [service(1, { host: 'u' })],
  };
  const { ports, logs } = await startStreams(t, content, [{ udp: true }]);
  const clients = [udpClient(t), udpClient(t)];
  for (const socket of clients) await ask(socket, ports[0]!, 'a', 200);
  for (const socket of clients) assert.equal(await ask(socket, ports[0]!, 'b'), 'one b');
  assert.ok(logs.some((line) => line.includes(`increment (1/1) for '127.0.0.1(127.0.0.1:${dead})'`)));
});

test('a peer that no connection can be made to ends the session, not the gateway', async (t) => {
  const alive = await startUdpEcho(t, 'one');
  const broadcast = { ...service(9, { name: 'far', host: '255.255.255.255' }), routes: [{ ...route, name: 'far' }] };
  const { ports, access, logs, replace } = await startStreams(t, { services: [broadcast] }, [{ udp: true }]);
  assert.equal(await ask(udpClient(t), ports[0]!, 'a', 200), undefined);
  await until(() => access.length === 1, 'it is over');
  assert.equal(access[0]!.status, 502);
  await replace({ services: [service(alive)] });
  assert.equal(await ask(udpClient(t), ports[0]!, 'b'), 'one b');
  assert.deepEqual(logs, []);
});

test('a datagram that gives no port to answer to goes to the service all the same', {
  skip: withoutRawSockets(),
}, async (t) => {
  const heard: string[] = [];
  const server = createSocket('udp4');
  server.on('message', (bytes, from) => {
    heard.push(String(bytes));
    server.send('an answer', from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, HOST, resolve));
  t.after(() => server.close());
  const { ports, access } = await startStreams(
    t,
    { services: [service(server.address().port, { read_timeout: 100 })] },
    [{ udp: true }],
  );
  sendFromPortZero(ports[0]!, 'nobody');
  await until(() => access.length === 1, 'it is over');
  assert.deepEqual(heard, ['nobody']);
  assert.equal(await ask(udpClient(t), ports[0]!, 'somebody'), 'an answer');
});

function withoutRawSockets(): string | false {
  return spawnSync('python3', ['-c', RAW]).status === 0
    ? false
    : 'python3 with the right to open raw sockets is missing';
}

function sendFromPortZero(port: number, text: string): void {
  assert.equal(spawnSync('python3', ['-c', RAW, String(port), text]).status, 0);
}
