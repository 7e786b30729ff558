// The engine as a client and an upstream meet it: order, persistence, deadlines, backpressure, and what happens when one side
// goes away.
import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, it } from 'node:test';
import { HeaderList } from '../../src/gateway/http1/headers.ts';
import type { RigOptions } from './rig.ts';
import { listen, never, recordingUpstream, startEngine, talk, until, wait } from './rig.ts';
import { readAnswers, readRequests } from './strict-reader.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const done = (text: string): boolean => readAnswers(text, false).messages.length > 0;

async function withUpstream(
  run: (
    engine: Awaited<ReturnType<typeof startEngine>>,
    upstream: Awaited<ReturnType<typeof recordingUpstream>>,
  ) => Promise<void>,
  options: RigOptions = {},
): Promise<void> {
  const upstream = await recordingUpstream();
  const engine = await startEngine({ upstreamPort: upstream.port, ...options });
  try {
    await run(engine, upstream);
  } finally {
    engine.close();
    upstream.close();
  }
}

async function withAnswers(
  onRequest: NonNullable<RigOptions['onRequest']>,
  run: (engine: Awaited<ReturnType<typeof startEngine>>) => Promise<void>,
  options: RigOptions = {},
): Promise<void> {
  const engine = await startEngine({ ...options, onRequest });
  try {
    await run(engine);
  } finally {
    engine.close();
  }
}

