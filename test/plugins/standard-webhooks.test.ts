import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';

const SECRET = 'a secret';
const checking = (config: JsonObject = {}): PluginInput => ({
  name: 'standard-webhooks',
  config: { secret_v1: SECRET, ...config },
});
const now = (): number => Math.floor(Date.now() / 1000);
const sign = (text: string, secret = SECRET): string =>
  `v1,${createHmac('sha256', secret).update(text).digest('base64')}`;
const headersOf = (body: string, timestamp: number | string = now(), id = 'msg_1'): Record<string, string> => ({
  'webhook-id': id,
  'webhook-timestamp': String(timestamp),
  'webhook-signature': sign(`${id}.${timestamp}.${body}`),
});

async function withGateway(setUp: SetUp, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start(setUp);
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

test('a signed webhook reaches the upstream with its body', async () => {
  await withGateway({ plugins: [checking()] }, async ({ send, echo }) => {
    const body = '{"type":"user.created","name":"Zoë"}';
    const received = await send({ method: 'POST', headers: headersOf(body), body });
    assert.equal(received.status, 200);
    assert.equal(echo.requests[0]!.body, body);
    const chunked = await send({ method: 'POST', headers: headersOf(body), body, transfer: 'chunked' });
    assert.equal(chunked.status, 200);
  });
});

test('every failure is the same 400', async () => {
  const body = '{"a":1}';
  const good = headersOf(body);
  const without = (name: string): Record<string, string> =>
    Object.fromEntries(Object.entries(good).filter(([other]) => other !== name));
  const timestamps = [
    now() - 360,
    'XYZ',
    '',
    '-1',
    '1e9',
    `${now()}.0`,
    ` ${now()}x`,
    `0${now()}`,
    `+${now()}`,
    '0x5f5e100',
  ];
  const failures: [string, Record<string, string>, string][] = [
    ['no id', without('webhook-id'), body],
    ['no timestamp', without('webhook-timestamp'), body],
    ['no signature', without('webhook-signature'), body],
    ['another body', good, '{"a":2}'],
    ['another id', { ...good, 'webhook-id': 'msg_2' }, body],
    ['another time', { ...good, 'webhook-timestamp': String(now() - 1) }, body],
    ['no version', { ...good, 'webhook-signature': good['webhook-signature']!.slice(3) }, body],
    ['a list', { ...good, 'webhook-signature': `${good['webhook-signature']} ${good['webhook-signature']}` }, body],
    ['an empty body', headersOf(''), ''],
    [
      'another secret',
      { ...good, 'webhook-signature': sign(`msg_1.${good['webhook-timestamp']}.${body}`, 'other') },
      body,
    ],
    ...timestamps.map((time): [string, Record<string, string>, string] => [
      `time ${time}`,
      headersOf(body, time),
      body,
    ]),
  ];
  await withGateway({ plugins: [checking()] }, async ({ send, echo, logs }) => {
    for (const [name, headers, sent] of failures) {
      const received = await send({ method: 'POST', headers, body: sent });
      assert.equal(received.status, 400, name);
      const { message, request_id } = JSON.parse(received.text) as JsonObject;
      assert.equal(message, 'Bad request', name);
      assert.match(String(request_id), /^[0-9a-f]{32}$/);
    }
    assert.equal(echo.requests.length, 0);
    assert.equal(
      logs.some((line) => line.includes(SECRET)),
      false,
    );
  });
});

test('a webhook without a body is refused', async () => {
  await withGateway({ plugins: [checking()] }, async ({ send }) => {
    assert.equal((await send({ headers: headersOf('') })).status, 400);
  });
});

test('the tolerance: what is as old still passes', async () => {
  await withGateway({ plugins: [checking({ tolerance_second: 60 })] }, async ({ send }) => {
    const statusAt = async (time: number): Promise<number> =>
      (await send({ method: 'POST', headers: headersOf('x', time), body: 'x' })).status;
    assert.equal(await statusAt(now() - 58), 200);
    assert.equal(await statusAt(now() - 63), 400);
    assert.equal(await statusAt(now() + 100_000), 200);
  });
});

test('a body larger than 8 MiB is refused', async () => {
  await withGateway({ plugins: [checking()] }, async ({ send }) => {
    const body = 'x'.repeat(8 * 1024 * 1024 + 1);
    assert.equal((await send({ method: 'POST', headers: headersOf(body), body })).status, 400);
  });
});

test('a timestamp is signed as the number that it is, however it is written', async () => {
  const body = '{}';
  const time = now();
  await withGateway({ plugins: [checking()] }, async ({ send }) => {
    for (const [written, signed] of [
      [`${time}.0`, `${time}`],
      [`0${time}`, `${time}`],
      [`${time}.50`, `${time}.5`],
    ] as const) {
      const headers = { ...headersOf(body, signed), 'webhook-timestamp': written };
      assert.equal((await send({ method: 'POST', headers, body })).status, 200, written);
    }
  });
});
