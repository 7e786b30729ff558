import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { receiveUdp, take, withReceiver } from './receivers.ts';

/** The datagrams of these requests. */
async function datagrams(
  config: JsonObject,
  paths: readonly string[],
  count = paths.length,
): Promise<readonly string[]> {
  const sink = await receiveUdp();
  const plugin = { name: 'loggly', config: { host: '127.0.0.1', port: sink.port, key: 'token', ...config } };
  let texts: readonly string[] = [];
  await withReceiver(sink, { plugins: [plugin] }, async ({ send }) => {
    for (const path of paths) {
      await send({ path });
      await sleep(10);
    }
    texts = await take(sink, count);
  });
  return texts;
}

const priorities = (texts: readonly string[]): (string | undefined)[] => texts.map((text) => /^<\d+>/.exec(text)?.[0]);

test('each request is one syslog datagram with token and tag', async () => {
  const [text = ''] = await datagrams({}, ['/get?x']);
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
  const host = hostname().replaceAll('.', '\\.');
  const parts = new RegExp(String.raw`^<14>1 ${time} ${host} kong - - \[token@41058 tag="kong"\] (\{.*\})$`).exec(text);
  assert.ok(parts, text);
  const record = JSON.parse(parts[1]!) as { request: JsonObject };
  assert.equal(record.request['uri'], '/get?x');
});

test('by default every status has the severity info', async () => {
  assert.deepEqual(priorities(await datagrams({}, ['/status/200', '/status/401', '/status/500'])), [
    '<14>',
    '<14>',
    '<14>',
  ]);
});

test('severities follow the status of the response', async () => {
  const config = {
    log_level: 'debug',
    successful_severity: 'debug',
    client_errors_severity: 'warning',
    server_errors_severity: 'crit',
  };
  const paths = ['/status/200', '/status/302', '/status/404', '/status/499', '/status/500'];
  assert.deepEqual(priorities(await datagrams(config, paths)), ['<15>', '<15>', '<12>', '<12>', '<10>']);
});

test('what is less severe than log_level is not sent', async () => {
  const config = { log_level: 'warning', server_errors_severity: 'err', client_errors_severity: 'warning' };
  assert.deepEqual(priorities(await datagrams(config, ['/status/200', '/status/404', '/status/503'], 2)), [
    '<12>',
    '<11>',
  ]);
});

test('tags stand one after the other, quotes and brackets escaped', async () => {
  const [text = ''] = await datagrams({ tags: ['one', 'a"b]c\\'] }, ['/get']);
  assert.ok(text.includes(String.raw`[token@41058 tag="one" tag="a\"b\]c\\"] {`), text);
});

test('custom fields are set before the record is sent', async () => {
  const [text = ''] = await datagrams({ custom_fields_by_lua: { custom: 'return 1.5' } }, ['/get']);
  assert.ok(text.endsWith('"custom":1.5}'), text);
});