describe('the end of an answer', () => {
  it('is told by its length, whatever that is, and the connection takes the next request', () =>
    withAnswers(
      (exchange) =>
        exchange.respond(200, undefined, new HeaderList(), Buffer.alloc(Number(exchange.target.slice(1)), 'x')),
      async (engine) => {
        const sizes = [0, 1, 999, 1_999, 2_000, 2_001, 8_192, 10_000, 65_536, 2_000_000];
        const requests = sizes.map((size) => `GET /${size} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
        const isWhole = (text: string): boolean => readAnswers(text, false).messages.length === sizes.length;
        const { text } = await talk(engine.port, [bytes(requests)], isWhole);
        const { messages } = readAnswers(text, false);
        assert.deepEqual(
          messages.map(({ headers, body }) => [headers.find(([name]) => name === 'content-length')?.[1], body.length]),
          sizes.map((size) => [String(size), size]),
        );
      },
    ));
});

describe('what is forwarded', () => {
  it('keeps an empty header value and the Content-Length behind it', () =>
    withUpstream(async (engine, upstream) => {
      await talk(
        engine.port,
        [bytes('POST / HTTP/1.1\r\nHost: a.test\r\nX-Empty:\r\nContent-Length: 12\r\n\r\nhello world!')],
        done,
      );
      const { messages } = upstream.take();
      assert.equal(messages[0]?.body, 'hello world!');
      assert.ok(messages[0]?.headers.some(([name, value]) => name === 'x-empty' && value === ''));
    }));

  it('refuses an empty Host in front of Content-Length', () =>
    withUpstream(async (engine, upstream) => {
      const reply = await talk(
        engine.port,
        [bytes('POST / HTTP/1.1\r\nHost:\r\nContent-Length: 12\r\n\r\nhello world!')],
        never,
      );
      assert.match(reply.text, /^HTTP\/1\.1 400 /);
      assert.equal(upstream.take().text, '');
    }));

  it('refuses an HTTP/0.9 start line', () =>
    withUpstream(async (engine, upstream) => {
      for (const line of ['GET /aHTTP/1.1\r\n\r\n', 'GET /\r\n\r\n', 'GET / HTTP/0.9\r\nHost: a.test\r\n\r\n']) {
        const reply = await talk(engine.port, [bytes(line)], never);
        assert.match(reply.text, /^HTTP\/1\.1 (?:400|505) /);
      }
      assert.equal(upstream.take().text, '');
    }));

  it('removes what any Connection line names, in any case, and keeps the rest byte for byte', () =>
    withUpstream(async (engine, upstream) => {
      const head =
        'GET /a?b=%zz|{} HTTP/1.1\r\nX-First:  padded \r\nHost: a.test:80\r\nConnection: X-One\r\nx-one: 1\r\nX-Two: 2\r\nCONNECTION: x-TWO, keep-alive\r\nX-Last: caf\xc3\xa9\r\n\r\n';
      await talk(engine.port, [bytes(head)], done);
      const { text } = upstream.take();
      assert.equal(
        text,
        'GET /a?b=%zz|{} HTTP/1.1\r\nHost: a.test:80\r\nConnection: keep-alive\r\nX-First:  padded \r\nX-Last: caf\xc3\xa9\r\n\r\n',
      );
    }));

  it('refuses a bare LF, a flood of extensions and framing trailers in chunks', () =>
    withUpstream(async (engine, upstream) => {
      const start = 'POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n';
      const flood = `1;${'a'.repeat(2_000)}\r\nx\r\n`.repeat(9);
      for (const body of [
        '5\nhello\r\n0\r\n\r\n',
        '5\r\nhello\r\n0\n\r\n',
        `${flood}0\r\n\r\n`,
        '0\r\nContent-Length: 5\r\n\r\n',
        '0\r\nHost: evil\r\n\r\n',
        '0\r\nX y: 1\r\n\r\n',
        'fffffffffffffffff\r\n',
        '5;\r\nhello\r\n0\r\n\r\n',
      ]) {
        const reply = await talk(engine.port, [bytes(start + body)], never);
        assert.match(reply.text, /^HTTP\/1\.1 400 /, body.slice(0, 40));
        assert.equal(reply.end, 'closed');
      }
      assert.equal(upstream.take().messages.length, 0);
    }));

  it('knows the limits: 414 for the line, 400 for headers, 413 for bodies, 405, 417', () =>
    withUpstream(
      async (engine, upstream) => {
        const cases: [string, number][] = [
          [`GET /${'a'.repeat(9_000)} HTTP/1.1\r\nHost: a.test\r\n\r\n`, 414],
          [`GET / HTTP/1.1\r\nHost: a.test\r\nX: ${'a'.repeat(8_200)}\r\n\r\n`, 400],
          [`GET / HTTP/1.1\r\nHost: a.test\r\n${'X: y\r\n'.repeat(1_000)}\r\n`, 400],
          [`GET / HTTP/1.1\r\nHost: a.test\r\n${`X: ${'y'.repeat(100)}\r\n`.repeat(400)}\r\n`, 400],
          ['POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1001\r\n\r\n', 413],
          [`POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n${'x'.repeat(1_001)}\r\n`, 413],
          ['TRACE / HTTP/1.1\r\nHost: a.test\r\n\r\n', 405],
          ['CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n', 405],
          ['POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue, x\r\nContent-Length: 1\r\n\r\nx', 417],
          ['GET /../x HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
          ['GET /a/%2e%2E/%2e./x HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
          ['GET /a%zz HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
          ['GET /a#b HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
          ['GET http://u@a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
          [
            `GET / HTTP/1.1\r\nHost: a.test\r\nConnection: ${Array.from({ length: 65 }, (_, i) => `x${i}`).join()}\r\n\r\n`,
            400,
          ],
        ];
        for (const host of [
          'a.test, b.test',
          'a.test:0',
          'a.test:',
          'a.test:x',
          'u@a.test',
          'a b',
          '[::1',
          '[::g]',
          'a\\b',
          'a%00b',
        ]) {
          cases.push([`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400]);
        }
        for (const [request, status] of cases) {
          const reply = await talk(engine.port, [bytes(request)], never);
          assert.match(reply.text, new RegExp(`^HTTP/1\\.1 ${status} `), request.slice(0, 80));
          assert.equal(reply.end, 'closed');
        }
        assert.equal(upstream.take().messages.length, 0);
        assert.equal(engine.rejections.length, cases.length);
        for (const host of [
          'a.test',
          'a.test:65535',
          '127.0.0.1:80',
          '[::1]',
          '[2001:db8::1]:8080',
          'a_b.test',
          'A.Test.',
        ]) {
          const reply = await talk(engine.port, [bytes(`GET /a/../b HTTP/1.1\r\nHost: ${host}\r\n\r\n`)], done);
          assert.match(reply.text, /^HTTP\/1\.1 200 /, host);
        }
      },
      { limits: { bodyBytes: 1_000 } },
    ));

  it('refuses a header that cannot be written, before anything is sent', () =>
    withAnswers(
      (exchange, forward) => {
        assert.throws(() => exchange.headers.set('X-A', 'a\r\nSet-Cookie: x=y'), { name: 'HeaderError' });
        assert.throws(() => exchange.headers.add('X\n', 'a'), { name: 'HeaderError' });
        assert.throws(() => exchange.headers.add('X', 'a\0'), { name: 'HeaderError' });
        exchange.headers.set('X-Wide', 'Ċ');
        assert.equal(exchange.headers.get('x-wide'), '\xc4\x8a', 'UTF-8 bytes, not a cut-off line feed');
        assert.ok(forward !== undefined);
        exchange.respond(200, undefined, new HeaderList(), 'ok');
      },
      async (engine) => {
        const reply = await talk(engine.port, [bytes(GET)], done);
        assert.match(reply.text, /^HTTP\/1\.1 200 OK\r\n/);
      },
    ));
});

