import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';

const limiting = (config: JsonObject): PluginInput => ({
  name: 'request-size-limiting',
  config: { size_unit: 'bytes', ...config },
});

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

/** Sends these bytes and reads until the connection is closed or nothing comes any more. */
function raw(port: number, text: string, quietMs = 300): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    let timer = setTimeout(() => socket.destroy(), 2000);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(() => socket.destroy(), quietMs);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
    socket.write(text);
  });
}

test('every unit: the limit passes, one byte more does not', async () => {
  for (const [unit, bytes] of [
    ['bytes', 1],
    ['kilobytes', 1024],
    ['megabytes', 1024 * 1024],
  ] as const) {
    await withGateway({ plugins: [limiting({ size_unit: unit, allowed_payload_size: 2 })] }, async ({ send, echo }) => {
      assert.equal((await send({ method: 'POST', body: 'a'.repeat(2 * bytes) })).status, 200, unit);
      assert.equal(echo.requests[0]!.body.length, 2 * bytes);
      assert.equal((await send({ method: 'POST', body: 'a'.repeat(2 * bytes + 1) })).status, 413, unit);
      assert.equal(echo.requests.length, 1);
    });
  }
});

test('chunked bodies are measured, and pass whole', async () => {
  await withGateway({ plugins: [limiting({ allowed_payload_size: 5000 })] }, async ({ send, echo }) => {
    const request = { method: 'POST', transfer: 'chunked' } as const;
    assert.equal((await send({ ...request, body: 'b'.repeat(5000) })).status, 200);
    assert.equal(echo.requests[0]!.body, 'b'.repeat(5000));
    assert.equal((await send({ ...request, body: 'b'.repeat(5001) })).status, 413);
    assert.equal((await send({ ...request, body: '' })).status, 200);
  });
});

test('a client that waits for 100 Continue is refused before it sends, and asked to send otherwise', async () => {
  await withGateway({ plugins: [limiting({ allowed_payload_size: 5 })] }, async ({ gateway }) => {
    const { port } = gateway.addresses[0]!;
    const head = (length: number): string =>
      `POST /post HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
    const refused = await raw(port, head(6));
    assert.match(refused, /^HTTP\/1\.1 417 /);
    assert.match(refused, /Request size limit exceeded/);
    assert.match(await raw(port, head(5)), /^HTTP\/1\.1 100 Continue\r\n/);
  });
});

test('nothing but a length or chunks will do where a length is required', async () => {
  const plugins = [limiting({ allowed_payload_size: 5, require_content_length: true })];
  await withGateway({ plugins }, async ({ send }) => {
    assert.equal((await send({})).status, 411);
    assert.equal((await send({ method: 'POST', body: '' })).status, 200);
    assert.equal((await send({ method: 'POST', body: 'abcde' })).status, 200);
    assert.equal((await send({ method: 'POST', transfer: 'chunked', body: 'abc' })).status, 200);
    assert.equal((await send({ method: 'POST', transfer: 'chunked', body: 'abcdef' })).status, 413);
  });
});

test('a body over HTTP/2 needs no length to be measured, unless one is required', async () => {
  for (const [required, body, status] of [
    [false, 'abcde', 200],
    [false, 'abcdef', 413],
    [true, 'abc', 411],
  ] as const) {
    const plugins = [limiting({ allowed_payload_size: 5, require_content_length: required })];
    await withGateway({ plugins, http2: true }, async ({ gateway }) => {
      const session = connectHttp2(`http://127.0.0.1:${gateway.addresses[0]!.port}`);
      const stream = session.request({ ':method': 'POST', ':path': '/post' });
      const [head] = (await Promise.all([once(stream, 'response'), stream.resume().end(body)]))[0] as [JsonObject];
      assert.equal(head[':status'], status, body);
      session.destroy();
    });
  }
});

test('zero allows no body', async () => {
  await withGateway({ plugins: [limiting({ allowed_payload_size: 0 })] }, async ({ send }) => {
    assert.equal((await send({})).status, 200);
    assert.equal((await send({ method: 'POST', body: '' })).status, 200);
    assert.equal((await send({ method: 'POST', body: 'a' })).status, 413);
    assert.equal((await send({ method: 'POST', transfer: 'chunked', body: 'a' })).status, 413);
  });
});

test('the connection survives a refusal, or is closed cleanly', async () => {
  await withGateway({ plugins: [limiting({ allowed_payload_size: 3 })] }, async ({ gateway }) => {
    const { port } = gateway.addresses[0]!;
    const post = 'POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd';
    const answers = await raw(port, `${post}GET /get HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert.match(answers, /^HTTP\/1\.1 413 /);
    const rest = answers.slice(12);
    assert.ok(/HTTP\/1\.1 200 /.test(rest) || /Connection: close/i.test(answers), answers);
  });
});
