// The two plugins that let a model rewrite a body.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Received, type Running, type SetUp, start } from './gateway-fixture.ts';
import { type Servant, serve } from './http-servant.ts';

async function withModel(
  name: string,
  config: JsonObject,
  words: string | number,
  run: (running: Running, model: Servant) => Promise<void>,
  setUp: Partial<SetUp> = {},
): Promise<void> {
  const model = await serve((_, response) => {
    if (typeof words === 'number') return void response.writeHead(words).end('{"error":"secret"}');
    const message = { role: 'assistant', content: words };
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }));
  });
  const llm = {
    route_type: 'llm/v1/chat',
    model: { provider: 'openai', name: 'm1', options: { upstream_url: `http://127.0.0.1:${model.port}/chat` } },
    auth: { header_name: 'Authorization', header_value: 'Bearer key' },
  };
  const plugins = [{ name, config: { prompt: 'Translate.', llm, ...config } }];
  const running = await start({ ...setUp, plugins }).catch(async (error: unknown) => {
    await model.close();
    throw error;
  });
  try {
    await run(running, model);
  } finally {
    await running.close();
    await model.close();
  }
}

const messageOf = ({ text }: Received): unknown => ((JSON.parse(text) as JsonObject)['error'] as JsonObject)['message'];

test('ai-request-transformer: the words of the model go upstream', async () => {
  await withModel('ai-request-transformer', {}, 'bonjour', async ({ send, echo }, model) => {
    await send({ method: 'POST', path: '/post', body: 'hello' });
    assert.equal(echo.requests[0]!.body, 'bonjour');
    assert.equal(echo.requests[0]!.headers['authorization'], undefined);
    const { messages } = JSON.parse(model.asked[0]!.body) as JsonObject;
    assert.deepEqual(messages, [
      { role: 'system', content: 'Translate.' },
      { role: 'user', content: 'hello' },
    ]);
    assert.equal(model.asked[0]!.headers['authorization'], 'Bearer key');
  });
});

test('ai-request-transformer: only what the pattern finds goes upstream', async () => {
  const config = { transformation_extract_pattern: '\\{.*\\}' };
  await withModel('ai-request-transformer', config, 'Sure: {"a":1} !', async ({ send, echo }) => {
    await send({ method: 'POST', path: '/post', body: 'x' });
    assert.equal(echo.requests[0]!.body, '{"a":1}');
  });
  await withModel('ai-request-transformer', config, 'nothing', async ({ send, echo }) => {
    const answer = await send({ method: 'POST', path: '/post', body: 'x' });
    assert.equal(answer.status, 400);
    assert.equal(
      messageOf(answer),
      'failed to introspect request with AI service: AI response did not match specified regular expression',
    );
    assert.equal(echo.requests.length, 0);
  });
});

test('ai-request-transformer: the pattern counts letters in either case, and lines as texts of their own', async () => {
  const config = { transformation_extract_pattern: '^answer: .+$' };
  await withModel('ai-request-transformer', config, 'Sure.\nANSWER: yes\nBye.', async ({ send, echo }) => {
    await send({ method: 'POST', path: '/post', body: 'x' });
    assert.equal(echo.requests[0]!.body, 'ANSWER: yes');
  });
});

for (const name of ['ai-request-transformer', 'ai-response-transformer']) {
  test(`${name}: a model that fails is 400, without its words`, async () => {
    await withModel(name, {}, 500, async ({ send }) => {
      const answer = await send({ method: 'POST', path: '/post', body: 'x' });
      assert.equal(answer.status, 400);
      assert.equal(messageOf(answer), 'failed to introspect request with AI service: status code 500');
      assert.ok(!answer.text.includes('secret'));
    });
  });
}

test('ai-response-transformer: the words of the model are the body', async () => {
  await withModel('ai-response-transformer', {}, 'bonjour', async ({ send, echo }, model) => {
    const answer = await send({
      method: 'POST',
      path: '/reflect?X-Kept=1',
      headers: { 'Content-Type': 'text/plain' },
      body: 'hello',
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.text, 'bonjour');
    assert.deepEqual(answer.header('x-kept'), ['1']);
    assert.deepEqual(answer.header('content-length'), ['7']);
    assert.equal(echo.requests[0]!.body, 'hello');
    const { messages } = JSON.parse(model.asked[0]!.body) as { messages: JsonObject[] };
    assert.equal(messages[1]!['content'], 'hello');
  });
});

test('ai-response-transformer: instructions say status, headers and body', async () => {
  const words = JSON.stringify({ status: 201, headers: { 'X-New': 'yes', 'Content-Length': '1' }, body: 'made' });
  const config = { parse_llm_response_json_instructions: true };
  await withModel('ai-response-transformer', config, words, async ({ send }) => {
    const answer = await send({ path: '/get' });
    assert.equal(answer.status, 201);
    assert.equal(answer.text, 'made');
    assert.deepEqual(answer.header('x-new'), ['yes']);
  });
  await withModel('ai-response-transformer', config, 'no JSON', async ({ send }) => {
    const answer = await send({ path: '/get' });
    assert.equal(answer.status, 500);
    assert.match(String(messageOf(answer)), /^failed to parse JSON response instructions from AI backend: /);
  });
});

test('ai-response-transformer: a packed body that no instruction changes is unpacked', async () => {
  const upstream = await serve((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
    response.end(gzipSync('{"a":1}'));
  });
  const id = 'b0000000-0000-4000-8000-000000000009';
  const entities = {
    services: [{ id, name: 'packing', url: `http://127.0.0.1:${upstream.port}` }],
    routes: [{ name: 'packing', paths: ['/packed'], service: { id } }],
  };
  const config = { parse_llm_response_json_instructions: true };
  const words = JSON.stringify({ status: 202 });
  const run = async ({ send }: Running, model: Servant): Promise<void> => {
    const answer = await send({ path: '/packed' });
    assert.equal(answer.status, 202);
    assert.equal(answer.text, '{"a":1}');
    assert.deepEqual(answer.header('content-encoding'), []);
    assert.match(model.asked[0]!.body, /\{\\"a\\":1\}/);
  };
  try {
    await withModel('ai-response-transformer', config, words, run, { entities });
  } finally {
    await upstream.close();
  }
});

test('ai-response-transformer: an upstream that does not answer is told in the words of the plugin', async () => {
  await withModel('ai-response-transformer', {}, 'unused', async ({ send, echo }, model) => {
    await echo.close();
    const answer = await send({});
    assert.equal(answer.status, 500);
    assert.equal(messageOf(answer), 'failed to connect to upstream: no valid answer');
    assert.deepEqual(answer.header('content-type'), ['application/json; charset=utf-8']);
    assert.equal(model.asked.length, 0);
  });
});