describe('order and persistence', () => {
  it('answers pipelined requests in order, one at a time, even when the first takes longest', () => {
    let running = 0;
    return withAnswers(
      (exchange) => {
        assert.equal(++running, 1);
        setTimeout(
          () => {
            running--;
            exchange.respond(200, undefined, new HeaderList(), exchange.target);
          },
          exchange.target === '/0' ? 30 : 1,
        );
      },
      async (engine) => {
        const requests = Array.from({ length: 20 }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a.test\r\n\r\n`).join('');
        const reply = await talk(engine.port, [bytes(requests)], (text) => text.endsWith('/19'));
        assert.deepEqual(
          readAnswers(reply.text, false).messages.map((message) => message.body),
          Array.from({ length: 20 }, (_, i) => `/${i}`),
        );
      },
    );
  });

  it('uses one upstream connection for requests one after another', () =>
    withUpstream(async (engine, upstream) => {
      for (let i = 0; i < 5; i++) await talk(engine.port, [bytes(GET)], done);
      assert.equal(upstream.connections.length, 1);
      assert.equal(engine.pool.idleCount, 1);
    }));

  it('closes after the limit of requests and after Connection: close', () =>
    withUpstream(
      async (engine) => {
        const reply = await talk(engine.port, [bytes(GET + GET + GET)], never);
        const { messages } = readAnswers(reply.text, true);
        assert.deepEqual(
          messages.map((message) => message.headers.find(([name]) => name === 'connection')?.[1]),
          ['keep-alive', 'close'],
        );
        assert.equal(reply.end, 'closed');
      },
      { limits: { requestsPerConnection: 2 } },
    ));

  it('speaks to HTTP/1.0: no chunks, close unless kept alive on request', () =>
    withAnswers(
      (exchange) => {
        exchange.startResponse(200, undefined, new HeaderList(), exchange.target === '/known' ? 2 : undefined);
        exchange.write(bytes('ok'));
        exchange.end();
      },
      async (engine) => {
        const open = await talk(engine.port, [bytes('GET /known HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')], done);
        assert.match(open.text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*Connection: keep-alive\r\n\r\nok$/);
        const closed = await talk(
          engine.port,
          [bytes('GET /unknown HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')],
          never,
        );
        assert.equal(closed.end, 'closed');
        assert.ok(!/transfer-encoding/i.test(closed.text));
        assert.match(closed.text, /Connection: close\r\n\r\nok$/);
      },
    ));

  it('sends no body to HEAD, 204 and 304, and one write for a small answer', () =>
    withAnswers(
      (exchange) => {
        exchange.respond(Number(exchange.target.slice(1)), undefined, new HeaderList(), 'hello');
        assert.ok(exchange.finished);
      },
      async (engine) => {
        const requests =
          'HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\nGET /204 HTTP/1.1\r\nHost: a\r\n\r\nGET /304 HTTP/1.1\r\nHost: a\r\n\r\nGET /200 HTTP/1.1\r\nHost: a\r\n\r\n';
        const reply = await talk(engine.port, [bytes(requests)], (text) => text.endsWith('hello'));
        const { messages } = readAnswers(reply.text, false, (index) => index === 0);
        assert.deepEqual(
          messages.map((message) => message.body),
          ['', '', '', 'hello'],
        );
        assert.ok(messages[0]?.headers.some(([name, value]) => name === 'content-length' && value === '5'));
        assert.ok(!messages[1]?.headers.some(([name]) => name === 'content-length'));
      },
    ));

  it('sends "100 Continue" when the body is first read, and closes when it never was', () =>
    withAnswers(
      (exchange) => {
        if (exchange.target === '/no') exchange.respond(403, undefined, new HeaderList(), 'no');
        else void exchange.body.read(100).then((body) => exchange.respond(200, undefined, new HeaderList(), body));
      },
      async (engine) => {
        const head = 'HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n';
        const no = await talk(engine.port, [bytes(`POST /no ${head}`)], never);
        assert.match(no.text, /^HTTP\/1\.1 403 [\s\S]*Connection: close/);
        assert.equal(no.end, 'closed');
        const socket = net.connect(engine.port, '127.0.0.1');
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          if (text === '') socket.write('hello');
          text += chunk.toString('latin1');
        });
        socket.write(`POST /yes ${head}`);
        await until(() => text.endsWith('hello'));
        assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
        socket.destroy();
      },
    ));

  it('drains a small body that nobody read and goes on with the next request', () =>
    withAnswers(
      (exchange) => exchange.respond(401, undefined, new HeaderList(), exchange.target),
      async (engine) => {
        const body = 'x'.repeat(5_000);
        const pieces = [
          `POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n${body}`,
          `${body}GET /2 HTTP/1.1\r\nHost: a\r\n\r\n`,
        ];
        const reply = await talk(engine.port, pieces.map(bytes), (text) => text.endsWith('/2'));
        assert.deepEqual(
          readAnswers(reply.text, false).messages.map((message) => message.body),
          ['/1', '/2'],
        );
      },
    ));

  it('replays a body that was read, as often as needed', () =>
    withUpstream(
      async (engine, upstream) => {
        await talk(
          engine.port,
          [
            bytes('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'),
            bytes('3\r\ndef\r\n0\r\n\r\n'),
          ],
          done,
        );
        const { messages } = upstream.take();
        assert.equal(messages[0]?.body, 'abcdef');
        assert.equal(messages[0]?.framing, 'length');
      },
      {
        onRequest: (exchange, forward) => {
          void exchange.body.read(100).then((body) => {
            assert.equal(body?.toString(), 'abcdef');
            assert.ok(exchange.body.replayable);
            forward();
          });
        },
      },
    ));

  it('tries once more when a kept connection was closed under an idempotent request', async () => {
    let connections = 0;
    const upstream = await listen((socket) => {
      const isFirst = ++connections === 1;
      let requests = 0;
      socket.on('data', () => {
        if (isFirst && ++requests === 2) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const engine = await startEngine({ upstreamPort: upstream.port });
    for (let i = 0; i < 2; i++) {
      const reply = await talk(engine.port, [bytes(GET)], done);
      assert.match(reply.text, /^HTTP\/1\.1 200 /);
    }
    assert.equal(connections, 2);
    engine.close();
    upstream.close();
  });

  it('does not repeat a POST that was sent', async () => {
    let requests = 0;
    const upstream = await listen((socket) => {
      socket.on('data', () => {
        if (++requests === 2) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const engine = await startEngine({ upstreamPort: upstream.port });
    await talk(engine.port, [bytes(GET)], done);
    const reply = await talk(engine.port, [bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi')], done);
    assert.match(reply.text, /^HTTP\/1\.1 502 /);
    assert.equal(requests, 2);
    engine.close();
    upstream.close();
  });

  it('drains: running answers end with Connection: close, idle connections go', () => {
    let answer = (): void => undefined;
    return withAnswers(
      (exchange) => {
        answer = () => exchange.respond(200, undefined, new HeaderList(), 'last');
      },
      async (engine) => {
        const idle = talk(engine.port, [], never);
        const busy = talk(engine.port, [bytes(GET)], never);
        await until(() => engine.server.connectionCount === 2);
        await wait(20);
        const drained = engine.server.drain();
        assert.equal((await idle).end, 'closed');
        answer();
        assert.match((await busy).text, /Connection: close\r\n\r\nlast$/);
        await drained;
        assert.equal(engine.server.connectionCount, 0);
      },
    );
  });

  it('drains: a request on its way over a new connection is answered, and the connection closes', () =>
    withAnswers(
      (exchange) => exchange.respond(200, undefined, new HeaderList(), 'in time'),
      async (engine) => {
        const socket = net.connect(engine.port, '127.0.0.1');
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
        });
        const closed = new Promise((resolve) => socket.on('close', resolve));
        await until(() => engine.server.connectionCount === 1);
        const drained = engine.server.drain();
        socket.write(bytes(GET));
        await closed;
        assert.match(text, /^HTTP\/1\.1 200 .*Connection: close\r\n\r\nin time$/s);
        await drained;
      },
    ));
});

describe('deadlines', () => {
  const limits = { headTimeoutMs: 200, idleTimeoutMs: 200, bodyStallTimeoutMs: 200 };

  it('answers 408 to a dripping head, counted from its first byte', () =>
    withUpstream(
      async (engine) => {
        const socket = net.connect(engine.port, '127.0.0.1');
        let text = '';
        let isClosed = false;
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1');
        });
        socket.on('close', () => {
          isClosed = true;
        });
        socket.on('error', () => undefined);
        socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
        const drip = setInterval(() => socket.write('X: y\r\n'), 50);
        await until(() => text.includes('\r\n\r\n'));
        clearInterval(drip);
        assert.match(text, /^HTTP\/1\.1 408 /);
        socket.end();
        await until(() => isClosed);
      },
      { limits },
    ));

  it('answers 408 to a dripping body that somebody reads', () =>
    withUpstream(
      async (engine) => {
        const reply = await talk(
          engine.port,
          [bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nh')],
          never,
        );
        assert.match(reply.text, /^HTTP\/1\.1 408 /);
        assert.deepEqual(
          engine.finished.map((exchange) => [exchange.status, exchange.aborted]),
          [[408, true]],
        );
      },
      { limits },
    ));

  it('closes an idle connection without a byte', () =>
    withUpstream(
      async (engine) => {
        assert.deepEqual(await talk(engine.port, [], never), { text: '', end: 'closed' });
      },
      { limits },
    ));

  it('reports a silent upstream as a read timeout and a closed port as a connect failure', async () => {
    const silent = await listen(() => undefined);
    const engine = await startEngine({ upstreamPort: silent.port, timeoutMs: 150 });
    assert.match((await talk(engine.port, [bytes(GET)], done)).text, /^HTTP\/1\.1 504 [\s\S]*read_timeout/);
    engine.close();
    silent.close();
    const refused = await startEngine({ upstreamPort: silent.port });
    assert.match((await talk(refused.port, [bytes(GET)], done)).text, /^HTTP\/1\.1 502 [\s\S]*connect\n$/);
    refused.close();
  });
});

describe('large bodies and slow sides', () => {
  const MEGABYTES = 32;
  const size = MEGABYTES * 1_048_576;

  it('holds back an upstream whose client reads slowly, and loses no byte', async () => {
    const body = Buffer.alloc(size, 'bytes that repeat every 41 characters or so');
    for (const framing of ['length', 'chunked'] as const) {
      let sent = 0;
      const upstream = await listen((socket) => {
        socket.on('data', () => {
          socket.write(
            framing === 'length'
              ? `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`
              : 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
          );
          const step = (): void => {
            while (sent < size) {
              const chunk = body.subarray(sent, Math.min(size, sent + 50_000));
              sent += chunk.length;
              if (framing === 'chunked') socket.write(`${chunk.length.toString(16)}\r\n`);
              const isFlowing = socket.write(chunk);
              if (framing === 'chunked') socket.write('\r\n');
              if (!isFlowing) return void socket.once('drain', step);
            }
            if (framing === 'chunked') socket.write('0\r\n\r\n');
          };
          step();
        });
      });
      const engine = await startEngine({ upstreamPort: upstream.port, timeoutMs: 10_000 });
      const socket = net.connect(engine.port, '127.0.0.1');
      socket.write('GET / HTTP/1.0\r\n\r\n');
      socket.pause();
      await wait(300);
      const held = sent;
      const chunks: Buffer[] = [];
      let ended = false;
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('end', () => {
        ended = true;
      });
      socket.resume();
      await until(() => ended);
      const text = Buffer.concat(chunks);
      assert.ok(text.subarray(text.indexOf('\r\n\r\n') + 4).equals(body), framing);
      assert.ok(held < size, 'the upstream was held back');
      engine.close();
      upstream.close();
    }
  });

  it('holds back a client whose upstream reads slowly, and loses no byte', async () => {
    const body = Buffer.alloc(size, 'bytes that repeat every 41 characters or so');
    for (const framing of ['length', 'chunked'] as const) {
      let got = 0;
      let text = Buffer.alloc(0);
      const chunks: Buffer[] = [];
      let upstreamSocket: net.Socket | undefined;
      const upstream = await listen((socket) => {
        upstreamSocket = socket;
        socket.pause();
        socket.on('data', (chunk: Buffer) => {
          got += chunk.length;
          chunks.push(chunk);
          const isEnd = framing === 'length' ? got > size : chunk.toString('latin1').endsWith('0\r\n\r\n');
          if (got > size && isEnd) text = Buffer.concat(chunks);
          if (text.length > 0 && readRequests(text.toString('latin1')).messages.length > 0)
            socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        });
      });
      const engine = await startEngine({ upstreamPort: upstream.port, timeoutMs: 10_000 });
      const socket = net.connect(engine.port, '127.0.0.1');
      let reply = '';
      socket.on('data', (chunk: Buffer) => {
        reply += chunk.toString('latin1');
      });
      if (framing === 'length') {
        socket.write(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
        socket.write(body);
      } else {
        socket.write('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
        for (let at = 0; at < size; at += 100_000) {
          const chunk = body.subarray(at, at + 100_000);
          socket.write(`${chunk.length.toString(16)}\r\n`);
          socket.write(chunk);
          socket.write('\r\n');
        }
        socket.write('0\r\n\r\n');
      }
      await wait(300);
      assert.ok(socket.writableLength > 0, 'the client was held back');
      upstreamSocket?.resume();
      await until(() => reply.endsWith('ok'));
      const message = readRequests(text.toString('latin1')).messages[0];
      assert.equal(message?.framing, framing);
      assert.ok(Buffer.from(message?.body ?? '', 'latin1').equals(body), framing);
      socket.destroy();
      engine.close();
      upstream.close();
    }
  });
});

describe('one side goes away', () => {
  it('aborts the upstream when the client leaves, and finishes exactly once', async () => {
    let upstreamClosed = false;
    const upstream = await listen((socket) => {
      socket.on('data', () => undefined);
      socket.on('close', () => {
        upstreamClosed = true;
      });
    });
    const engine = await startEngine({ upstreamPort: upstream.port });
    const socket = net.connect(engine.port, '127.0.0.1');
    socket.write(GET);
    await until(() => upstream.sockets.size === 1);
    await wait(20);
    socket.resetAndDestroy();
    await until(() => upstreamClosed && engine.finished.length === 1);
    assert.equal(engine.finished[0]?.aborted, true);
    engine.close();
    upstream.close();
  });

  it('never ends a close-delimited answer cleanly when the upstream died', async () => {
    const upstream = await listen((socket) => {
      socket.on('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
        setTimeout(() => socket.destroy(), 20);
      });
    });
    const engine = await startEngine({
      upstreamPort: upstream.port,
      onRequest: (exchange, forward) => {
        const forwarding = forward();
        forwarding.onHead = (head) => exchange.startResponse(head.status, head.reason, head.headers, undefined);
      },
    });
    const reply = await talk(engine.port, [bytes('GET / HTTP/1.0\r\n\r\n')], never);
    assert.equal(reply.end, 'reset');
    engine.close();
    upstream.close();
  });

  it('survives resets at any moment', async () => {
    const upstream = await recordingUpstream();
    const engine = await startEngine({ upstreamPort: upstream.port });
    const request = bytes(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`);
    for (let i = 0; i < 60; i++) {
      const socket = net.connect(engine.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(request.subarray(0, 20 + i * 1_500));
      await wait(1);
      socket.resetAndDestroy();
      for (const other of i % 10 === 0 ? upstream.sockets : []) other.resetAndDestroy();
    }
    await until(() => engine.server.connectionCount === 0);
    const reply = await talk(engine.port, [bytes(GET)], done);
    assert.match(reply.text, /^HTTP\/1\.1 200 /);
    assert.equal(new Set(engine.finished).size, engine.finished.length);
    engine.close();
    upstream.close();
  });

  it('breaks the connection when an answer ends short of its length', () =>
    withAnswers(
      (exchange) => {
        exchange.startResponse(200, undefined, new HeaderList(), 10);
        exchange.write(bytes('short'));
        exchange.end();
      },
      async (engine) => {
        const reply = await talk(engine.port, [bytes(GET)], never);
        assert.match(reply.text, /Content-Length: 10\r\n[\s\S]*short$/);
        assert.notEqual(reply.end, 'open');
      },
    ));

  it('answers a client that ended its side after a whole request', () =>
    withUpstream(async (engine) => {
      const reply = await talk(engine.port, [bytes(GET)], never, { halfClose: true });
      assert.match(reply.text, /^HTTP\/1\.1 200 [\s\S]*ok$/);
      assert.equal(reply.end, 'closed');
    }));

  it('hands the socket over after 101 with the bytes that came early', () =>
    withAnswers(
      (exchange) => {
        assert.equal(exchange.upgrade, 'websocket');
        setTimeout(() => {
          const { socket, bytes: early } = exchange.switchProtocols(new HeaderList());
          socket.resume();
          socket.write(`early:${early.toString('latin1')}`);
          socket.on('data', (chunk: Buffer) => socket.end(`late:${chunk.toString('latin1')}`));
        }, 30);
      },
      async (engine) => {
        const head = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nraw';
        const socket = net.connect(engine.port, '127.0.0.1');
        let text = '';
        let ended = false;
        socket.on('data', (chunk: Buffer) => {
          if (text === '') socket.write('more');
          text += chunk.toString('latin1');
        });
        socket.on('end', () => {
          ended = true;
        });
        socket.write(head);
        await until(() => ended);
        assert.match(
          text,
          /^HTTP\/1\.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly:rawlate:more$/,
        );
        await until(() => engine.finished.length === 1);
      },
    ));
});
