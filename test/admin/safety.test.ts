// What the Admin API refuses before it looks at a schema, and lists longer than a page.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { newUuid } from '../../src/lib/ids.ts';
import { startAdmin } from './rig.ts';

/** fetch does not let a test choose Host. */
const ask = (port: number, method: string, path: string, headers: Record<string, string>, body = ''): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
    request.end(body);
  });

test('a name that is not local means DNS rebinding and is refused', async () => {
  const admin = await startAdmin();
  assert.equal(await ask(admin.port, 'GET', '/services', { host: 'evil.test' }), 403);
  assert.equal(await ask(admin.port, 'GET', '/services', { host: 'localhost:8001' }), 200);
  assert.equal(await ask(admin.port, 'GET', '/services', { host: '[::1]:8001' }), 200);
  await admin.close();
});

test('a page of another origin may not write', async () => {
  const admin = await startAdmin();
  const json = { 'content-type': 'application/json' };
  const body = '{"host":"a.test"}';
  assert.equal(await ask(admin.port, 'POST', '/services', { ...json, origin: 'https://evil.test' }, body), 403);
  assert.equal(await ask(admin.port, 'POST', '/services', { ...json, origin: 'http://localhost:8002' }, body), 201);
  assert.equal(await ask(admin.port, 'POST', '/services', json, body), 201);
  assert.equal(admin.store.state.count('services'), 2);
  await admin.close();
});

for (const [title, body] of [
  ['keys that would change a prototype', '{"host":"a.test","tags":[],"__proto__":{"polluted":1}}'],
  ['a constructor in a plugin configuration', '{"name":"cors","config":{"constructor":{"prototype":{"polluted":1}}}}'],
  ['bodies nested a thousand deep', `{"host":${'['.repeat(1000)}${']'.repeat(1000)}}`],
  ['bodies that are no object', '[1]'],
  ['bodies cut short', '{"host":'],
] as const) {
  test(`${title} are refused with 400 and change nothing`, async () => {
    const admin = await startAdmin();
    const kind = body.includes('"cors"') ? 'plugins' : 'services';
    assert.equal(await ask(admin.port, 'POST', `/${kind}`, { 'content-type': 'application/json' }, body), 400);
    assert.equal(admin.store.state.count(kind), 0);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
    assert.deepEqual(admin.errors, []);
    await admin.close();
  });
}

test('a body over 10 MiB is refused with 413', async () => {
  const admin = await startAdmin();
  const body = JSON.stringify({ host: 'a'.repeat(11 * 1024 * 1024) });
  assert.equal(await ask(admin.port, 'POST', '/services', { 'content-type': 'application/json' }, body), 413);
  await admin.close();
});

test('a body of more than 100 000 values is refused with 413, however small they are', async () => {
  const admin = await startAdmin();
  const json = { 'content-type': 'application/json' };
  const zeros = (count: number): string => Array(count).fill(0).join();
  for (const [body, status] of [
    [`{"tags":[${zeros(100_001)}]}`, 413],
    [`{"tags":[${zeros(99_999)}]}`, 400],
    [`{"host":"${zeros(100_001)}"}`, 400],
    [`{"host":"\\"${zeros(100_001)}"}`, 400],
  ] as const) {
    assert.equal(await ask(admin.port, 'POST', '/services', json, body), status, body.slice(0, 12));
  }
  await admin.close();
});

test('an object of more than 10 000 members is refused with 413 everywhere, a list is not', async () => {
  const dbless = await startAdmin({ isDbless: true });
  const admin = await startAdmin();
  const json = { 'content-type': 'application/json' };
  const members = (count: number): string => Array.from({ length: count }, (_, i) => `"k${i}":[{"x":1}]`).join();
  const changes = `{"action":"delete","kind":"services","id":"${newUuid()}"},`.repeat(20_000);
  for (const [{ port }, path, body, status] of [
    [admin, '/services', `{${members(10_001)}}`, 413],
    [admin, '/services', `{${members(10_000)}}`, 400],
    [dbless, '/config', `{"services":[{"a":{${members(10_001)}}}]}`, 413],
    [admin, '/-/apply', `{"changes":[{"entity":{${members(10_001)}}}]}`, 413],
    [admin, '/-/apply', `{"changes":[${changes.slice(0, -1)}]}`, 200],
  ] as const) {
    assert.equal(await ask(port, 'POST', path, json, body), status, body.slice(0, 30));
  }
  await admin.close();
  await dbless.close();
});

