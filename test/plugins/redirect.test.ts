import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';

const redirecting = (config: JsonObject): PluginInput => ({ name: 'redirect', config });

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

test('the configured text is sent byte for byte', async () => {
  const location = 'HTTPS://Example.COM/A?b=c#d';
  await withGateway({ plugins: [redirecting({ location, status_code: 308 })] }, async ({ send, echo }) => {
    const received = await send({ path: '/x?y' });
    assert.equal(received.status, 308);
    assert.deepEqual(received.header('location'), [location]);
    assert.equal(received.text, 'redirecting');
    assert.deepEqual(received.header('content-length'), ['11']);
    assert.equal(echo.requests.length, 0);
  });
});

test('path and query of the request, everything else of the location', async () => {
  const cases: [location: string, path: string, expected: string][] = [
    ['https://example.com/old?foo=bar', '/a/b?x=1&y', 'https://example.com/a/b?x=1&y'],
    ['https://Example.com:443/old?foo=bar#top', '/a', 'https://example.com/a#top'],
    ['http://example.com:8080', '/', 'http://example.com:8080/'],
    ['https://user:pw@example.com/', '/a', 'https://user:pw@example.com/a'],
    ['https://example.com', '/a/../b/./c', 'https://example.com/b/c'],
    ['https://example.com', '//evil.test/x', 'https://example.com/evil.test/x'],
    ['https://example.com', '/caf%C3%A9?q=caf%C3%A9', 'https://example.com/caf%C3%A9?q=caf%C3%A9'],
    ['https://example.com', '/a%23b%3Fc', 'https://example.com/a%23b%3Fc'],
    ['https://example.com', '/@evil.test', 'https://example.com/@evil.test'],
    ['https://example.com', '/a?', 'https://example.com/a'],
  ];
  for (const [location, path, expected] of cases) {
    await withGateway({ plugins: [redirecting({ location, keep_incoming_path: true })] }, async ({ send }) => {
      const received = await send({ path });
      assert.equal(received.status, 301, path);
      assert.deepEqual(received.header('location'), [expected], `${location} ${path}`);
    });
  }
});

test('HEAD is redirected without a body, and a body is not read', async () => {
  await withGateway({ plugins: [redirecting({ location: 'https://example.com' })] }, async ({ send }) => {
    const head = await send({ method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [301, '']);
    assert.equal((await send({ method: 'POST', body: 'x'.repeat(100_000) })).status, 301);
  });
});

test('any status will do', async () => {
  await withGateway(
    { plugins: [redirecting({ location: 'https://example.com', status_code: 200 })] },
    async ({ send }) => {
      const received = await send({});
      assert.equal(received.status, 200);
      assert.deepEqual(received.header('location'), ['https://example.com']);
    },
  );
});
