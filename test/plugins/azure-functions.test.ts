import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, start } from './gateway-fixture.ts';
import { type Servant, serve } from './http-servant.ts';

async function withFunction(config: JsonObject, run: (running: Running, azure: Servant) => Promise<void>) {
  const azure = await serve(({ body }, response) => {
    response.writeHead(201, { 'Content-Type': 'text/plain', 'X-From': 'azure', Server: 'Kestrel' }).end(`got ${body}`);
  });
  const running = await start({
    plugins: [
      {
        name: 'azure-functions',
        config: {
          https: false,
          appname: '127',
          hostdomain: `0.0.1:${azure.port}`,
          functionname: 'test-func',
          ...config,
        },
      },
    ],
  });
  try {
    await run(running, azure);
  } finally {
    await running.close();
    await azure.close();
  }
}

test('method, query, headers and body reach the function; the path of the request does not matter', async () => {
  await withFunction({}, async ({ send, echo }, azure) => {
    const headers = { 'X-A': ['1', '2'], 'Content-Type': 'text/plain' };
    const answer = await send({ method: 'PUT', path: '/some/where?a=1&b', headers, body: 'hello' });
    assert.equal(answer.status, 201);
    assert.equal(answer.text, 'got hello');
    assert.deepEqual(answer.header('x-from'), ['azure']);
    assert.deepEqual(answer.header('via'), ['1.1 kong/3.10.0']);
    assert.deepEqual(answer.header('server'), ['Kestrel']);
    assert.deepEqual(answer.header('content-length'), ['9']);
    const [asked] = azure.asked;
    assert.equal(asked!.method, 'PUT');
    assert.equal(asked!.url, '/api/test-func?a=1&b');
    assert.equal(asked!.headers['x-a'], '1, 2');
    assert.equal(asked!.headers['host'], `127.0.0.1:${azure.port}`);
    assert.equal(echo.requests.length, 0);
  });
});

for (const [routeprefix, path] of [
  ['', '/test-func'],
  ['/', '/test-func'],
  ['/abc/', '/abc/test-func'],
] as const) {
  test(`the prefix ${JSON.stringify(routeprefix)} gives ${path}`, async () => {
    await withFunction(routeprefix === '' ? { routeprefix: '/' } : { routeprefix }, async ({ send }, azure) => {
      await send({});
      assert.equal(azure.asked[0]!.url, path);
    });
  });
}

test('keys of the configuration replace those of the client', async () => {
  await withFunction({ apikey: 'key', clientid: 'id' }, async ({ send }, azure) => {
    await send({ headers: { 'x-functions-key': 'forged', 'x-functions-clientid': 'forged' } });
    assert.equal(azure.asked[0]!.headers['x-functions-key'], 'key');
    assert.equal(azure.asked[0]!.headers['x-functions-clientid'], 'id');
  });
  await withFunction({}, async ({ send }, azure) => {
    await send({ headers: { 'x-functions-key': 'forged' } });
    assert.equal(azure.asked[0]!.headers['x-functions-key'], undefined);
  });
});

test('large bodies are sent', async () => {
  await withFunction({}, async ({ send }, azure) => {
    await send({ method: 'POST', body: 'x'.repeat(3_000_000) });
    assert.equal(azure.asked[0]!.body.length, 3_000_000);
  });
});

test('a function that breaks off is 500', async () => {
  const azure = await serve((_, response) => void response.destroy());
  const config = { https: false, appname: '127', hostdomain: `0.0.1:${azure.port}`, functionname: 'f' };
  const running = await start({ plugins: [{ name: 'azure-functions', config }] });
  try {
    const answer = await running.send({});
    assert.equal(answer.status, 500);
    assert.equal(answer.text, '{"message":"An unexpected error occurred"}');
  } finally {
    await running.close();
    await azure.close();
  }
});