test('of very many entities that are wrong the first thousand are told', async () => {
  const admin = await startAdmin({ isDbless: true });
  for (const wrong of [{ x: 1 }, 1]) {
    const body = JSON.stringify({ _format_version: '3.0', services: Array(5000).fill(wrong) });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${admin.url}/config`, { method: 'POST', headers, body });
    assert.equal(response.status, 400);
    const { fields } = (await response.json()) as { fields: { services: unknown[] } };
    assert.equal(fields.services.length, 1000);
  }
  await admin.close();
});

test('of very many faults of one kind the first hundred are told', async () => {
  const admin = await startAdmin();
  const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`);
  const unknown = Object.fromEntries(names(5000).map((name) => [name, 1]));
  const refused = async (path: string, body: object): Promise<{ message: string; fields: Record<string, object> }> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(admin.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(response.status, 400);
    return (await response.json()) as { message: string; fields: Record<string, object> };
  };
  const top = await refused('/services', { host: 'a.test', ...unknown });
  assert.match(top.message, /^100 schema violations \(k0: unknown field; k1: unknown field; /);
  assert.equal(Object.keys(top.fields).length, 100);
  const below = await refused('/plugins', { name: 'key-auth', config: unknown });
  assert.equal(Object.keys(below.fields['config']!).length, 100);
  const list = await refused('/routes', { paths: names(5000) });
  assert.equal((list.fields['paths'] as string[]).length, 100);
  const reference = await refused('/routes', { paths: ['/'], service: { id: 'x', ...unknown } });
  assert.equal(Object.keys(reference.fields['service']!).length, 101);
  // One that is right is no fault, wherever it stands.
  const late = await refused('/routes', { paths: [...names(5000).map((name) => `/${name}`), 'x'] });
  assert.equal((late.fields['paths'] as (string | null)[]).length, 5001);
  await admin.close();
});

test('what is no HTTP is malformed, whatever it begins with', async () => {
  const admin = await startAdmin();
  const speak = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(admin.port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
      socket.on('data', (chunk) => {
        answer += chunk.toString('latin1');
      });
      socket.on('error', reject).on('close', () => resolve(answer.split('\r\n')[0]!));
    });
  assert.equal(await speak('\x16\x03\x01\x02\x00\x01'), 'HTTP/1.1 400 Bad Request');
  assert.equal(await speak('GEEEET services HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'HTTP/1.1 400 Bad Request');
  assert.equal(await speak('GEEEET /services HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'HTTP/1.1 405 Method Not Allowed');
  assert.equal(await speak('GEEEET /none?a=b HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'HTTP/1.1 404 Not Found');
  await admin.close();
});

test('JSON that is no UTF-8 is refused, not repaired', async () => {
  const admin = await startAdmin();
  const send = (bytes: Buffer): Promise<Response> =>
    fetch(`${admin.url}/services`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: bytes });
  const wrong = await send(
    Buffer.concat([Buffer.from('{"host":"a.test","name":"'), Buffer.of(0xc3), Buffer.from('"}')]),
  );
  assert.deepEqual([wrong.status, await wrong.json()], [400, { message: 'Cannot parse JSON body' }]);
  assert.equal((await send(Buffer.from('{"host":"a.test","name":"é"}'))).status, 201);
  await admin.close();
});

test('forms of very many or very deep names are refused before they are taken apart', async () => {
  const admin = await startAdmin();
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const post = (body: string) => ask(admin.port, 'POST', '/services', form, body);
  assert.equal(await post(`host=a.test&${'tags[]=x&'.repeat(998)}tags[]=x`), 201);
  for (const body of ['k=1&'.repeat(1e6), '&'.repeat(1e6), `a${'[b]'.repeat(1e6)}=1`, `${'a.'.repeat(1e6)}=1`]) {
    assert.equal(await post(body), 400, body.slice(0, 12));
  }
  await admin.close();
});

test('a form in parts has a thousand of them at most', async () => {
  const admin = await startAdmin();
  const send = async (count: number): Promise<[number, unknown]> => {
    const form = new FormData();
    form.set('host', 'a.test');
    for (let i = 1; i < count; i++) form.append('tags[]', `t${i}`);
    const response = await fetch(`${admin.url}/services`, { method: 'POST', body: form });
    const { tags, ...rest } = (await response.json()) as { tags?: string[] };
    return [response.status, tags?.length ?? rest];
  };
  assert.deepEqual(await send(1000), [201, 999]);
  assert.deepEqual(await send(1001), [400, { message: 'Too many arguments' }]);
  await admin.close();
});

test('a list of 2 500 is walked page by page without a gap or a repetition, while rows come and go', async () => {
  const admin = await startAdmin();
  const { store } = admin;
  const auto = { now: () => Date.now() };
  const { processEntity } = await import('../../src/schema/validate.ts');
  const { schemas } = store.state;
  const make = (id: string) => {
    const made = processEntity(schemas, schemas.entities.get('consumers')!, { id, username: `u-${id}` }, { auto });
    assert.ok(made.ok);
    return { action: 'create' as const, kind: 'consumers', entity: made.entity };
  };
  const ids = Array.from({ length: 2500 }, () => newUuid());
  assert.ok((await store.commit(ids.map(make))).ok);
  const seen: string[] = [];
  let next: string | null = '/consumers?size=1000';
  while (next !== null) {
    const page = (await (await fetch(admin.url + next)).json()) as { data: { id: string }[]; next: string | null };
    seen.push(...page.data.map((row) => row.id));
    next = page.next;
    await store.commit([make(newUuid())]);
  }
  const original = new Set(ids);
  assert.deepEqual(
    seen.filter((id) => original.has(id)),
    [...ids].sort(),
  );
  assert.equal(new Set(seen).size, seen.length);
  await admin.close();
});

test('a credential with a time to live shows what remains, and goes', async () => {
  const admin = await startAdmin();
  const post = async (path: string, body: object) => {
    const init = { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await fetch(admin.url + path, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  await post('/consumers', { username: 'bob' });
  const made = await post('/consumers/bob/key-auth', { key: 'k', ttl: 100 });
  assert.equal(made.status, 201);
  assert.ok((made.body['ttl'] as number) > 97 && (made.body['ttl'] as number) <= 100);
  assert.equal((await post('/consumers/bob/key-auth', { key: 'k2', ttl: -1 })).status, 400);
  const { findExpired } = await import('../../src/state/expiry.ts');
  assert.deepEqual(findExpired(admin.store.state, Date.now()), []);
  const later = findExpired(admin.store.state, Date.now() + 101_000);
  assert.deepEqual(later, [{ action: 'delete', kind: 'keyauth_credentials', id: made.body['id'] }]);
  await admin.close();
});
