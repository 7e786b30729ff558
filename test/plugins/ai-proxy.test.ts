import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { renderFamilies } from '../../src/lib/exposition.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Received, type Running, type Sent, start } from './gateway-fixture.ts';
import { type Asked, type Servant, serve } from './http-servant.ts';
import { receiveTcp, take } from './receivers.ts';

type React = (asked: Asked, response: ServerResponse) => void;

const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): React =>
  (_, response) =>
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));

const OPENAI = {
  id: 'x',
  model: 'gpt-4-0613',
  choices: [{ index: 0, message: { role: 'assistant', content: 'two' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 25, completion_tokens: 12, total_tokens: 37 },
};

async function withProvider(
  config: (url: string) => JsonObject,
  react: React,
  run: (running: Running, provider: Servant) => Promise<void>,
  plugins: readonly PluginInput[] = [],
): Promise<void> {
  const provider = await serve(react);
  const running = await start({
    plugins: [{ name: 'ai-proxy', config: config(`http://127.0.0.1:${provider.port}/llm`) }, ...plugins],
  }).catch(async (error: unknown) => {
    await provider.close();
    throw error;
  });
  try {
    await run(running, provider);
  } finally {
    await running.close();
    await provider.close();
  }
}

const model = (provider: string, options: JsonObject, name: string | null = 'm1'): JsonObject => ({
  provider,
  name,
  options,
});
const openai =
  (more: JsonObject = {}, options: JsonObject = {}) =>
  (url: string): JsonObject => ({
    route_type: 'llm/v1/chat',
    model: model('openai', { upstream_url: url, ...options }),
    auth: { header_name: 'Authorization', header_value: 'Bearer key' },
    ...more,
  });

const QUESTION = {
  messages: [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: '1+1?' },
  ],
};
const chat = (body: unknown = QUESTION, more: Partial<Sent> = {}): Sent => ({
  method: 'POST',
  path: '/chat',
  headers: { 'Content-Type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ...more,
});

const bodyOf = ({ asked }: Servant): JsonObject => JSON.parse(asked[0]!.body) as JsonObject;
const choiceOf = ({ text }: Received): JsonObject => ((JSON.parse(text) as JsonObject)['choices'] as JsonObject[])[0]!;
const contentOf = (answer: Received): unknown => (choiceOf(answer)['message'] as JsonObject)['content'];
const messageOf = ({ text }: Received): unknown => ((JSON.parse(text) as JsonObject)['error'] as JsonObject)['message'];
const eventsOf = ({ text }: Received): (JsonObject | string)[] =>
  text
    .split('\n\n')
    .filter((line) => line !== '')
    .map((line) => {
      assert.ok(line.startsWith('data: '), line);
      return line === 'data: [DONE]' ? 'done' : (JSON.parse(line.slice(6)) as JsonObject);
    });
const told = (events: (JsonObject | string)[]): string =>
  events
    .map((event) => {
      const delta = ((event as JsonObject)['choices'] as JsonObject[] | undefined)?.[0]?.['delta'] as
        | JsonObject
        | undefined;
      return (delta?.['content'] as string | undefined) ?? '';
    })
    .join('');

test('openai: the model and the credential are added, the answer comes back', async () => {
  const react = json(OPENAI, 200, { 'Set-Cookie': 'tracking=1' });
  await withProvider(openai({}, { temperature: 0.5, max_tokens: 9 }), react, async ({ send, echo }, provider) => {
    const answer = await send(chat({ ...QUESTION, temperature: 1, top_k: 3, user: 'u' }));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(contentOf(answer), 'two');
    assert.deepEqual(answer.header('x-kong-llm-model'), ['openai/m1']);
    assert.deepEqual(answer.header('set-cookie'), []);
    const [asked] = provider.asked;
    assert.equal(asked!.url, '/llm');
    assert.equal(asked!.headers['authorization'], 'Bearer key');
    assert.equal(asked!.headers['host'], `127.0.0.1:${provider.port}`);
    assert.deepEqual(bodyOf(provider), {
      ...QUESTION,
      user: 'u',
      temperature: 0.5,
      max_tokens: 9,
      model: 'm1',
      stream: false,
    });
    assert.equal(echo.requests.length, 0);
  });
});

test('a packed answer is unpacked, and packed again for a client that takes it', async () => {
  let status = 200;
  const react: React = (_, response) =>
    response
      .writeHead(status, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' })
      .end(gzipSync(JSON.stringify(status === 200 ? OPENAI : { error: 'slow down' })));
  await withProvider(openai(), react, async ({ send, gateway }, provider) => {
    const answer = await send(chat());
    assert.equal(contentOf(answer), 'two');
    assert.deepEqual(answer.header('content-encoding'), []);
    assert.equal(provider.asked[0]!.headers['accept-encoding'], 'gzip, identity');
    // This client says that it takes gzip, and unpacks it.
    const url = `http://127.0.0.1:${gateway.addresses[0]!.port}/`;
    const ask = () =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(QUESTION) });
    const packed = await ask();
    assert.equal(packed.headers.get('content-encoding'), 'gzip');
    assert.equal(((await packed.json()) as typeof OPENAI).choices[0]!.message.content, 'two');
    status = 429;
    const refused = await send(chat());
    assert.deepEqual([refused.status, refused.text], [429, '{"error":"slow down"}']);
    assert.deepEqual(refused.header('content-encoding'), []);
    const passed = await ask();
    assert.deepEqual([passed.status, await passed.json()], [429, { error: 'slow down' }]);
  });
});

test('a stream is asked for as it is', async () => {
  await withProvider(openai({ response_streaming: 'always' }), json({}), async ({ send }, provider) => {
    await send(chat());
    assert.equal(provider.asked[0]!.headers['accept-encoding'], 'identity');
  });
});

for (const [title, config, body, message] of [
  ['no JSON', {}, '{', 'content-type header does not match request body, or bad JSON formatting'],
  ['no prompt', {}, { x: 1 }, "request body doesn't contain valid prompts"],
  ['both forms', {}, { ...QUESTION, prompt: 'x' }, 'request matches multiple LLM request formats'],
  [
    'a completion',
    {},
    { prompt: 'x' },
    '[llm/v1/completions] message format is not compatible with [llm/v1/chat] route type',
  ],
  ['another model', {}, { ...QUESTION, model: 'm2' }, 'cannot use own model - must be: m1'],
  [
    'a stream',
    { response_streaming: 'deny' },
    { ...QUESTION, stream: true },
    'response streaming is not enabled for this LLM',
  ],
] as const) {
  test(`${title} where it does not belong is refused`, async () => {
    await withProvider(openai(config), json(OPENAI), async ({ send }, provider) => {
      const answer = await send(chat(body));
      assert.equal(answer.status, 400);
      assert.equal(messageOf(answer), message);
      assert.equal(provider.asked.length, 0);
    });
  });
}

test('the model may be asked for, or named by the request’s words', async () => {
  const asked =
    (name: string | null) =>
    (url: string): JsonObject => ({
      route_type: 'llm/v1/chat',
      model: model('openai', { upstream_url: url }, name),
    });
  await withProvider(asked(null), json(OPENAI), async ({ send }, provider) => {
    await send(chat({ ...QUESTION, model: 'mine' }));
    assert.equal(bodyOf(provider)['model'], 'mine');
    const without = await send(chat());
    assert.equal(messageOf(without), 'model parameter not found in request, nor in gateway configuration');
  });
  await withProvider(asked('$(headers.x-model)'), json(OPENAI), async ({ send }, provider) => {
    await send(chat(QUESTION, { headers: { 'Content-Type': 'application/json', 'X-Model': 'theirs' } }));
    assert.equal(bodyOf(provider)['model'], 'theirs');
    assert.equal(messageOf(await send(chat())), 'headers key x-model was not provided');
  });
});

test('a credential of the client counts only where that is allowed', async () => {
  const headers = { 'Content-Type': 'application/json', Authorization: 'Bearer mine' };
  for (const allow_override of [true, false]) {
    const auth = { header_name: 'Authorization', header_value: 'Bearer key', allow_override };
    await withProvider(openai({ auth }), json(OPENAI), async ({ send }, provider) => {
      await send(chat(QUESTION, { headers }));
      assert.equal(provider.asked[0]!.headers['authorization'], allow_override ? 'Bearer mine' : 'Bearer key');
    });
  }
});

for (const param_location of ['query', 'body']) {
  test(`a credential in the ${param_location}`, async () => {
    const auth = { param_name: 'apikey', param_value: 'k', param_location };
    await withProvider(openai({ auth }), json(OPENAI), async ({ send }, provider) => {
      await send(chat());
      if (param_location === 'query') assert.equal(provider.asked[0]!.url, '/llm?apikey=k');
      else assert.equal(bodyOf(provider)['apikey'], 'k');
    });
  });
}

test('other statuses pass, and what is no answer is 500', async () => {
  await withProvider(openai(), json({ error: { message: 'no quota' } }, 429), async ({ send }) => {
    const answer = await send(chat());
    assert.equal(answer.status, 429);
    assert.equal(messageOf(answer), 'no quota');
  });
  await withProvider(openai(), json({ nothing: true }), async ({ send }) => {
    const answer = await send(chat());
    assert.equal(answer.status, 500);
    assert.equal(
      messageOf(answer),
      "transformation failed from type openai://llm/v1/chat: 'choices' not in llm/v1/chat response",
    );
  });
});

test('a stream passes event by event, as it comes', async () => {
  const pieces = ['Hel', 'lo'].map(
    (content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`,
  );
  const react: React = (_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const all = `${pieces.join('')}data: [DONE]\n\n`;
    // Cut where no event ends.
    response.write(all.slice(0, 20));
    setTimeout(() => response.write(all.slice(20, 75)), 20);
    setTimeout(() => response.end(all.slice(75)), 40);
  };
  await withProvider(openai(), react, async ({ send }, provider) => {
    const answer = await send(chat({ ...QUESTION, stream: true }));
    assert.deepEqual(answer.header('content-type'), ['text/event-stream']);
    const events = eventsOf(answer);
    assert.equal(told(events), 'Hello');
    assert.equal(events.at(-1), 'done');
    assert.equal(events.length, 3);
    assert.equal(bodyOf(provider)['stream'], true);
  });
});

test('with always every answer is a stream', async () => {
  const react: React = (_, response) =>
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end('data: [DONE]\n\n');
  await withProvider(openai({ response_streaming: 'always' }), react, async ({ send }, provider) => {
    assert.deepEqual(eventsOf(await send(chat())), ['done']);
    assert.equal(bodyOf(provider)['stream'], true);
  });
});

test('what is no stream is told as a stream of an error', async () => {
  const react: React = (_, response) =>
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>Be right back.</p>');
  await withProvider(openai(), react, async ({ send }) => {
    const answer = await send(chat({ ...QUESTION, stream: true }));
    assert.deepEqual(answer.header('content-type'), ['text/event-stream']);
    const [failure, ...rest] = eventsOf(answer);
    assert.deepEqual(failure, { error: { message: 'the provider did not answer with a stream' } });
    assert.deepEqual(rest, ['done']);
  });
});

test('what a provider cannot be asked is told in one sentence, with the reason in the log', async () => {
  const config = (url: string): JsonObject => ({
    route_type: 'llm/v1/completions',
    model: model('gemini', { upstream_url: url }),
    ...keysOf('gemini'),
  });
  await withProvider(config, json({}), async ({ send, logs }, provider) => {
    const answer = await send(chat({ prompt: '1+1?' }));
    assert.equal(answer.status, 400);
    assert.equal(messageOf(answer), 'error transforming to gemini://llm/v1/completions');
    assert.ok(logs.includes('warn [ai-proxy] a request cannot be transformed: gemini only supports llm/v1/chat'));
    assert.equal(provider.asked.length, 0);
  });
});

test('preserve leaves body and path, and adds the credential', async () => {
  const config = (url: string): JsonObject => ({
    route_type: 'preserve',
    model: { provider: 'openai', options: { upstream_url: url } },
    auth: { header_name: 'Authorization', header_value: 'Bearer key' },
  });
  await withProvider(config, json({ any: 'thing' }), async ({ send }, provider) => {
    const answer = await send(chat('{"input": "as it  is"}'));
    assert.equal(answer.text, '{"any":"thing"}');
    assert.equal(provider.asked[0]!.body, '{"input": "as it  is"}');
    assert.equal(provider.asked[0]!.headers['authorization'], 'Bearer key');
  });
});

test('the log record tells what it cost', async () => {
  const sink = await receiveTcp();
  const logging = { log_statistics: true, log_payloads: true };
  try {
    await withProvider(
      openai({ logging }, { input_cost: 10, output_cost: 20 }),
      json(OPENAI),
      async ({ send }) => {
        await send(chat());
        const record = JSON.parse((await take(sink, 1))[0]!) as JsonObject;
        const { meta, usage, payload } = (record['ai'] as JsonObject)['proxy'] as Record<string, JsonObject>;
        assert.equal(meta!['provider_name'], 'openai');
        assert.equal(meta!['request_model'], 'm1');
        assert.equal(meta!['response_model'], 'gpt-4-0613');
        assert.equal(usage!['prompt_tokens'], 25);
        assert.equal(usage!['total_tokens'], 37);
        assert.equal(usage!['cost'], (25 * 10 + 12 * 20) / 1_000_000);
        assert.match(String(payload!['request']), /1\+1/);
        assert.match(String(payload!['response']), /two/);
      },
      [{ name: 'tcp-log', config: { host: '127.0.0.1', port: sink.port } }],
    );
  } finally {
    await sink.close();
  }
});

test('prometheus counts what models did', async () => {
  const config = openai({ logging: { log_statistics: true } }, { input_cost: 10, output_cost: 20 });
  const metrics = { name: 'prometheus', config: { ai_metrics: true } };
  await withProvider(
    config,
    json(OPENAI),
    async ({ send, gateway }) => {
      for (let i = 0; i < 2; i++) await send(chat());
      const of =
        'ai_provider="openai",ai_model="m1",cache_status="",vector_db="",embeddings_provider="",embeddings_model=""';
      const lines = [
        `kong_ai_llm_requests_total{${of},workspace="default"} 2`,
        `kong_ai_llm_cost_total{${of},workspace="default"} ${(2 * (25 * 10 + 12 * 20)) / 1_000_000}`,
        `kong_ai_llm_tokens_total{${of},token_type="prompt_tokens",workspace="default"} 50`,
        `kong_ai_llm_tokens_total{${of},token_type="completion_tokens",workspace="default"} 24`,
        `kong_ai_llm_tokens_total{${of},token_type="total_tokens",workspace="default"} 74`,
        `kong_ai_llm_provider_latency_ms_count{${of},workspace="default"} 2`,
      ];
      let text = '';
      for (let i = 0; i < 100 && !text.includes(`\n${lines[0]}\n`); i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        text = await renderFamilies(gateway.metrics());
      }
      for (const line of lines) assert.ok(text.includes(`\n${line}\n`), `${line}\n${text}`);
    },
    [metrics],
  );
});

/** Those that cannot do without. */
const keysOf = (provider: string): JsonObject =>
  provider === 'bedrock'
    ? { auth: { aws_access_key_id: 'AKID', aws_secret_access_key: 's' } }
    : provider === 'gemini'
      ? { auth: { header_name: 'x-goog-api-key', header_value: 'k' } }
      : {};

interface Case {
  readonly options: JsonObject;
  readonly route?: string;
  readonly question?: JsonObject;
  readonly answer: unknown;
  readonly sent: JsonObject;
  readonly content: string;
  readonly usage?: readonly [number, number];
}

const CASES: Readonly<Record<string, Case>> = {
  azure: {
    options: { azure_instance: 'i', azure_deployment_id: 'd' },
    answer: OPENAI,
    sent: { ...QUESTION, model: 'm1', stream: false },
    content: 'two',
    usage: [25, 12],
  },
  mistral: {
    options: { mistral_format: 'openai' },
    answer: OPENAI,
    sent: { ...QUESTION, model: 'm1', stream: false },
    content: 'two',
    usage: [25, 12],
  },
  anthropic: {
    options: { anthropic_version: '2023-06-01', max_tokens: 256 },
    answer: {
      content: [
        { type: 'text', text: 'tw' },
        { type: 'text', text: 'o' },
      ],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 4 },
    },
    sent: { model: 'm1', messages: [QUESTION.messages[1]!], system: 'Be short.', max_tokens: 256, stream: false },
    content: 'tw\no',
    usage: [3, 4],
  },
  cohere: {
    options: { top_p: 0.5, top_k: 4 },
    answer: { text: 'two', finish_reason: 'COMPLETE', meta: { billed_units: { input_tokens: 3, output_tokens: 4 } } },
    sent: {
      model: 'm1',
      stream: false,
      message: '1+1?',
      chat_history: [{ role: 'USER', message: 'Be short.' }],
      p: 0.5,
      k: 4,
    },
    content: 'two',
    usage: [3, 4],
  },
  llama2: {
    options: { llama2_format: 'raw', max_tokens: 5 },
    answer: [{ generated_text: '<s>[INST] … [/INST] two ' }],
    sent: {
      inputs: '<s>[INST] <<SYS>> Be short. <</SYS>> 1+1? [/INST]',
      parameters: { max_new_tokens: 5, stream: false },
    },
    content: 'two',
  },
  'llama2 ollama': {
    options: { llama2_format: 'ollama', temperature: 0.2 },
    answer: {
      model: 'm1',
      message: { role: 'assistant', content: 'two' },
      prompt_eval_count: 3,
      eval_count: 4,
      done: true,
    },
    sent: { model: 'm1', stream: false, ...QUESTION, options: { temperature: 0.2 } },
    content: 'two',
    usage: [3, 4],
  },
  gemini: {
    options: { max_tokens: 7, top_k: 2 },
    answer: {
      candidates: [{ content: { role: 'model', parts: [{ text: 'two' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4 },
    },
    sent: {
      contents: [{ role: 'user', parts: [{ text: '1+1?' }] }],
      systemInstruction: { parts: [{ text: 'Be short.' }] },
      generationConfig: { maxOutputTokens: 7, topK: 2 },
    },
    content: 'two',
    usage: [3, 4],
  },
  bedrock: {
    options: { max_tokens: 7, bedrock: { aws_region: 'eu-west-1' } },
    answer: {
      output: { message: { role: 'assistant', content: [{ text: 'two' }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 3, outputTokens: 4 },
    },
    sent: {
      messages: [{ role: 'user', content: [{ text: '1+1?' }] }],
      system: [{ text: 'Be short.' }],
      inferenceConfig: { maxTokens: 7 },
    },
    content: 'two',
    usage: [3, 4],
  },
  huggingface: {
    options: { huggingface: { use_cache: false }, max_tokens: 7 },
    answer: [{ generated_text: 'two' }],
    sent: {
      ...QUESTION,
      inputs: 'Be short.\n1+1?',
      model: 'm1',
      stream: false,
      parameters: { max_length: 7 },
      options: { use_cache: false },
    },
    content: 'two',
  },
};

for (const [title, { options, answer, sent, content, usage }] of Object.entries(CASES)) {
  test(`${title}: a chat in the provider's words, and back`, async () => {
    const provider = title.split(' ')[0]!;
    const keys = keysOf(provider);
    const config = (url: string): JsonObject => ({
      route_type: 'llm/v1/chat',
      model: model(provider, { ...options, upstream_url: url }),
      ...keys,
    });
    await withProvider(config, json(answer), async ({ send }, servant) => {
      const received = await send(chat());
      assert.equal(received.status, 200, received.text);
      assert.deepEqual(bodyOf(servant), sent);
      assert.equal(contentOf(received), content);
      const counted = (JSON.parse(received.text) as JsonObject)['usage'] as JsonObject | undefined;
      if (usage !== undefined) assert.deepEqual([counted?.['prompt_tokens'], counted?.['completion_tokens']], usage);
      const { headers, url } = servant.asked[0]!;
      assert.equal(url, provider === 'azure' ? '/llm?api-version=2023-05-15' : '/llm');
      if (provider === 'anthropic') assert.equal(headers['anthropic-version'], '2023-06-01');
      if (provider === 'bedrock')
        assert.match(String(headers['authorization']), /AKID\/\d+\/eu-west-1\/bedrock\/aws4_request/);
    });
  });
}

/** One message of AWS's event stream; checksums are not looked at here. */
function awsEvent(type: string, payload: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(payload));
  const headers = Buffer.concat(
    [
      [':event-type', type],
      [':message-type', 'event'],
    ].map(([name = '', value = '']) => {
      const size = Buffer.alloc(2);
      size.writeUInt16BE(value.length);
      return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), size, Buffer.from(value)]);
    }),
  );
  const head = Buffer.alloc(12);
  head.writeUInt32BE(12 + headers.length + body.length + 4);
  head.writeUInt32BE(headers.length, 4);
  return Buffer.concat([head, headers, body, Buffer.alloc(4)]);
}

