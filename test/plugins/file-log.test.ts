import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, start } from './gateway-fixture.ts';

async function withLog(
  config: JsonObject,
  run: (running: Running, folder: string) => Promise<void>,
  path = '/log',
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gwctl-file-log-'));
  const running = await start({ plugins: [{ name: 'file-log', config: { path: folder + path, ...config } }] });
  try {
    await run(running, folder);
  } finally {
    await running.close();
    await rm(folder, { recursive: true });
  }
}

/** Lines are written after the answer. */
async function linesOf(file: string, count: number): Promise<JsonObject[]> {
  for (let i = 0; i < 200; i++) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = text.split('\n').slice(0, -1);
    if (lines.length >= count) return lines.map((line) => JSON.parse(line) as JsonObject);
    await sleep(10);
  }
  assert.fail(`fewer than ${count} lines in ${file}`);
}

async function logged(logs: readonly string[], expression: RegExp): Promise<void> {
  for (let i = 0; i < 200 && !logs.some((line) => expression.test(line)); i++) await sleep(10);
  assert.match(logs.join('\n'), expression);
}

test('one line of JSON a request, in a file made with mode 0644', async () => {
  await withLog({}, async ({ send }, folder) => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => send({ path: `/get?n=${i}` })));
    const records = await linesOf(join(folder, 'log'), 20);
    assert.equal(records.length, 20);
    const uris = records.map((record) => (record['request'] as JsonObject)['uri']).sort();
    assert.deepEqual(uris, Array.from({ length: 20 }, (_, i) => `/get?n=${i}`).sort());
    const { mode } = await stat(join(folder, 'log'));
    assert.equal(mode & 0o777 & ~process.umask(), 0o644 & ~process.umask());
  });
});

test('custom fields are added, nested, and removed by nil', async () => {
  const custom_fields_by_lua = {
    custom: "return 'value'",
    'request.extra': 'return 5',
    'a\\.b': 'return true',
    route: 'return nil',
  };
  await withLog({ custom_fields_by_lua }, async ({ send }, folder) => {
    await send({});
    const [record] = await linesOf(join(folder, 'log'), 1);
    assert.ok(record);
    const request = record['request'] as JsonObject;
    assert.equal(record['custom'], 'value');
    assert.equal(request['extra'], 5);
    assert.equal(request['method'], 'GET');
    assert.equal(record['a.b'], true);
    assert.equal(Object.hasOwn(record, 'route'), false);
  });
});

test('custom fields may be what one call of Kong gives', async () => {
  const calls = {
    header: 'kong.request.get_header("X-Name")',
    absent: "kong.request.get_header('x-absent')",
    method: 'kong.request.get_method()',
    target: 'kong.request.get_path_with_query()',
    first: 'kong.request.get_query_arg("a")',
    bare: 'kong.request.get_query_arg("b")',
    status: 'kong.response.get_status()',
    source: 'kong.response.get_source( )',
    type: 'kong.response.get_header( "content-type" )',
    ip: 'kong.client.get_ip();',
  };
  const custom_fields_by_lua = Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [`call.${name}`, `return ${call}`]),
  );
  await withLog({ custom_fields_by_lua }, async ({ send }, folder) => {
    await send({ path: '/get?a=1&a=2&b', headers: { 'x-name': Buffer.from('näme').toString('latin1') } });
    const [record] = await linesOf(join(folder, 'log'), 1);
    assert.deepEqual(record!['call'], {
      header: 'näme',
      method: 'GET',
      target: '/get?a=1&a=2&b',
      first: '1',
      bare: true,
      status: 200,
      source: 'service',
      type: 'application/json',
      ip: '127.0.0.1',
    });
  });
});

test('with reopen a file that was moved away is made again', async () => {
  await withLog({ reopen: true }, async ({ send }, folder) => {
    const file = join(folder, 'log');
    await send({ path: '/one' });
    await linesOf(file, 1);
    await rm(file);
    await send({ path: '/two' });
    const [record] = await linesOf(file, 1);
    assert.equal((record!['request'] as JsonObject)['uri'], '/two');
  });
});

test('without reopen lines go on into the file that was opened', async () => {
  await withLog({}, async ({ send }, folder) => {
    const file = join(folder, 'log');
    await send({ path: '/one' });
    await linesOf(file, 1);
    await rm(file);
    await send({ path: '/two' });
    await sleep(50);
    await assert.rejects(stat(file), { code: 'ENOENT' });
  });
});

test('a file that cannot be opened is reported and costs no request', async () => {
  await withLog(
    {},
    async ({ send, logs }) => {
      assert.equal((await send({})).status, 200);
      await logged(logs, /^error failed to open the file: ENOENT/);
      assert.equal((await send({})).status, 200);
    },
    '/missing/log',
  );
  await withLog({}, async ({ send, logs }, folder) => {
    await mkdir(join(folder, 'log'));
    assert.equal((await send({})).status, 200);
    await logged(logs, /^error failed to open the file: EISDIR/);
  });
});

test('a character device takes lines too', async () => {
  const running = await start({ plugins: [{ name: 'file-log', config: { path: '/dev/null' } }] });
  try {
    assert.equal((await running.send({})).status, 200);
    await sleep(50);
    assert.deepEqual(
      running.logs.filter((line) => line.startsWith('error')),
      [],
    );
  } finally {
    await running.close();
  }
});
