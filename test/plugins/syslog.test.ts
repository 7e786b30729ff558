// The system's end is a socket of our own that speaks to the real `logger`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, start } from './gateway-fixture.ts';
import { logged, receiveTcp, type TcpReceiver, take, withReceiver } from './receivers.ts';

/** Only the `logger` of util-linux reads priorities from its input. */
const hasLogger = spawnSync('logger', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

async function withLog(
  t: TestContext,
  config: JsonObject,
  run: (running: Running, log: TcpReceiver) => Promise<void>,
): Promise<void> {
  if (!hasLogger) return t.skip('no logger of util-linux on this machine');
  const folder = await mkdtemp(join(tmpdir(), 'gwctl-syslog-'));
  const path = join(folder, 'log');
  const log = await receiveTcp({ path });
  await withReceiver(log, { systemLogSocket: path, plugins: [{ name: 'syslog', config }] }, run);
  await rm(folder, { recursive: true });
}

test('each request is one message of `kong` with facility, severity and the record', async (t) => {
  await withLog(t, {}, async ({ send }, log) => {
    await send({ path: '/get?x' });
    const [message = ''] = await take(log, 1);
    const parts = /^<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d kong: (\{.*\})\n$/.exec(message);
    assert.ok(parts, message);
    const record = JSON.parse(parts[1]!) as { request: JsonObject };
    assert.equal(record.request['uri'], '/get?x');
  });
});

test('the facility is as configured, severities follow the status', async (t) => {
  const config = { facility: 'local3', client_errors_severity: 'warning', server_errors_severity: 'crit' };
  await withLog(t, config, async ({ send }, log) => {
    for (const path of ['/status/200', '/status/404', '/status/500']) {
      await send({ path });
      await sleep(10);
    }
    const priorities = (await take(log, 3)).map((message) => /^<\d+>/.exec(message)?.[0]);
    assert.deepEqual(priorities, [`<${19 * 8 + 6}>`, `<${19 * 8 + 4}>`, `<${19 * 8 + 2}>`]);
  });
});

test('what is less severe than log_level is not written', async (t) => {
  await withLog(t, { log_level: 'warning', server_errors_severity: 'warning' }, async ({ send }, log) => {
    for (const path of ['/status/200', '/status/500']) await send({ path });
    const [message = ''] = await take(log, 1);
    assert.match(message, /^<12>/);
  });
});

test('long records are whole, and line feeds in a request cannot make a second message', async (t) => {
  await withLog(t, {}, async ({ send }, log) => {
    await send({ path: '/get?a=%0A%3C8%3Ex', headers: { 'x-long': 'y'.repeat(7000) } });
    const [message = ''] = await take(log, 1);
    assert.ok(message.includes('y'.repeat(7000)));
    assert.match(message, /\}\n$/);
  });
});

test('a system log that is away costs no request and is told', async (t) => {
  if (!hasLogger) return t.skip('no logger of util-linux on this machine');
  const running = await start({ systemLogSocket: '/nowhere/log', plugins: [{ name: 'syslog' }] });
  try {
    assert.equal((await running.send({})).status, 200);
    await logged(running.logs, /^error logger: socket \/nowhere\/log/);
    assert.equal((await running.send({})).status, 200);
    await logged(running.logs, /^error the system log is out of reach; \d+ log records lost/);
  } finally {
    await running.close();
  }
});
