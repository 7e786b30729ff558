import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { startAdmin } from '../admin/rig.ts';
import { CONSUMERS, type Running, start } from './gateway-fixture.ts';

const CREDENTIALS = [
  { consumer: 'bob', username: 'bob', password: 'kong' },
  { consumer: 'bob', username: 'colon', password: 'pass:word' },
  { consumer: 'ann', username: 'äñn', password: 'gehéim' },
];

const basic = (text: string, encoding: BufferEncoding = 'utf8'): string =>
  `Basic ${Buffer.from(text, encoding).toString('base64')}`;

async function withBasicAuth(config: JsonObject, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start({
    plugins: [{ name: 'basic-auth', config }],
    entities: { basicauth_credentials: CREDENTIALS },
  });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

test('a refusal has the challenge, a request id and no hint', async () => {
  await withBasicAuth({ realm: 'my "realm"' }, async ({ send, echo }) => {
    const bodies = new Set<string>();
    for (const authorization of [
      undefined,
      'foobar',
      'Basic a_password',
      basic('bob'),
      basic('bob:x'),
      basic('zed:kong'),
    ]) {
      const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
      const received = await send({ headers });
      assert.equal(received.status, 401, String(authorization));
      assert.deepEqual(received.header('www-authenticate'), ['Basic realm="my \\"realm\\""']);
      const { request_id: id, ...rest } = JSON.parse(received.text) as JsonObject;
      assert.match(String(id), /^[0-9a-f]{32}$/);
      bodies.add(JSON.stringify(rest));
    }
    assert.deepEqual([...bodies], ['{"message":"Unauthorized"}']);
    assert.equal(echo.requests.length, 0);
  });
});

test('passwords may have colons, names and passwords more than ASCII', async () => {
  await withBasicAuth({}, async ({ send, echo }) => {
    assert.equal((await send({ headers: { Authorization: basic('colon:pass:word') } })).status, 200);
    assert.equal((await send({ headers: { Authorization: basic('äñn:gehéim') } })).status, 200);
    const seen = echo.requests.at(-1)!.headers;
    assert.equal(seen['x-consumer-id'], CONSUMERS['ann']);
    assert.equal(seen['x-credential-identifier'], Buffer.from('äñn').toString('latin1'));
    // The same letters as other bytes are another password.
    assert.equal((await send({ headers: { Authorization: basic('bob:gehéim', 'latin1') } })).status, 401);
  });
});

test('the hash is bound to the consumer: it is no password itself', async () => {
  await withBasicAuth({}, async ({ send, store }) => {
    const stored = store.state.find('basicauth_credentials', 'username', 'bob')!['password'] as string;
    assert.match(stored, /^[0-9a-f]{40}$/);
    assert.equal((await send({ headers: { Authorization: basic(`bob:${stored}`) } })).status, 401);
  });
});

test('Authorization is looked at when Proxy-Authorization names nobody we know', async () => {
  await withBasicAuth({ hide_credentials: true }, async ({ send, echo }) => {
    for (const proxy of ['garbage', basic('zed:x'), basic('bob')]) {
      const headers = { 'Proxy-Authorization': proxy, Authorization: basic('bob:kong') };
      assert.equal((await send({ headers })).status, 200, proxy);
      const seen = echo.requests.at(-1)!.headers;
      assert.equal(seen['authorization'], undefined);
      assert.equal(seen['proxy-authorization'], undefined);
    }
    const headers = { 'Proxy-Authorization': basic('bob:x'), Authorization: basic('bob:kong') };
    assert.equal((await send({ headers })).status, 401);
  });
});

test('a deleted credential and a new one count with the next request', async () => {
  await withBasicAuth({}, async ({ send, store }) => {
    const bob = { headers: { Authorization: basic('bob:kong') } };
    assert.equal((await send(bob)).status, 200);
    const { id } = store.state.find('basicauth_credentials', 'username', 'bob')!;
    await store.commit([{ action: 'delete', kind: 'basicauth_credentials', id }]);
    assert.equal((await send(bob)).status, 401);
  });
});

test('a wrong password is refused after the right one too, and a changed one at once', async () => {
  await withBasicAuth({}, async ({ send, store }) => {
    const admin = await startAdmin({ store });
    const change = async (password: string): Promise<void> => {
      const response = await fetch(`${admin.url}/consumers/bob/basic-auth/bob`, {
        method: 'PATCH',
        body: JSON.stringify({ password }),
        headers: { 'content-type': 'application/json' },
      });
      assert.equal(response.status, 200, await response.text());
    };
    const statusOf = async (text: string, encoding?: BufferEncoding) =>
      (await send({ headers: { Authorization: basic(text, encoding) } })).status;
    try {
      for (let i = 0; i < 3; i++) assert.equal(await statusOf('bob:kong'), 200);
      for (const wrong of ['', 'kon', 'konG', 'kong ', 'kongkong', 'pass:word', '\u0000kong']) {
        assert.equal(await statusOf(`bob:${wrong}`), 401, wrong);
      }
      assert.equal(await statusOf('colon:kong'), 401);
      await change('new');
      assert.equal(await statusOf('bob:kong'), 401);
      for (let i = 0; i < 2; i++) assert.equal(await statusOf('bob:new'), 200);
      await change('kong');
      assert.equal(await statusOf('bob:new'), 401);
      assert.equal(await statusOf('bob:kong'), 200);
      // Bytes that are no text are not the sign that stands for such.
      await change('\ufffd');
      assert.equal(await statusOf('bob:\ufffd'), 200);
      assert.equal(await statusOf('bob:\u00ff', 'latin1'), 401);
      await change('gehéim');
      assert.equal(await statusOf('bob:gehéim'), 200);
      assert.equal(await statusOf('bob:gehéim', 'latin1'), 401);
    } finally {
      await admin.close();
    }
  });
});
