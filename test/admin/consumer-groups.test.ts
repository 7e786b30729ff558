// Groups of consumers and their members.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Admin, callJson, startAdmin } from './rig.ts';

let admin: Admin;
before(async () => {
  admin = await startAdmin();
  await call('POST', '/consumers', { username: 'bob' });
  await call('POST', '/consumers', { username: 'eve' });
  await call('POST', '/consumer_groups', { name: 'gold' });
});
after(() => admin.close());

const call = (method: string, path: string, body?: JsonObject) => callJson(admin, method, path, body);

const namesOf = (list: unknown): string[] =>
  (list as JsonObject[]).map((one) => String(one['username'] ?? one['name']));

test('a consumer is put into a group once, and is seen from both sides', async () => {
  const [status, body] = await call('POST', '/consumer_groups/gold/consumers', { consumer: 'bob' });
  assert.equal(status, 201);
  assert.deepEqual(namesOf(body['consumers']), ['bob']);
  assert.equal((await call('POST', '/consumer_groups/gold/consumers', { consumer: 'bob' }))[0], 409);
  assert.deepEqual(namesOf((await call('GET', '/consumer_groups/gold/consumers'))[1]['consumers']), ['bob']);
  assert.deepEqual(namesOf((await call('GET', '/consumers/bob/consumer_groups'))[1]['consumer_groups']), ['gold']);
});

test('a group is answered with its consumers and plugins', async () => {
  const [group] = [(await call('GET', '/consumer_groups/gold'))[1]];
  const { id } = group['consumer_group'] as { id: string };
  const plugin = { name: 'rate-limiting', config: { minute: 5 }, consumer_group: { id } };
  assert.equal((await call('POST', '/plugins', plugin))[0], 201);
  assert.equal((await call('POST', '/plugins', { name: 'rate-limiting', config: { minute: 9 } }))[0], 201);
  assert.equal((await call('POST', '/plugins', plugin))[0], 409);
  const [, body] = await call('GET', `/consumer_groups/${id}`);
  assert.deepEqual(namesOf(body['consumers']), ['bob']);
  assert.deepEqual(namesOf(body['plugins']), ['rate-limiting']);
  const [shown] = body['plugins'] as JsonObject[];
  assert.deepEqual(shown, (await call('GET', `/plugins/${String(shown!['id'])}`))[1], 'deprecated names and all');
  assert.equal('consumers' in (await call('GET', '/consumer_groups/gold?list_consumers=false'))[1], false);
});

test('members leave one by one, all at once, or with the group', async () => {
  await call('POST', '/consumers/eve/consumer_groups', { group: 'gold' });
  assert.equal((await call('DELETE', '/consumer_groups/gold/consumers/bob'))[0], 204);
  assert.equal((await call('DELETE', '/consumer_groups/gold/consumers/bob'))[0], 404);
  assert.deepEqual(namesOf((await call('GET', '/consumer_groups/gold/consumers'))[1]['consumers']), ['eve']);
  assert.equal((await call('DELETE', '/consumer_groups/gold'))[0], 204);
  assert.deepEqual((await call('GET', '/consumers/eve/consumer_groups'))[1]['consumer_groups'], []);
  assert.equal(admin.store.state.list('plugins').length, 1);
});

test('unknown groups and consumers are told', async () => {
  assert.equal((await call('GET', '/consumer_groups/none'))[0], 404);
  await call('POST', '/consumer_groups', { name: 'silver' });
  assert.deepEqual(await call('POST', '/consumer_groups/silver/consumers', { consumer: 'nobody' }), [
    404,
    { message: "consumer 'nobody' not found" },
  ]);
  assert.deepEqual(await call('POST', '/consumer_groups/silver/consumers', {}), [
    400,
    { message: 'consumer: required field missing' },
  ]);
});
