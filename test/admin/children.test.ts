// What belongs to somebody, by the path of its owner: credentials, groups, targets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Admin, callJson, startAdmin } from './rig.ts';

let admin: Admin;
before(async () => {
  admin = await startAdmin();
  await call('POST', '/consumers', { username: 'bob' });
  await call('POST', '/consumers', { username: 'eve' });
});
after(() => admin.close());

const call = (method: string, path: string, body?: JsonObject) => callJson(admin, method, path, body);

const CHILDREN = [
  { path: 'acls', name: 'admins', body: {}, field: 'group', other: '/acls' },
  { path: 'key-auth', name: 'secret', body: {}, field: 'key', other: '/key-auths' },
  { path: 'basic-auth', name: 'robert', body: { password: 'p' }, field: 'username', other: '/basic-auths' },
  { path: 'jwt', name: 'laptop', body: {}, field: 'key', other: '/jwts' },
  { path: 'hmac-auth', name: 'signer', body: {}, field: 'username', other: '/hmac-auths' },
] as const;
const UNKNOWN = '5a8b9c0d-1111-4222-8333-444455556666';

for (const { path, name, body, field, other } of CHILDREN) {
  test(`${path}: found, made, changed and deleted under its consumer, by name or id`, async () => {
    const under = `/consumers/bob/${path}`;
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      for (const key of [name, UNKNOWN]) {
        const answered = await call(method, `${under}/${key}`, method === 'PATCH' ? { tags: ['a'] } : undefined);
        assert.deepEqual(answered, [404, { message: 'Not found' }], `${method} ${key}`);
      }
    }
    const [status, made] = await call('PUT', `${under}/${name}`, body);
    assert.deepEqual([status, made[field]], [200, name]);
    assert.deepEqual((await call('GET', `${under}/${name}`))[1], made);
    assert.deepEqual((await call('PATCH', `${under}/${String(made['id'])}`, { tags: ['a'] }))[1]['tags'], ['a']);

    assert.equal((await call('GET', `/consumers/eve/${path}/${String(made['id'])}`))[0], 404);
    assert.equal((await call('DELETE', `/consumers/eve/${path}/${name}`))[0], 404);
    assert.equal((await call('DELETE', `${under}/${name}`))[0], 204);
    assert.equal((await call('GET', `${other}/${String(made['id'])}`))[0], 404);
    assert.equal(
      (await call('DELETE', `${other}/${String(made['id'])}`))[0],
      204,
      'by its own path it may be gone already',
    );
  });
}
