// pre-function and post-function: chunks of JavaScript in every phase.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTexts } from '../../src/control/file/load.ts';
import { createSchemas } from '../../src/entities/registry.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { checkChunk } from '../../src/plugins/shared/functions/check-chunk.ts';
import { createSandbox } from '../../src/plugins/shared/functions/sandbox.ts';
import { type PluginInput, type Running, start } from './gateway-fixture.ts';
import { logged, receiveTcp, take } from './receivers.ts';

async function withChunks(
  config: JsonObject,
  run: (running: Running) => Promise<void>,
  plugins: readonly PluginInput[] = [],
  name = 'pre-function',
): Promise<void> {
  const running = await start({ plugins: [{ name, config }, ...plugins] });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

for (const name of ['pre-function', 'post-function']) {
  test(`${name} reads the request and changes what goes upstream`, async () => {
    const code = `
      kong.service.request.set_header('X-Seen', kong.request.get_method() + ' ' + kong.request.get_path());
      kong.service.request.set_header('X-Arg', kong.request.get_query_arg('a'));
      kong.service.request.clear_header('X-Gone');
      kong.service.request.set_raw_query('b=2');`;
    await withChunks(
      { access: [code] },
      async ({ send, echo }) => {
        await send({ path: '/get?a=1', headers: { 'X-Gone': 'yes' } });
        const { headers, uri } = echo.requests[0]!;
        assert.equal(headers['x-seen'], 'GET /get');
        assert.equal(headers['x-arg'], '1');
        assert.equal(headers['x-gone'], undefined);
        assert.equal(uri, '/get?b=2');
      },
      [],
      name,
    );
  });
}

test('a chunk that answers ends the phase', async () => {
  const chunks = [
    "kong.response.set_header('X-First', '1')",
    "kong.response.exit(403, { message: 'no' }, { 'X-Why': 'because' })",
    "kong.response.set_header('X-Third', '1')",
  ];
  await withChunks({ access: chunks }, async ({ send, echo }) => {
    const answer = await send({});
    assert.equal(answer.status, 403);
    assert.equal(answer.text, '{"message":"no"}');
    assert.deepEqual(answer.header('content-type'), ['application/json; charset=utf-8']);
    assert.deepEqual(
      [answer.header('x-why'), answer.header('x-first'), answer.header('x-third')],
      [['because'], ['1'], []],
    );
    assert.equal(echo.requests.length, 0);
  });
});

test('an answer cannot be caught away', async () => {
  await withChunks({ access: ["try { kong.response.exit(418, 'tea') } catch {}"] }, async ({ send }) => {
    const answer = await send({});
    assert.equal(answer.status, 418);
    assert.equal(answer.text, 'tea');
  });
});

test('an error answer has the template of the gateway', async () => {
  await withChunks({ access: ["kong.response.error(429, 'slow down')"] }, async ({ send }) => {
    const answer = await send({});
    assert.equal(answer.status, 429);
    assert.match(answer.text, /"message":"slow down"[\s\S]*"request_id"/);
  });
});

test('a returned function keeps what it closed over from request to request', async () => {
  const code = "let n = 0; return () => { n += 1; kong.response.set_header('X-Count', String(n)) }";
  await withChunks({ access: [code] }, async ({ send }) => {
    const counts = [];
    for (let i = 0; i < 3; i++) counts.push(...(await send({})).header('x-count'));
    assert.deepEqual(counts, ['1', '2', '3']);
  });
});

test('every phase runs, and header_filter and body_filter change the answer', async () => {
  const config = {
    rewrite: ["kong.ctx.plugin.trail = 'r'"],
    access: ["kong.ctx.plugin.trail += 'a'"],
    header_filter: [
      "kong.ctx.plugin.trail += 'h'; kong.response.set_header('X-Trail', kong.ctx.plugin.trail); kong.response.set_status(201)",
    ],
    body_filter: [
      'const body = kong.response.get_raw_body(); if (body !== undefined) kong.response.set_raw_body(body.toUpperCase())',
    ],
    log: ["kong.log.warn('logged ', kong.response.get_status(), ' ', kong.ctx.plugin.trail)"],
  };
  await withChunks(config, async ({ send, logs }) => {
    const answer = await send({ method: 'POST', path: '/reflect', body: 'hello' });
    assert.equal(answer.status, 201);
    assert.equal(answer.text, 'HELLO');
    assert.deepEqual(answer.header('x-trail'), ['rah']);
    await logged(logs, /^warn \[pre-function\] logged 201 rah$/);
  });
});

test('an answer that is too large to be held passes as it is, and one below is whole', async () => {
  const shout =
    'const body = kong.response.get_raw_body(); if (body !== undefined) kong.response.set_raw_body(body.toUpperCase())';
  await withChunks({ body_filter: [shout] }, async ({ send, logs }) => {
    const small = await send({ method: 'POST', path: '/reflect', body: 'ab'.repeat(1_000_000) });
    assert.equal(small.text, 'AB'.repeat(1_000_000));
    const large = await send({ method: 'POST', path: '/reflect', body: 'ab'.repeat(5_000_000) });
    assert.ok(large.text === 'ab'.repeat(5_000_000));
    await logged(logs, /^warn \[pre-function\] a body of more than 8388608 bytes passes as it is$/);
  });
});

test('header_filter may replace the whole answer', async () => {
  await withChunks({ header_filter: ['kong.response.exit(404, { gone: true })'] }, async ({ send }) => {
    const answer = await send({});
    assert.equal(answer.status, 404);
    assert.equal(answer.text, '{"gone":true}');
  });
});

test('the request body can be read and replaced', async () => {
  const code = "kong.service.request.set_raw_body('<' + kong.request.get_raw_body() + '>')";
  await withChunks({ access: [code] }, async ({ send, echo }) => {
    await send({ method: 'POST', body: 'grüß' });
    assert.equal(echo.requests[0]!.body, '<grüß>');
  });
});

test('values are shared with the templates of other plugins, own values are not', async () => {
  await withChunks(
    { access: ["kong.ctx.shared.tenant = 'acme'; kong.ctx.plugin.tenant = 'mine'"] },
    async ({ send, echo }) => {
      await send({});
      assert.equal(echo.requests[0]!.headers['x-tenant'], 'acme');
    },
    [{ name: 'request-transformer', config: { add: { headers: ['X-Tenant:$(shared.tenant)'] } } }],
  );
});

test('post-function runs when the consumer is known', async () => {
  const running = await start({
    plugins: [
      { name: 'key-auth' },
      {
        name: 'post-function',
        config: { access: ["kong.service.request.set_header('X-Who', kong.client.get_consumer().username)"] },
      },
    ],
    keys: { k: 'bob' },
  });
  try {
    await running.send({ headers: { apikey: 'k' } });
    assert.equal(running.echo.requests[0]!.headers['x-who'], 'bob');
  } finally {
    await running.close();
  }
});

test('a chunk that throws answers 500 without saying why to the client', async () => {
  await withChunks({ access: ["throw new Error('secret reason')"] }, async ({ send, logs, echo }) => {
    const answer = await send({});
    assert.equal(answer.status, 500);
    assert.ok(!answer.text.includes('secret'));
    assert.equal(echo.requests.length, 0);
    await logged(logs, /plugin pre-function failed in access/);
  });
});

test('a failing log chunk harms nobody', async () => {
  await withChunks({ log: ['nope()'] }, async ({ send, logs }) => {
    assert.equal((await send({})).status, 200);
    await logged(logs, /^error \[pre-function\] log\[1\] ReferenceError: nope is not defined$/);
  });
});

test('a loop without end is stopped', async () => {
  await withChunks({ access: ['for (;;);'] }, async ({ send }) => {
    assert.equal((await send({})).status, 500);
  });
});

test('what a phase does not have is an error there', async () => {
  await withChunks({ header_filter: ["kong.service.request.set_header('a', 'b')"] }, async ({ send, logs }) => {
    assert.equal((await send({})).status, 200);
    await logged(logs, /header_filter\[1\] Error: kong.service.request.set_header: not available in header_filter/);
  });
});

test('a header that cannot be sent is an error of the chunk', async () => {
  await withChunks({ access: ["kong.service.request.set_header('X-A', 'a\\r\\nX-B: c')"] }, async ({ send, echo }) => {
    assert.equal((await send({})).status, 500);
    assert.equal(echo.requests.length, 0);
  });
});

for (const name of [
  'process',
  'require',
  'module',
  'fetch',
  'setTimeout',
  'Buffer',
  'console',
  'performance',
  'Promise',
  'WebAssembly',
]) {
  test(`${name} does not exist inside`, async () => {
    await withChunks({ access: [`kong.response.exit(200, typeof ${name})`] }, async ({ send }) => {
      assert.equal((await send({})).text, 'undefined');
    });
  });
}

for (const code of [
  "kong.constructor.constructor('return process')()",
  "kong.log.warn.constructor('return process')()",
  "Object.getPrototypeOf(kong.log.warn).constructor('return process')()",
  "(() => {}).constructor('return process')()",
  "eval('1')",
  'Promise.resolve()',
  'Array.fromAsync([])',
  'new FinalizationRegistry(() => {})',
  'kong.request = 1',
  'Array.prototype.map = 1',
  'globalThis.x = 1',
  'kong.request.get_path.caller',
]) {
  test(`inside, ${code} does not work`, async () => {
    const tried = `let r; try { r = ${code}; if (r && r.then) r = 'promise' } catch (e) { kong.response.exit(200, 'refused') }
      kong.response.exit(200, typeof r === 'string' ? r : 'worked')`;
    await withChunks({ access: [tried] }, async ({ send }) => {
      const answer = await send({});
      assert.ok(['refused', 'promise'].includes(answer.text) || answer.status === 500, answer.text);
    });
  });
}

test('an error of the host does not reach inside', () => {
  const sandbox = createSandbox(
    [
      "try { kong.request.get_path() } catch (e) { if (e.constructor !== Error || e.message.includes('host secret')) throw 'leak' }",
    ],
    'test',
  );
  const problem = sandbox.run(0, () => {
    throw new TypeError('host secret');
  });
  assert.equal(problem, undefined);
});

for (const code of [
  'local x = 1',
  'return function() kong.log.err("a") end',
  'if kong.request.get_header("x") == nil then return end',
  'ngx.header["X"] = "1" -- comment here',
  'kong.response.exit(403, { message = "no" })\nif a ~= b then x() end',
  'for i, v in ipairs(t) do print(v) end',
]) {
  test(`${JSON.stringify(code)} is told to be Lua`, () => {
    assert.match(String(checkChunk(code)), /looks like Lua/);
  });
}

test('JavaScript with a mistake is told as such', () => {
  const reason = String(checkChunk('let a = ;'));
  assert.match(reason, /Unexpected token/);
  assert.ok(!reason.includes('Lua'));
  assert.equal(checkChunk('return () => kong.response.exit(200)'), undefined);
  assert.match(String(checkChunk('} ; function x() {')), /./);
});

test('a chunk of the largest size is judged at once, whatever it repeats', () => {
  for (const code of [`end${' '.repeat(65_000)}x`, `${'function '.repeat(7000)}{`, `${' local'.repeat(10_000)} 0`]) {
    const startedAt = performance.now();
    assert.equal(typeof checkChunk(code), 'string');
    assert.ok(performance.now() - startedAt < 500, code.slice(0, 20));
  }
});

test('what would go on after the call is refused', () => {
  for (const code of ['return async () => 1', 'await 1', "import('node:fs')"]) {
    assert.match(String(checkChunk(code)), /async, await and import/);
  }
});

test('a gateway whose store holds Lua chunks already tells why they cannot run, and lets nothing pass unguarded', async () => {
  await withChunks({ access: ['local x = 1'] }, async ({ send, logs, echo }) => {
    assert.equal((await send({})).status, 500);
    assert.equal(echo.requests.length, 0);
    await logged(
      logs,
      /pre-function cannot run with its configuration.*error parsing pre-function: access\[1\]: this looks like Lua/,
    );
  });
});

const LUA = "kong.log.err('x') local y = nil";
const withCode = (code: string) =>
  JSON.stringify({ _format_version: '3.0', plugins: [{ name: 'post-function', config: { log: ['0', code] } }] });

test('a gateway that runs functions refuses what it cannot run, with its place; files for others may hold it', async () => {
  const load = (code: string, use: 'serving' | 'files') =>
    loadTexts([{ name: 'test', text: withCode(code) }], {
      schemas: createSchemas(bundledPlugins, { use }),
      ids: 'deterministic',
    });
  assert.equal((await load(LUA, 'files')).ok, true);
  assert.equal((await load('return 1', 'serving')).ok, true);
  const refused = await load(LUA, 'serving');
  assert.ok(!refused.ok);
  assert.match(
    refused.diagnostics[0]!.message,
    /error parsing post-function: this looks like Lua, which cannot run here/,
  );
  const broken = await load('const', 'serving');
  assert.ok(!broken.ok);
  assert.match(broken.diagnostics[0]!.message, /error parsing post-function: (?!this looks like Lua)/);
});

test('values of the log record are set, added or replaced', async () => {
  const sink = await receiveTcp();
  const code = `
    kong.log.set_serialize_value('mine.a', 1);
    kong.log.set_serialize_value('mine.a', 2, { mode: 'add' });
    kong.log.set_serialize_value('mine.b', 3, { mode: 'add' });
    kong.log.set_serialize_value('mine.b', 4, { mode: 'replace' });
    kong.log.set_serialize_value('mine.c', 5, { mode: 'replace' });`;
  const plugins = [{ name: 'tcp-log', config: { host: '127.0.0.1', port: sink.port } }];
  await withChunks({ access: [code] }, async ({ send }) => void (await send({})), plugins);
  const [line] = await take(sink, 1);
  assert.deepEqual((JSON.parse(line!) as JsonObject)['mine'], { a: 1, b: 4 });
  const wrong = "kong.log.set_serialize_value('a', 1, { mode: 'often' })";
  await withChunks({ access: [wrong] }, async ({ send }) => assert.equal((await send({})).status, 500));
  await sink.close();
});
