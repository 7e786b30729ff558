import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, type Sent, start } from './gateway-fixture.ts';

const SECRET = 'secret-of-bob';
const LONG = 'HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication';
const UNVERIFIABLE = 'HMAC signature cannot be verified';
const MISMATCH = 'HMAC signature does not match';

const now = (offsetSeconds = 0): string => new Date(Date.now() + offsetSeconds * 1000).toUTCString();

interface Signing {
  readonly text: string;
  readonly names?: string;
  readonly algorithm?: string;
  readonly secret?: string;
  readonly username?: string;
}

function signature({
  text,
  names = 'date',
  algorithm = 'hmac-sha256',
  secret = SECRET,
  username = 'bob',
}: Signing): string {
  const digest = createHmac(algorithm.slice('hmac-'.length), secret).update(text).digest('base64');
  return `hmac username="${username}", algorithm="${algorithm}", headers="${names}", signature="${digest}"`;
}

async function withHmac(config: JsonObject, run: (running: Running) => Promise<void>): Promise<void> {
  const running = await start({
    plugins: [{ name: 'hmac-auth', config }],
    entities: {
      hmacauth_credentials: [
        { consumer: 'bob', username: 'bob', secret: SECRET },
        { consumer: 'ann', username: 'ännä', secret: 'other' },
      ],
    },
  });
  try {
    await run(running);
  } finally {
    await running.close();
  }
}

async function refused({ send }: Running, request: Sent, message: string): Promise<void> {
  const received = await send(request);
  assert.equal(received.status, 401);
  const { message: told, request_id: id } = JSON.parse(received.text) as JsonObject;
  assert.equal(told, message);
  assert.match(String(id), /^[0-9a-f]{32}$/);
  assert.deepEqual(received.header('www-authenticate'), ['hmac']);
}

test('each algorithm, when it is allowed', async () => {
  const date = now();
  const sent = (algorithm: string) => ({
    headers: { Date: date, Authorization: signature({ text: `date: ${date}`, algorithm }) },
  });
  await withHmac({}, async ({ send }) => {
    for (const algorithm of ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512']) {
      assert.equal((await send(sent(algorithm))).status, 200, algorithm);
    }
  });
  await withHmac({ algorithms: ['hmac-sha1', 'hmac-sha256'] }, async (running) => {
    assert.equal((await running.send(sent('hmac-sha256'))).status, 200);
    await refused(running, sent('hmac-sha512'), UNVERIFIABLE);
    await refused(
      running,
      { headers: { Date: date, Authorization: signature({ text: '' }).replace('sha256', 'md5') } },
      UNVERIFIABLE,
    );
  });
});

test('the date must be near; Date or X-Date will do', async () => {
  await withHmac({ clock_skew: 60 }, async (running) => {
    const near = now(-50);
    const far = now(-70);
    const signed = (date: string, name = 'date') => signature({ text: `${name}: ${date}`, names: name });
    assert.equal((await running.send({ headers: { Date: near, Authorization: signed(near) } })).status, 200);
    assert.equal(
      (await running.send({ headers: { 'X-Date': near, Authorization: signed(near, 'x-date') } })).status,
      200,
    );
    assert.equal(
      (await running.send({ headers: { 'X-Date': 'x', Date: near, Authorization: signed(near) } })).status,
      200,
    );
    await refused(running, { headers: { Date: far, Authorization: signed(far) } }, LONG);
    await refused(running, { headers: { Date: now(70), Authorization: signed(now(70)) } }, LONG);
    await refused(
      running,
      { headers: { Date: 'today', 'X-Date': '2024-01-01', Authorization: signed('today') } },
      LONG,
    );
    await refused(running, { headers: { Authorization: signature({ text: 'date:' }) } }, LONG);
    await refused(running, { headers: { Date: near } }, 'Unauthorized');
  });
});