const sse = (...events: unknown[]): string =>
  events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join('');
const lines = (...events: unknown[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join('');

const STREAMS: Readonly<Record<string, { readonly options: JsonObject; readonly body: string | Buffer }>> = {
  anthropic: {
    options: { anthropic_version: '2023-06-01' },
    body: sse(
      { type: 'message_start', message: { usage: { input_tokens: 3 } } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'ping' },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
      { type: 'message_stop' },
    ),
  },
  cohere: {
    options: {},
    body: lines(
      { event_type: 'stream-start' },
      { event_type: 'text-generation', text: 'Hel' },
      { event_type: 'text-generation', text: 'lo' },
      { event_type: 'stream-end', finish_reason: 'COMPLETE', response: {} },
    ),
  },
  'llama2 ollama': {
    options: { llama2_format: 'ollama' },
    body: lines({ message: { content: 'Hel' } }, { message: { content: 'lo' } }, { done: true, eval_count: 2 }),
  },
  gemini: {
    options: {},
    body: sse(
      { candidates: [{ content: { parts: [{ text: 'Hel' }] } }] },
      { candidates: [{ content: { parts: [{ text: 'lo' }] }, finishReason: 'STOP' }] },
    ),
  },
  bedrock: {
    options: { bedrock: { aws_region: 'eu-west-1' } },
    body: Buffer.concat([
      awsEvent('messageStart', { role: 'assistant' }),
      awsEvent('contentBlockDelta', { delta: { text: 'Hel' } }),
      awsEvent('contentBlockDelta', { delta: { text: 'lo' } }),
      awsEvent('messageStop', { stopReason: 'end_turn' }),
      awsEvent('metadata', { usage: { inputTokens: 3, outputTokens: 2 } }),
    ]),
  },
  huggingface: { options: {}, body: sse({ token: { text: 'Hel' } }, { token: { text: 'lo' } }) },
};

for (const [title, { options, body }] of Object.entries(STREAMS)) {
  test(`${title}: a stream becomes one of OpenAI's form, however it is cut`, async () => {
    const provider = title.split(' ')[0]!;
    const keys = keysOf(provider);
    const config = (url: string): JsonObject => ({
      route_type: 'llm/v1/chat',
      model: model(provider, { ...options, upstream_url: url }),
      ...keys,
    });
    const react: React = async (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
      const bytes = Buffer.from(body);
      for (let at = 0; at < bytes.length; at += 33) {
        response.write(bytes.subarray(at, at + 33));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    };
    await withProvider(config, react, async ({ send }) => {
      const answer = await send(chat({ ...QUESTION, stream: true }));
      const events = eventsOf(answer);
      assert.equal(told(events), 'Hello');
      assert.equal(events.filter((event) => event === 'done').length, 1);
      assert.equal(events.at(-1), 'done');
      for (const event of events.slice(0, -1)) assert.equal((event as JsonObject)['object'], 'chat.completion.chunk');
    });
  });
}

test('completions', async () => {
  const config = (url: string): JsonObject => ({
    route_type: 'llm/v1/completions',
    model: model('anthropic', { upstream_url: url, anthropic_version: '2023-06-01' }),
  });
  await withProvider(config, json({ completion: ' two', stop_reason: 'stop' }), async ({ send }, provider) => {
    const answer = await send(chat({ prompt: '1+1?' }));
    assert.equal(choiceOf(answer)['text'], ' two');
    assert.equal(bodyOf(provider)['prompt'], '\n\nHuman: 1+1?\n\nAssistant:');
  });
});

test('anthropic: tools and their results', async () => {
  const config = (url: string): JsonObject => ({
    route_type: 'llm/v1/chat',
    model: model('anthropic', { upstream_url: url, anthropic_version: '2023-06-01' }),
  });
  const answer = { content: [{ type: 'tool_use', id: 't2', name: 'add', input: { a: 1 } }], stop_reason: 'tool_use' };
  const parameters = { type: 'object', properties: { a: { type: 'number' } } };
  const body = {
    messages: [
      { role: 'user', content: 'add' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 't1', type: 'function', function: { name: 'add', arguments: '{"a":1}' } }],
      },
      { role: 'tool', tool_call_id: 't1', content: '2' },
    ],
    tools: [{ type: 'function', function: { name: 'add', parameters } }],
    tool_choice: 'required',
  };
  await withProvider(config, json(answer), async ({ send }, provider) => {
    const received = await send(chat(body));
    const { messages, tools, tool_choice } = bodyOf(provider);
    assert.deepEqual(messages, [
      { role: 'user', content: 'add' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'add', input: { a: 1 } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: '2' }] },
    ]);
    assert.deepEqual(tools, [{ name: 'add', input_schema: parameters }]);
    assert.deepEqual(tool_choice, { type: 'any' });
    const { tool_calls } = choiceOf(received)['message'] as JsonObject;
    assert.deepEqual(tool_calls, [{ id: 't2', type: 'function', function: { name: 'add', arguments: '{"a":1}' } }]);
  });
});
