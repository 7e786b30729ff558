// HTTP/2 between clients and the gateway: the same way as HTTP/1.1, and what is done about those who mean harm.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import * as http2 from 'node:http2';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import {
  ACK,
  connectFrames,
  END_HEADERS,
  END_STREAM,
  type Fields,
  FRAME,
  type FrameClient,
  frame,
  headers,
  request,
  uint32,
} from './http2-frames.ts';
import { echo, type Running, start, startUpstream, type Upstream, until } from './rig.ts';
import { onTls, serverTls } from './tls-rig.ts';

const PROTOCOL_ERROR = http2.constants.NGHTTP2_PROTOCOL_ERROR;
const ENHANCE_YOUR_CALM = http2.constants.NGHTTP2_ENHANCE_YOUR_CALM;

const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

const content = (upstream: Upstream, fields: object = {}) => ({
  services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, ...fields, routes: [{ name: 'r', paths: ['/'] }] }],
});

interface Answer {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly text: string;
  readonly code: number;
}

function client(running: Running, options: http2.SecureClientSessionOptions = {}, scheme = 'http') {
  const session = http2.connect(`${scheme}://127.0.0.1:${running.port}`, { rejectUnauthorized: false, ...options });
  session.on('error', () => undefined);
  open.push(() => session.destroy());
  return session;
}

function ask(
  session: http2.ClientHttp2Session,
  fields: http2.OutgoingHttpHeaders = {},
  body?: string | Buffer,
): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request({ ':authority': 'a.test', ...fields }, { endStream: body === undefined });
    let received: http2.IncomingHttpHeaders = {};
    let text = '';
    stream.on('response', (lines) => (received = lines));
    stream.on('data', (chunk) => (text += chunk));
    stream.on('error', () => undefined);
    stream.on('close', () =>
      resolve({ status: Number(received[':status'] ?? 0), headers: received, text, code: stream.rstCode ?? 0 }),
    );
    if (body !== undefined) stream.end(body);
  });
}

test('a request goes up as HTTP/1.1 and its answer comes back', async () => {
  const upstream = await startUpstream(echo);
  const running = await start(content(upstream), { http2: true });
  const session = client(running);
  const {
    status,
    headers: lines,
    text,
  } = await ask(session, {
    ':path': '/a?b=c',
    cookie: ['a=1', 'b=2'],
    te: 'trailers',
    'x-twice': ['1', '2'],
  });
  assert.equal(status, 200);
  const seen = JSON.parse(text) as { target: string; headers: Record<string, string>; raw: string[] };
  assert.equal(seen.target, '/a?b=c');
  assert.equal(seen.headers['cookie'], 'a=1; b=2');
  assert.equal(seen.headers['via'], '2 kong/3.10.0');
  assert.equal(seen.headers['te'], 'trailers');
  assert.equal(seen.headers['x-forwarded-host'], 'a.test');
  assert.equal(seen.raw.filter((word) => word.toLowerCase() === 'x-twice').length, 2);
  assert.equal(lines['via'], '1.1 kong/3.10.0');
  assert.ok(lines['x-kong-request-id']);
  assert.ok(lines['date']);
  assert.equal(lines['connection'], undefined);
  assert.equal(lines['transfer-encoding'], undefined);
  assert.equal(running.access[0]!.status, 200);
  await running.close();
  await upstream.close();
});

test('over TLS, where the client asks for it; and HTTP/1.1 on the same port', async () => {
  const upstream = await startUpstream(echo);
  const running = await start(content(upstream), { http2: true, tls: serverTls, listen: [onTls] });
  const session = client(running, {}, 'https');
  const { text } = await ask(session, { ':path': '/x', ':scheme': 'https' });
  assert.equal((JSON.parse(text) as { headers: Record<string, string> }).headers['x-forwarded-proto'], 'https');
  assert.equal(session.alpnProtocol, 'h2');
  session.close();
  await running.close();
  await upstream.close();
});

