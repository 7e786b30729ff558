// When a request's body is read before an upstream is asked for anything, and when it flows through.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, test } from 'node:test';
import { deadPort, start, until } from './rig.ts';

const HEAD = 'PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';

const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

/** Keeps what arrives; `answer` says what each connection gets once its request is whole, or nothing: then it is reset. */
async function rawUpstream(answer: string | undefined) {
  const received: string[] = [];
  const server = net.createServer((socket) => {
    const index = received.push('') - 1;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1');
      if (!/hello|0\r\n\r\n$/.test(received[index]!)) return;
      if (answer === undefined) socket.resetAndDestroy();
      else socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  return { received, port: (server.address() as net.AddressInfo).port };
}

async function connect(port: number) {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  await once(socket, 'connect');
  open.push(() => socket.destroy());
  return { socket, text: () => text };
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

test('a body in chunks asks nothing of an upstream before it is whole, and goes out with its length', async () => {
  const upstream = await rawUpstream(OK);
  const running = await start({
    services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ name: 'r', paths: ['/'] }] }],
  });
  const client = await connect(running.port);
  client.socket.write(`${HEAD}5\r\nhel`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(upstream.received, []);
  client.socket.write('lo\r\n0\r\n\r\n');
  await until(() => client.text().endsWith('ok'), 'the answer');
  assert.match(upstream.received[0]!, /\r\nContent-Length: 5\r\n[\s\S]*\r\n\r\nhello$/i);
  await running.close();
});

test('so it can be sent again when a target fails before it answers', async () => {
  const [failing, working] = [await rawUpstream(undefined), await rawUpstream(OK)];
  const targets = [failing, working].map(({ port }) => ({ target: `127.0.0.1:${port}` }));
  const running = await start({
    services: [{ name: 's', host: 'u', routes: [{ name: 'r', paths: ['/'] }] }],
    upstreams: [{ name: 'u', targets }],
  });
  while (failing.received.length === 0) {
    const client = await connect(running.port);
    client.socket.write(`${HEAD}5\r\nhello\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.socket.write('0\r\n\r\n');
    await until(() => client.text().endsWith('ok'), 'the answer');
    assert.match(client.text(), /^HTTP\/1\.1 200 /);
  }
  await running.close();
});

test('what flows through is sent elsewhere as long as nothing of it went out', async () => {
  const working = await rawUpstream(OK);
  const targets = [{ target: `127.0.0.1:${await deadPort()}` }, { target: `127.0.0.1:${working.port}` }];
  const routes = [{ name: 'r', paths: ['/'], request_buffering: false }];
  const running = await start({
    services: [{ name: 's', host: 'u', routes }],
    upstreams: [{ name: 'u', targets }],
  });
  for (let i = 0; i < 4; i++) {
    const client = await connect(running.port);
    client.socket.write(`${HEAD.replace('PUT', 'POST')}3\r\nhel\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.socket.write('2\r\nlo\r\n0\r\n\r\n');
    await until(() => client.text().endsWith('ok'), 'the answer');
    assert.match(client.text(), /^HTTP\/1\.1 200 /);
  }
  await running.close();
});

test('without request_buffering, and beyond a megabyte, it flows through as it comes', async () => {
  const upstream = await rawUpstream(OK);
  const routes = [
    { name: 'buffered', paths: ['/x'] },
    { name: 'streamed', paths: ['/x'], headers: { stream: ['1'] }, request_buffering: false },
  ];
  const running = await start({ services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes }] });
  const streamed = await connect(running.port);
  streamed.socket.write(`${HEAD.replace('Host', 'Stream: 1\r\nHost')}3\r\nabc\r\n`);
  await until(() => upstream.received[0]?.endsWith('3\r\nabc\r\n') === true, 'the first chunk');
  const large = await connect(running.port);
  large.socket.write(`${HEAD}200000\r\n${'x'.repeat(0x200000)}\r\n`);
  await until(() => (upstream.received[1]?.length ?? 0) > 0x200000, 'what came so far');
  assert.doesNotMatch(upstream.received[1]!, /content-length/i);
  await running.close();
});
