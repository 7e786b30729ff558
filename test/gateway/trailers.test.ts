// Trailers between versions of HTTP: what an upstream writes behind its body reaches clients of both, and back.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { start, startUpstream } from './rig.ts';

const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

/** With `x-sum` behind "abc"; notes the trailers of the request. */
async function trailing() {
  const seen: NodeJS.Dict<string>[] = [];
  const upstream = await startUpstream((request, response, body) => {
    seen.push(request.trailers);
    response.writeHead(200, { trailer: 'x-sum', 'content-type': 'text/plain' });
    response.write(body === '' ? 'abc' : body);
    response.addTrailers({ 'x-sum': '900150983' });
    response.end();
  });
  return { ...upstream, trailers: seen };
}

async function ask(port: number, headers: Record<string, string>, send: (body: ClientRequest) => void) {
  const outgoing = httpRequest({ host: '127.0.0.1', port, path: '/x', method: 'POST', headers });
  send(outgoing);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += chunk;
  return { text, headers: answer.headers, trailers: answer.trailers };
}

const routes = [{ name: 'r', paths: ['/'], strip_path: false }];

test('a client that sends TE: trailers gets the trailers of an HTTP/1.1 upstream and their announcement', async () => {
  const upstream = await trailing();
  const running = await start({ services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes }] });
  const told = await ask(running.port, { te: 'trailers' }, (body) => body.end());
  assert.deepEqual(
    [told.text, told.headers['trailer'], { ...told.trailers }],
    ['abc', 'x-sum', { 'x-sum': '900150983' }],
  );
  const untold = await ask(running.port, {}, (body) => body.end());
  assert.deepEqual([untold.text, untold.headers['trailer'], { ...untold.trailers }], ['abc', undefined, {}]);
  await running.close();
});

test('trailers of an HTTP/1.1 client reach the upstream, streamed or read first', async () => {
  const upstream = await trailing();
  const running = await start({
    services: [
      {
        name: 's',
        url: `http://127.0.0.1:${upstream.port}`,
        routes: [...routes, { name: 'unbuffered', paths: ['/x'], methods: ['POST'], request_buffering: false }],
      },
    ],
  });
  for (const size of [5, 200_000]) {
    const { text } = await ask(running.port, { trailer: 'x-mine', 'transfer-encoding': 'chunked' }, (body) => {
      body.write('y'.repeat(size));
      body.addTrailers([['x-mine', 'last']]);
      body.end();
    });
    assert.equal(text.length, size);
  }
  assert.deepEqual(
    upstream.trailers.map((one) => ({ ...one })),
    [{ 'x-mine': 'last' }, { 'x-mine': 'last' }],
  );
  await running.close();
});

test('an HTTP/2 client gets the trailers of an HTTP/1.1 upstream, and sends it its own', async () => {
  const upstream = await trailing();
  const running = await start(
    { services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes }] },
    { http2: true },
  );
  const session = http2.connect(`http://127.0.0.1:${running.port}`);
  open.push(() => session.destroy());
  const stream = session.request(
    { ':path': '/x', ':method': 'POST', te: 'trailers' },
    { endStream: false, waitForTrailers: true },
  );
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-mine': 'last' }));
  stream.end('abc');
  let trailers: http2.IncomingHttpHeaders | undefined;
  stream.on('trailers', (lines) => (trailers = lines));
  stream.resume();
  await once(stream, 'close');
  assert.equal(trailers?.['x-sum'], '900150983');
  assert.deepEqual({ ...upstream.trailers[0] }, { 'x-mine': 'last' });
  await running.close();
});

test('a client of HTTP/1.1 gets the trailers of an upstream that speaks HTTP/2', async () => {
  const server = http2.createServer();
  server.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-sum': '5' }));
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.end('abc');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const running = await start({ services: [{ name: 's', protocol: 'grpc', host: '127.0.0.1', port, routes }] });
  const told = await ask(running.port, { te: 'trailers' }, (body) => body.end());
  assert.deepEqual([told.text, { ...told.trailers }], ['abc', { 'grpc-status': '0', 'x-sum': '5' }]);
  const untold = await ask(running.port, {}, (body) => body.end());
  assert.deepEqual([untold.text, { ...untold.trailers }], ['abc', {}]);
  await running.close();
});