test('curl agrees', async (t) => {
  const version = spawnSync('curl', ['--version']).stdout?.toString() ?? '';
  if (!version.includes('HTTP2')) return t.skip('there is no curl that speaks HTTP/2 here');
  const upstream = await startUpstream((_request, response, body) => response.end(`got ${body.length}`));
  const running = await start(content(upstream), {
    http2: true,
    tls: serverTls,
    listen: [onTls, { host: '127.0.0.1', port: 0 }],
  });
  const run = (...args: string[]): Promise<string> =>
    new Promise((resolve, reject) =>
      execFile('curl', ['-sk', '-w', ' %{http_version} %{http_code}', ...args], (error, out) =>
        error === null ? resolve(out) : reject(error),
      ),
    );
  assert.equal(await run('--http2', `https://127.0.0.1:${running.port}/`), 'got 0 2 200');
  assert.equal(await run('--http1.1', `https://127.0.0.1:${running.port}/`), 'got 0 1.1 200');
  const clear = running.gateway.addresses[1]!.port;
  assert.equal(await run('--http2-prior-knowledge', '-d', 'hello', `http://127.0.0.1:${clear}/`), 'got 5 2 200');
  assert.equal(await run('--http1.1', `http://127.0.0.1:${clear}/`), 'got 0 1.1 200');
  await running.close();
  await upstream.close();
});

test('the preface is no request where HTTP/2 is not spoken', async () => {
  const running = await start({});
  const raw = connectFrames(running.port);
  await until(() => raw.isClosed, 'it is closed');
  await running.close();
});

test('bodies of known and of unknown length arrive whole', async () => {
  const upstream = await startUpstream((incoming, response, body) =>
    response.end(
      `${body.length} ${incoming.headers['content-length'] ?? '-'} ${incoming.headers['transfer-encoding'] ?? '-'}`,
    ),
  );
  const running = await start(content(upstream), { http2: true });
  const session = client(running);
  const post = { ':method': 'POST', ':path': '/' };
  assert.equal((await ask(session, post, 'hello')).text, '5 5 -');
  assert.equal((await ask(session, { ...post, 'content-length': 5 }, 'hello')).text, '5 5 -');
  const large = Buffer.alloc(3_000_000, 'x');
  assert.equal((await ask(session, post, large)).text, '3000000 - chunked');
  assert.equal((await ask(session, { ...post, 'content-length': large.length }, large)).text, '3000000 3000000 -');
  assert.equal((await ask(session, { ...post, expect: '100-continue' }, 'hello')).text, '5 5 -');
  await running.close();
  await upstream.close();
});

test('a large answer arrives whole, many at once', async () => {
  const upstream = await startUpstream((_request, response) => response.end(Buffer.alloc(1_000_000, 'z')));
  const running = await start(content(upstream), { http2: true });
  const session = client(running);
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(session, { ':path': '/' })));
  assert.deepEqual([...new Set(answers.map(({ text }) => text.length))], [1_000_000]);
  await running.close();
  await upstream.close();
});

test('HEAD, 204 and 304 have no body', async () => {
  const upstream = await startUpstream((incoming, response) => {
    response.statusCode = Number(incoming.url!.slice(1));
    if (response.statusCode === 200) response.setHeader('content-length', 4);
    response.end();
  });
  const running = await start(content(upstream), { http2: true });
  const session = client(running);
  const head = await ask(session, { ':method': 'HEAD', ':path': '/200' });
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '4']);
  for (const status of [204, 304]) {
    const answer = await ask(session, { ':path': `/${status}` });
    assert.deepEqual([answer.status, answer.text], [status, '']);
  }
  await running.close();
  await upstream.close();
});

test('our own answers are as in HTTP/1.1', async () => {
  const running = await start({}, { http2: true });
  const session = client(running);
  const { status, headers: lines, text } = await ask(session, { ':path': '/' });
  assert.equal(status, 404);
  assert.equal(lines['content-type'], 'application/json; charset=utf-8');
  assert.equal((JSON.parse(text) as { message: string }).message, 'no Route matched with those values');
  await running.close();
});

