// Lines behind a body: passed on, where the other side can read them, without what they may not say.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeaderList } from '../../src/gateway/http1/headers.ts';
import { UpstreamPool } from '../../src/gateway/http1/pool.ts';
import { RequestBody } from '../../src/gateway/http1/request-body.ts';
import { listen, never, startEngine, talk, until } from './rig.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Answers every connection's first bytes that hold `mark` with that text, and keeps what came. */
async function upstream(answer: string, mark = '0\r\n') {
  let seen = '';
  const listener = await listen((socket) => {
    let own = '';
    let isAnswered = false;
    socket.on('data', (chunk) => {
      own += chunk.toString('latin1');
      seen += chunk.toString('latin1');
      if (isAnswered || !own.includes(mark) || !own.endsWith('\r\n\r\n')) return;
      isAnswered = true;
      socket.write(answer, 'latin1');
    });
  });
  return { port: listener.port, seen: () => seen };
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const start = (more = ''): string => `POST /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n${more}\r\n`;
const answered = (text: string): boolean => text.endsWith('ok');

describe('trailers of a request', () => {
  const TRAILERS =
    'X-Sum: 900150983\r\nx-more:\t two words \r\nAuthorization: Bearer x\r\nCookie: a=b\r\nX-Consumer-ID: admin\r\n' +
    'X_Consumer_Username: admin\r\nX-Forwarded-For: 1.2.3.4\r\nX-Kong-Request-Id: 1\r\nForwarded: for=x\r\nIf-Match: y\r\n';
  const EXPECTED = '3\r\nabc\r\n0\r\nX-Sum: 900150983\r\nx-more: two words\r\n\r\n';

  it('go on behind the body, without what routes, authenticates or names somebody', async () => {
    const { port, seen } = await upstream(OK);
    const engine = await startEngine({ upstreamPort: port });
    await talk(engine.port, [bytes(`${start()}3\r\nabc\r\n0\r\n${TRAILERS}\r\n`)], answered);
    assert.equal(seen().split('\r\n\r\n').slice(1).join('\r\n\r\n'), EXPECTED);
    assert.match(seen(), /\r\nTransfer-Encoding: chunked\r\n/);
    assert.doesNotMatch(seen(), /Content-Length/i);
  });

  it('go on when every byte comes by itself', async () => {
    const { port, seen } = await upstream(OK);
    const engine = await startEngine({ upstreamPort: port });
    const text = `${start('Trailer: X-Sum\r\n')}3\r\nabc\r\n0\r\n${TRAILERS}\r\n`;
    await talk(
      engine.port,
      [...text].map((one) => bytes(one)),
      answered,
    );
    const [head, ...rest] = seen().split('\r\n\r\n');
    assert.match(head ?? '', /\r\nTrailer: X-Sum/);
    assert.equal(rest.join('\r\n\r\n').slice(-EXPECTED.length + 8), EXPECTED.slice(8));
  });

  it('are refused when they frame the message, are too many or too long', async () => {
    const { port, seen } = await upstream(OK);
    const engine = await startEngine({ upstreamPort: port });
    for (const lines of [
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Host: evil.test\r\n',
      ' folded\r\n',
      'X: a\r\n folded\r\n',
      'no colon\r\n',
      'X: a\rb\r\n',
      'X: 1\r\n'.repeat(101),
      `X: ${'y'.repeat(33_000)}\r\n`,
    ]) {
      const { text, end } = await talk(engine.port, [bytes(`${start()}3\r\nabc\r\n0\r\n${lines}\r\n`)], never);
      assert.match(text, /^HTTP\/1\.1 400 /, lines.slice(0, 30));
      assert.equal(end, 'closed');
    }
    assert.doesNotMatch(seen(), /0\r\n/);
  });

  it('leave the connection to the upstream fit for the next request', async () => {
    const { port, seen } = await upstream(OK);
    const engine = await startEngine({ upstreamPort: port });
    await talk(engine.port, [bytes(`${start()}3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`)], answered);
    await until(() => engine.pool.idleCount === 1);
    assert.equal(seen().match(/X-Sum/g)?.length, 1);
  });
});

describe('trailers of an answer', () => {
  const CHUNKED =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 5\r\nSet-Cookie: a=b\r\nExpires: 0\r\n\r\n';
  const ask = (more: string): string => `GET /0 HTTP/1.1\r\nHost: a.test\r\nX: 0\r\n${more}\r\n`;
  const ended = (text: string): boolean => /\r\n0\r\n(.*\r\n)*\r\n$/.test(text);

  it('go to clients that say they read them', async () => {
    const { port } = await upstream(CHUNKED, 'X: 0');
    const engine = await startEngine({ upstreamPort: port });
    const { text } = await talk(engine.port, [bytes(ask('TE: trailers\r\nConnection: TE\r\n'))], ended);
    assert.equal(text.split('\r\n\r\n').slice(1).join('\r\n\r\n'), '2\r\nok\r\n0\r\nX-Sum: 5\r\nExpires: 0\r\n\r\n');
    await until(() => engine.finished.length === 1);
    assert.equal(engine.finished[0]?.bytesOut, text.length);
  });

  it('are dropped for all others, and for HTTP/1.0', async () => {
    const { port } = await upstream(CHUNKED, 'X: 0');
    const engine = await startEngine({ upstreamPort: port });
    const { text } = await talk(engine.port, [bytes(ask(''))], ended);
    assert.match(text, /\r\n\r\n2\r\nok\r\n0\r\n\r\n$/);
    const other = await startEngine({ upstreamPort: port });
    const old = await talk(other.port, [bytes('GET /0 HTTP/1.0\r\nX: 0\r\nTE: trailers\r\n\r\n')], never);
    assert.match(old.text, /\r\n\r\nok$/);
    assert.equal(old.end, 'closed');
  });

  it('that are malformed break the answer off', async () => {
    const { port } = await upstream(CHUNKED.replace('X-Sum: 5', 'X Sum: 5'), 'X: 0');
    const engine = await startEngine({ upstreamPort: port });
    const { text, end } = await talk(engine.port, [bytes(ask('TE: trailers\r\n'))], never);
    assert.notEqual(end, 'open');
    assert.doesNotMatch(text, /0\r\n\r\n$/);
  });
});

describe('a body that is complete before the upstream is connected', () => {
  const source = { pauseReading() {}, resumeReading() {}, bodyWanted() {} };
  for (const [kind, length, framed] of [
    ['chunked', undefined, '3\r\nabc\r\n0\r\n\r\n'],
    ['length', 3, 'abc'],
  ] as const) {
    it(`is sent once, framed as the head says (${kind})`, async () => {
      let seen = '';
      const { port } = await listen((socket) => socket.on('data', (chunk) => (seen += chunk.toString('latin1'))));
      const pool = new UpstreamPool();
      const body = new RequestBody(kind, length, source);
      const call = pool.dispatch(
        {
          target: { host: '127.0.0.1', port, key: 'x' },
          method: 'POST',
          path: '/',
          hostHeader: 'a.test',
          headers: new HeaderList(),
          body,
          connectTimeoutMs: 1_000,
          sendTimeoutMs: 1_000,
          readTimeoutMs: 1_000,
        },
        { onHead() {}, onData: () => true, onEnd() {}, onError() {} },
      );
      body.push(bytes('abc'), true);
      body.finish();
      await until(() => seen.endsWith(framed));
      call.abort();
      pool.close();
      assert.equal(seen.split('\r\n\r\n').slice(1).join('\r\n\r\n'), framed);
    });
  }
});