test('who cannot be found out cannot be verified', async () => {
  await withHmac({}, async (running) => {
    const date = now();
    const good = signature({ text: `date: ${date}` });
    const wrong = [
      'foo',
      good.replace('bob', 'zed'),
      good.replace('bob', ''),
      good.replace('username', 'usernam'),
      good.replace('headers=', 'wrongheader='),
      good.replace(/(username="bob"), (algorithm="[^"]+")/, '$2, $1'),
    ];
    for (const Authorization of wrong) await refused(running, { headers: { Date: date, Authorization } }, UNVERIFIABLE);
    for (const end of ['signature="AAAA"', 'signature="*"']) {
      await refused(running, { headers: { Date: date, Authorization: good.replace(/signature=.*$/, end) } }, MISMATCH);
    }
    await refused(
      running,
      { headers: { Date: date, Authorization: signature({ text: `date: ${date}`, secret: 'x' }) } },
      MISMATCH,
    );
    const ann = signature({ text: `date: ${date}`, secret: 'other', username: Buffer.from('ännä').toString('latin1') });
    assert.equal((await running.send({ headers: { Date: date, Authorization: ann } })).status, 200);
    assert.equal(running.echo.requests.at(-1)!.headers['x-consumer-username'], 'ann');
  });
});

test('the request itself can be signed: line, target and any header', async () => {
  await withHmac({ enforce_headers: ['Date', 'request-line'] }, async (running) => {
    const date = now();
    const text = `date: ${date}\nGET /a%20b?x=1&y=%7e HTTP/1.1\nhost: example.test\nX-Any: 1\n@request-target: get /a%20b?x=1&y=%7e\nx-gone:`;
    const names = 'date request-line host X-Any @request-target x-gone';
    const headers = { Date: date, 'X-Any': ['1', '2'], Authorization: signature({ text, names }) };
    assert.equal((await running.send({ path: '/a%20b?x=1&y=%7e', headers })).status, 200);
    await refused(running, { path: '/a%20b?x=1&y=%7E', headers }, MISMATCH);
    await refused(running, { path: '/a%20b?x=1', headers }, MISMATCH);
    await refused(running, { path: '/a%20b?x=1&y=%7e', method: 'POST', headers }, MISMATCH);
    // A header of that name does not stand for the request.
    const claimed = { ...headers, 'Request-Line': 'GET /a%20b?x=1&y=%7e HTTP/1.1' };
    await refused(running, { path: '/other', headers: claimed }, MISMATCH);
    await refused(
      running,
      { headers: { Date: date, Authorization: signature({ text: `date: ${date}` }) } },
      UNVERIFIABLE,
    );
  });
});

test('Authorization counts when Proxy-Authorization cannot be read, not when it is wrong', async () => {
  await withHmac({ hide_credentials: true }, async (running) => {
    const date = now();
    const good = signature({ text: `date: ${date}` });
    const bad = signature({ text: 'x' });
    assert.equal(
      (await running.send({ headers: { Date: date, Authorization: good, 'Proxy-Authorization': 'x' } })).status,
      200,
    );
    assert.equal(running.echo.requests.at(-1)!.headers['authorization'], undefined);
    assert.equal(
      (await running.send({ headers: { Date: date, Authorization: 'x', 'Proxy-Authorization': good } })).status,
      200,
    );
    const seen = running.echo.requests.at(-1)!.headers;
    assert.equal(seen['proxy-authorization'], undefined);
    await refused(running, { headers: { Date: date, Authorization: good, 'Proxy-Authorization': bad } }, MISMATCH);
  });
});

test('the digest of the body', async () => {
  await withHmac({ validate_request_body: true }, async (running) => {
    const date = now();
    const Authorization = signature({ text: `date: ${date}` });
    const digest = (body: string) => `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
    const headers = { Date: date, Authorization };
    assert.equal((await running.send({ headers })).status, 200);
    assert.equal((await running.send({ headers: { ...headers, Digest: digest('') } })).status, 200);
    const post = { method: 'POST', body: 'hello' };
    assert.equal((await running.send({ ...post, headers: { ...headers, Digest: digest('hello') } })).status, 200);
    assert.equal(running.echo.requests.at(-1)!.body, 'hello');
    await refused(running, { ...post, headers }, MISMATCH);
    await refused(running, { ...post, headers: { ...headers, Digest: digest('hellO') } }, MISMATCH);
    await refused(
      running,
      { ...post, headers: { ...headers, Digest: digest('hello').replace('SHA', 'sha') } },
      MISMATCH,
    );
    const large = 'x'.repeat(8 * 1024 * 1024 + 1);
    await refused(running, { method: 'POST', body: large, headers: { ...headers, Digest: digest(large) } }, MISMATCH);
  });
});

test('a changed secret and a deleted credential count with the next request', async () => {
  const date = now();
  const sent = (secret: string) => ({
    headers: { Date: date, Authorization: signature({ text: `date: ${date}`, secret }) },
  });
  await withHmac({}, async (running) => {
    const { send, store } = running;
    for (let i = 0; i < 2; i++) assert.equal((await send(sent(SECRET))).status, 200);
    const entity = store.state.find('hmacauth_credentials', 'username', 'bob')!;
    await store.commit([{ action: 'update', kind: 'hmacauth_credentials', entity: { ...entity, secret: 'another' } }]);
    await refused(running, sent(SECRET), MISMATCH);
    assert.equal((await send(sent('another'))).status, 200);
    await store.commit([{ action: 'delete', kind: 'hmacauth_credentials', id: entity.id }]);
    await refused(running, sent('another'), UNVERIFIABLE);
  });
});