test('lines of an upstream that HTTP/2 cannot carry do no harm', async () => {
  const upstream = await startUpstream((_request, response) => {
    response.setHeader('TE', 'gzip');
    response.setHeader('HTTP2-Settings', 'AAA');
    response.setHeader('Keep-Alive', 'timeout=5');
    response.setHeader('Proxy-Connection', 'close');
    response.setHeader('Upgrade', 'h2c');
    response.setHeader('Connection', 'X-Hop');
    response.setHeader('X-Hop', 'secret');
    response.setHeader('Location', ['/a', '/b']);
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    response.end('fine');
  });
  const running = await start(content(upstream), { http2: true });
  const { status, headers: lines, text } = await ask(client(running), { ':path': '/' });
  assert.deepEqual([status, text], [200, 'fine']);
  assert.equal(lines['location'], '/b');
  assert.deepEqual(lines['set-cookie'], ['a=1', 'b=2']);
  const gone = ['te', 'http2-settings', 'keep-alive', 'proxy-connection', 'upgrade', 'connection', 'x-hop'];
  for (const name of gone) assert.equal(lines[name], undefined, name);
  await running.close();
  await upstream.close();
});

test('a plugin that throws costs its request, not the connection', async () => {
  const { definePlugin } = await import('../../src/pdk/index.ts');
  const thrower = definePlugin({
    name: 'thrower',
    priority: 1,
    version: '1.0.0',
    schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
    handler: () =>
      Promise.resolve({
        create: () => ({
          access: ({ request: asked }) => {
            if (asked.path === '/throw') throw new Error('no');
          },
        }),
      }),
  });
  const upstream = await startUpstream((_request, response) => response.end('ok'));
  const running = await start(
    { ...content(upstream), plugins: [{ name: 'thrower' }] },
    { http2: true, plugins: [thrower] },
  );
  const session = client(running);
  const [bad, good] = await Promise.all([ask(session, { ':path': '/throw' }), ask(session, { ':path': '/fine' })]);
  assert.deepEqual([bad.status, good.status], [500, 200]);
  await running.close();
  await upstream.close();
});

test('an answer that breaks off resets its stream, and the connection goes on', async () => {
  const upstream = await startUpstream((incoming, response) => {
    if (incoming.url === '/whole') {
      response.end('whole');
      return;
    }
    response.writeHead(200, incoming.url === '/known' ? { 'content-length': 1000 } : {});
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  });
  const running = await start(content(upstream), { http2: true });
  const session = client(running);
  for (const path of ['/known', '/unknown']) {
    const broken = await ask(session, { ':path': path });
    assert.notEqual(broken.code, http2.constants.NGHTTP2_NO_ERROR, path);
    assert.ok(broken.text.length <= 4);
  }
  assert.equal((await ask(session, { ':path': '/whole' })).text, 'whole');
  await running.close();
  await upstream.close();
});

test('an answer that breaks off never has an end, also where its length is known', async () => {
  const upstream = await startUpstream((_incoming, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('half');
    setTimeout(() => response.destroy(), 20);
  });
  const running = await start(content(upstream), { http2: true });
  const raw = connectFrames(running.port);
  raw.send(headers(1, request('/')));
  await until(() => raw.resetOf(1) !== undefined || raw.frames.some(isEnd), 'an end of the stream');
  assert.equal(raw.resetOf(1), http2.constants.NGHTTP2_INTERNAL_ERROR);
  assert.equal(raw.frames.some(isEnd), false);
  raw.socket.destroy();
  await running.close();
  await upstream.close();
});

const isEnd = ({ type, flags }: { type: number; flags: number }): boolean =>
  type === FRAME.data && (flags & END_STREAM) !== 0;

test('a client that cancels ends the upstream request', async () => {
  let isClosed = false;
  const upstream = await startUpstream((incoming, response) => {
    incoming.socket.on('close', () => (isClosed = true));
    response.write('begun');
  });
  const running = await start(content(upstream), { http2: true });
  const session = client(running);
  const stream = session.request({ ':path': '/', ':authority': 'a.test' });
  stream.on('error', () => undefined);
  await new Promise((resolve) => stream.once('data', resolve));
  stream.close(http2.constants.NGHTTP2_CANCEL);
  await until(() => isClosed, 'the upstream connection is closed');
  await until(() => running.access.length === 1, 'the line is written');
  assert.equal(running.access[0]!.aborted, true);
  await running.close();
  await upstream.close();
});

test('clients that go away leave nothing behind', async () => {
  const upstream = await startUpstream((_request, response) => {
    response.write('begun');
  });
  const running = await start(content(upstream), { http2: true });
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  for (const text of [preface.slice(0, 10), preface.slice(0, 18), preface.slice(0, 20), preface]) {
    const socket = connect(running.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.write(text, () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
  }
  const raw = connectFrames(running.port);
  raw.send(headers(1, request('/')));
  await until(() => raw.frames.some((one) => one.stream === 1), 'the answer begins');
  raw.socket.end();
  await until(() => running.gateway.counters().connections === 0, 'no connection is left');
  assert.equal(running.access.at(-1)!.aborted, true);
  await running.close();
  await upstream.close();
});

test('a body above the limit is refused, declared or not', async () => {
  const upstream = await startUpstream((_request, response) => response.end('ok'));
  const running = await start(content(upstream), { http2: true, limits: { bodyBytes: 1000 } });
  const session = client(running);
  const post = { ':method': 'POST', ':path': '/' };
  assert.equal((await ask(session, { ...post, 'content-length': 2000 }, 'x'.repeat(2000))).status, 413);
  assert.equal((await ask(session, post, 'x'.repeat(2000))).status, 413);
  assert.equal((await ask(session, post, 'x'.repeat(999))).status, 200);
  await running.close();
  await upstream.close();
});

test('a body that does not come is given up', async () => {
  const upstream = await startUpstream((_request, response) => response.end('ok'));
  const running = await start(content(upstream), { http2: true, limits: { bodyStallTimeoutMs: 300 } });
  const raw = connectFrames(running.port);
  const post: Fields = [[':method', 'POST'], ...request('/').slice(1), ['content-length', '1000']];
  raw.send(headers(1, post, END_HEADERS), frame(FRAME.data, 0, 1, Buffer.from('abc')));
  await until(() => raw.frames.some((one) => one.type === FRAME.headers && one.stream === 1), 'an answer');
  assert.equal(running.access[0]!.status, 408);
  await running.close();
  await upstream.close();
});

test('draining tells the client and finishes what runs', async () => {
  const upstream = await startUpstream((_request, response) => setTimeout(() => response.end('late'), 300));
  const running = await start(content(upstream), { http2: true });
  const session = client(running);
  const answer = ask(session, { ':path': '/' });
  await until(() => upstream.seen.length === 1, 'the request is under way');
  const closing = running.gateway.close(3000);
  assert.equal((await answer).text, 'late');
  await closing;
  await upstream.close();
});

test('an idle connection is closed', async () => {
  const running = await start({}, { http2: true, limits: { idleTimeoutMs: 300 } });
  const raw = connectFrames(running.port);
  raw.send(headers(1, request('/')));
  await until(() => raw.frames.some((one) => one.stream === 1), 'an answer');
  await until(() => raw.isClosed, 'it is closed');
  await running.close();
});

test('a refused stream that is neither read nor ended does not hold its connection for ever', async () => {
  const running = await start({}, { http2: true, limits: { idleTimeoutMs: 300, sendStallTimeoutMs: 300 } });
  const noWindow = Buffer.from([0, 4, 0, 0, 0, 0]);
  const trace: Fields = request('/').map(([name, value]) => [name, name === ':method' ? 'TRACE' : value]);
  for (const flags of [END_HEADERS | END_STREAM, END_HEADERS]) {
    const raw = connectFrames(running.port);
    raw.send(frame(FRAME.settings, 0, 0, noWindow), headers(1, trace, flags));
    await until(() => raw.frames.some((one) => one.stream === 1), 'the head of an answer');
    await until(() => raw.isClosed, 'it is closed');
  }
  await running.close();
});

const MALFORMED: readonly (readonly [string, Fields])[] = [
  ['capitals in a name', request('/', [['X-A', 'b']])],
  ['Connection', request('/', [['connection', 'close']])],
  ['Transfer-Encoding', request('/', [['transfer-encoding', 'chunked']])],
  ['Keep-Alive', request('/', [['keep-alive', 'timeout=5']])],
  ['Proxy-Connection', request('/', [['proxy-connection', 'close']])],
  ['Upgrade', request('/', [['upgrade', 'websocket']])],
  ['TE with more than trailers', request('/', [['te', 'trailers, gzip']])],
  ['a Host that differs', request('/', [['host', 'b.test']])],
  [
    'two Hosts',
    request('/', [
      ['host', 'a.test'],
      ['host', 'a.test'],
    ]),
  ],
  ['a space in the path', request('/a b')],
  ['user information', [...request('/').slice(0, 3), [':authority', 'u@a.test']]],
  ['an authority of two', [...request('/').slice(0, 3), [':authority', 'a.test, b.test']]],
  ['a path that is an URL', request('http://b.test/')],
  ['an asterisk', request('*')],
  ['two paths', request('/', [[':path', '/other']])],
  ['a pseudo header behind a field', [['x-a', 'b'], ...request('/')]],
  ['an unknown pseudo header', request('/', [[':x', 'y']])],
  ['a line break in the path', request('/a\r\nx-b: c')],
  ['a line break in the authority', [...request('/').slice(0, 3), [':authority', 'a.test\r\nx-b: c']]],
  ['a line break in the method', [[':method', 'GET /x HTTP/1.1\r\nhost: b.test\r\n\r\nGET'], ...request('/').slice(1)]],
  [
    'two lengths',
    request('/', [
      ['content-length', '0'],
      ['content-length', '0'],
    ]),
  ],
  ['a length that is no number', request('/', [['content-length', '+5']])],
  ['a length without a body', request('/', [['content-length', '5']])],
  ['no method', request('/').slice(1)],
  ['no path', request('/').filter(([name]) => name !== ':path')],
  ['an empty path', request('')],
  ['no scheme', request('/').filter(([name]) => name !== ':scheme')],
  ['a line break in a value', request('/', [['x-a', 'b\r\nx-c: d']])],
  ['a bare line feed in a value', request('/', [['x-a', 'b\nc']])],
  ['NUL in a value', request('/', [['x-a', 'b\0c']])],
  ['a line break in a cookie', request('/', [['cookie', 'a=b\r\nx-c: d']])],
  ['a line break in a name', request('/', [['x-a\r\nx-b', 'c']])],
  ['a space in a name', request('/', [['x a', 'b']])],
  ['a colon in a name', request('/', [['x-a: b', 'c']])],
  ['an empty name', request('/', [['', 'b']])],
];

test('what would be another request in HTTP/1.1 resets its stream and reaches nobody', async () => {
  const upstream = await startUpstream(echo);
  const running = await start(content(upstream), { http2: true });
  for (const [what, fields] of MALFORMED) {
    const raw = connectFrames(running.port);
    raw.send(headers(1, fields));
    await until(() => raw.isClosed || raw.resetOf(1) !== undefined || raw.goaway() !== undefined, what);
    if (raw.resetOf(1) !== undefined) assert.equal(raw.resetOf(1), PROTOCOL_ERROR, what);
    assert.ok(!raw.frames.some((one) => one.type === FRAME.headers), what);
    raw.socket.destroy();
  }
  assert.deepEqual(upstream.seen, []);
  await running.close();
  await upstream.close();
});

const REFUSED: readonly (readonly [string, Fields, number])[] = [
  ['a path above the root', request('/../x'), 400],
  ['a broken escape', request('/%zz'), 400],
  ['a fragment', request('/a#b'), 400],
  ['an unknown method', [[':method', 'FOO'], ...request('/').slice(1)], 400],
  ['TRACE', [[':method', 'TRACE'], ...request('/').slice(1)], 405],
  ['a strange Expect', request('/', [['expect', '200-ok']]), 417],
  ['a long path', request(`/${'p'.repeat(9000)}`), 414],
  ['a long line', request('/', [['x-a', 'v'.repeat(9000)]]), 431],
  [
    'too many lines',
    request(
      '/',
      Array.from({ length: 130 }, (_, i) => [`x-${i}`, 'v'] as const),
    ),
    431,
  ],
  [
    'too large a head',
    request(
      '/',
      Array.from({ length: 10 }, (_, i) => [`x-${i}`, 'v'.repeat(4000)] as const),
    ),
    431,
  ],
];

test('other faulty heads are answered, and the connection goes on', async () => {
  const upstream = await startUpstream(echo);
  const running = await start(content(upstream), { http2: true });
  const raw = connectFrames(running.port);
  let stream = -1;
  for (const [what, fields, status] of REFUSED) {
    stream += 2;
    const before = running.access.length;
    const bytes = headers(stream, fields);
    // A frame has at most 16 KiB.
    const parts = [];
    const payload = bytes.subarray(9);
    for (let at = 0; at < payload.length; at += 16_000) {
      const isLast = at + 16_000 >= payload.length;
      const flags = (at === 0 ? END_STREAM : 0) | (isLast ? END_HEADERS : 0);
      parts.push(
        frame(at === 0 ? FRAME.headers : FRAME.continuation, flags, stream, payload.subarray(at, at + 16_000)),
      );
    }
    raw.send(...parts);
    await until(() => raw.frames.some((one) => one.type === FRAME.headers && one.stream === stream), what);
    await until(() => running.access.length === before + 1, `${what}: a line`);
    assert.equal(running.access[before]!.status, status, what);
  }
  assert.deepEqual(upstream.seen, []);
  raw.send(headers(stream + 2, request('/fine')));
  await until(() => upstream.seen.includes('GET /fine'), 'the good request');
  raw.socket.destroy();
  await running.close();
  await upstream.close();
});

/** A client that floods must be gone, and others must not have noticed. */
async function flood(running: Running, attack: (raw: FrameClient) => void, what: string): Promise<FrameClient> {
  const raw = connectFrames(running.port);
  await until(() => raw.frames.length > 0, 'it is connected');
  attack(raw);
  await until(() => raw.isClosed, `${what}: the connection is closed`);
  assert.equal((await running.send('/after')).status, 200, what);
  return raw;
}

/** Up to ten thousand streams, opened and then ended by a frame; in pieces, as a network would bring them. */
const spoiltStreams =
  (spoil: (stream: number) => Buffer) =>
  ({ send, socket }: ReturnType<typeof connectFrames>): void => {
    let stream = 1;
    const more = (): void => {
      if (socket.destroyed || stream > 20_000) return;
      const frames = [];
      for (let i = 0; i < 20; i++, stream += 2) frames.push(headers(stream, request(`/r${stream}`)), spoil(stream));
      send(...frames);
      setImmediate(more);
    };
    more();
  };

test('a client that opens and resets streams is cut off, and little of it reaches the upstream', async () => {
  const upstream = await startUpstream((incoming, response) => {
    if (incoming.url === '/after') response.end('ok');
    else setTimeout(() => response.end('slow'), 500);
  });
  const running = await start(content(upstream), { http2: true });
  const raw = await flood(
    running,
    spoiltStreams((stream) => frame(FRAME.reset, 0, stream, uint32(8))),
    'rapid reset',
  );
  assert.ok(upstream.seen.length <= 200, `${upstream.seen.length} requests reached the upstream`);
  assert.equal(raw.goaway(), ENHANCE_YOUR_CALM);
  await running.close();
  await upstream.close();
});

test('a hundred resets in a second are borne, more are not', async () => {
  const upstream = await startUpstream((incoming, response) => {
    if (incoming.url === '/good') response.end('ok');
  });
  const running = await start(content(upstream), { http2: true });
  for (const [resets, isBorne] of [
    [100, true],
    [101, false],
  ] as const) {
    const raw = connectFrames(running.port);
    let stream = 1;
    for (; stream < 2 * resets; stream += 2) {
      raw.send(headers(stream, request('/slow')), frame(FRAME.reset, 0, stream, uint32(8)));
    }
    raw.send(headers(stream, request('/good')));
    await until(
      () => raw.isClosed || raw.frames.some((one) => one.type === FRAME.headers && one.stream === stream),
      `${resets} resets have an outcome`,
    );
    assert.equal(raw.goaway(), isBorne ? undefined : ENHANCE_YOUR_CALM, `${resets} resets`);
    raw.socket.destroy();
  }
  await running.close();
  await upstream.close();
});

test('resets that a client provokes count like its own', async () => {
  const upstream = await startUpstream((incoming, response) => {
    if (incoming.url === '/after') response.end('ok');
    else setTimeout(() => response.end('slow'), 500);
  });
  const running = await start(content(upstream), { http2: true });
  await flood(
    running,
    spoiltStreams((stream) => frame(FRAME.windowUpdate, 0, stream, uint32(0))),
    'provoked resets',
  );
  assert.ok(upstream.seen.length <= 200, `${upstream.seen.length} requests reached the upstream`);
  await running.close();
  await upstream.close();
});

test('floods of frames that carry nothing end their connection', async () => {
  const upstream = await startUpstream((_request, response) => response.end('ok'));
  const running = await start(content(upstream), { http2: true });
  const repeat = (one: Buffer, times: number): Buffer => Buffer.concat(Array.from({ length: times }, () => one));
  const attacks: readonly (readonly [string, () => Buffer])[] = [
    ['pings', () => repeat(frame(FRAME.ping, 0, 0, Buffer.alloc(8)), 20_000)],
    ['settings', () => repeat(frame(FRAME.settings, 0, 0), 20_000)],
    [
      'continuations',
      () =>
        Buffer.concat([
          headers(1, request('/'), END_STREAM),
          repeat(
            frame(FRAME.continuation, 0, 1, Buffer.from(`\0\x01x\x7f${'\x80\x07'}${'v'.repeat(1023)}`, 'latin1')),
            5000,
          ),
        ]),
    ],
    [
      'empty data',
      () =>
        Buffer.concat([
          headers(1, [[':method', 'POST'], ...request('/').slice(1)], END_HEADERS),
          repeat(frame(FRAME.data, 0, 1), 20_000),
        ]),
    ],
    ['acknowledged settings nobody sent', () => repeat(frame(FRAME.settings, ACK, 0), 20_000)],
    ['window updates of nothing', () => repeat(frame(FRAME.windowUpdate, 0, 0, uint32(0)), 5000)],
    ['frames on stream 0', () => repeat(frame(FRAME.data, 0, 0, Buffer.from('x')), 1000)],
    ['a frame that is too large', () => frame(FRAME.data, 0, 1, Buffer.alloc(100_000))],
    [
      'a table that is too large',
      () => frame(FRAME.headers, END_STREAM | END_HEADERS, 1, Buffer.from([0x3f, 0xff, 0xff, 0xff, 0x7f])),
    ],
    ['garbage in a header block', () => frame(FRAME.headers, END_STREAM | END_HEADERS, 1, Buffer.alloc(64, 0xff))],
  ];
  for (const [what, attack] of attacks) {
    await flood(running, ({ send }) => send(attack()), what);
  }
  await running.close();
  await upstream.close();
});

test('a small block that unpacks to megabytes is not unpacked', async () => {
  const upstream = await startUpstream((_request, response) => response.end('ok'));
  const running = await start(content(upstream), { http2: true });
  const raw = connectFrames(running.port);
  const before = process.memoryUsage().rss;
  // One entry of the dynamic table with 4000 bytes, then named again and again by one byte each.
  const entry = Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4000, 'v')]);
  const fields = headers(1, request('/')).subarray(9);
  const bomb = Buffer.concat([fields, entry, Buffer.alloc(10_000, 0xbe)]);
  for (let stream = 1; stream < 41; stream += 2) {
    raw.send(
      frame(
        FRAME.headers,
        END_STREAM | END_HEADERS,
        stream,
        stream === 1 ? bomb : Buffer.concat([fields, Buffer.alloc(10_000, 0xbe)]),
      ),
    );
  }
  await until(() => raw.isClosed || raw.resetOf(39) !== undefined || raw.frames.length > 20, 'it is dealt with');
  assert.ok(process.memoryUsage().rss - before < 60_000_000);
  assert.equal(upstream.seen.length, 0);
  raw.socket.destroy();
  assert.equal((await running.send('/after')).status, 200);
  await running.close();
  await upstream.close();
});

test('one client gets no more than its share of streams', async () => {
  let running = 0;
  let most = 0;
  const upstream = await startUpstream((_request, response) => {
    running++;
    most = Math.max(most, running);
    setTimeout(() => {
      running--;
      response.end('ok');
    }, 100);
  });
  const gateway = await start(content(upstream), { http2: true });
  const session = client(gateway);
  const answers = await Promise.all(Array.from({ length: 300 }, () => ask(session, { ':path': '/' })));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.ok(most <= 128, `${most} at once`);
  await gateway.close();
  await upstream.close();
});
