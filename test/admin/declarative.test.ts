// `/config`: what a gateway without a database is given as a whole, and what it gives back.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import type { Entity } from '../../src/schema/define.ts';
import { startAdmin } from './rig.ts';

async function openConfig(context: TestContext) {
  const admin = await startAdmin({ isDbless: true });
  context.after(() => admin.close());
  const load = async (text: string): Promise<{ status: number; body: JsonObject }> => {
    const response = await fetch(`${admin.url}/config`, {
      method: 'POST',
      headers: { 'content-type': 'application/yaml' },
      body: text,
    });
    return { status: response.status, body: (await response.json()) as JsonObject };
  };
  const read = async (): Promise<string> =>
    ((await (await fetch(`${admin.url}/config`)).json()) as { config: string }).config;
  const list = (kind: string): readonly Entity[] => admin.store.state.list(kind);
  return { load, read, list };
}

const ROUTES = (version: string): string => `_format_version: "${version}"
services:
- name: s
  host: h.internal
  routes:
  - {name: regex, paths: ['/users/(\\d+)', '/plain/a%2Fb', '~/marked/\\d']}
  - {name: plain, paths: ['/a//b']}
`;

for (const version of ['1.1', '2.1']) {
  test(`a path of format ${version} that looks like a regular expression is one`, async (context) => {
    const { load, list } = await openConfig(context);
    const loaded = await load(ROUTES(version));
    assert.equal(loaded.status, 201, JSON.stringify(loaded.body));
    const paths = Object.fromEntries(list('routes').map((route) => [route['name'], route['paths']]));
    assert.deepEqual(paths, {
      regex: ['~/users/(\\d+)', '/plain/a%2Fb', '~/marked/\\d'],
      plain: ['/a/b'],
    });
  });
}

test('format 3.0 takes paths as they are', async (context) => {
  const { load } = await openConfig(context);
  const loaded = await load(ROUTES('3.0'));
  assert.equal(loaded.status, 400);
  assert.match(String(loaded.body['message']), /must not have empty segments/);
});

const SHARED = `_format_version: "3.0"
partials:
- {name: redis-main, type: redis-ce, config: {host: r.internal}}
plugins:
- name: rate-limiting
  instance_name: limit
  config: {minute: 5, policy: redis}
`;

test('shared settings may be linked in the plugin and in a list of their own', async (context) => {
  const { load, read, list } = await openConfig(context);
  const links = () => (list('plugins')[0]!['partials'] as JsonObject[]).map(({ id, path }) => [id, path]);
  for (const written of [
    '  partials: [{name: redis-main}]\n',
    'plugins_partials: [{plugin: limit, partial: redis-main, path: config.redis}]\n',
  ]) {
    const loaded = await load(SHARED + written);
    assert.equal(loaded.status, 201, JSON.stringify(loaded.body));
    const [partial] = list('partials');
    assert.deepEqual(links(), [[partial!.id, 'config.redis']]);
    // What is read can be loaded again.
    const again = await load(await read());
    assert.equal(again.status, 201, JSON.stringify(again.body));
    assert.deepEqual(links(), [[partial!.id, 'config.redis']]);
  }
});

test('a link to nothing is refused', async (context) => {
  const { load, list } = await openConfig(context);
  for (const links of [
    '  partials: [{name: nowhere}]\n',
    'plugins_partials: [{plugin: limit, partial: nowhere}]\n',
    'plugins_partials: [{plugin: nobody, partial: redis-main}]\n',
    'plugins_partials: [{partial: redis-main}]\n',
    'plugins_partials: {plugin: limit}\n',
  ]) {
    const loaded = await load(SHARED + links);
    assert.equal(loaded.status, 400, links);
    assert.match(String(loaded.body['message']), /no such entry in|required field missing|expected an array/);
  }
  assert.equal(list('plugins').length, 0);
});

const MORTAL = (ttl: string): string => `_format_version: "3.0"
consumers:
- username: bob
  keyauth_credentials:
  - key: k
    ttl: ${ttl}
`;

test('a time to live is given back as the seconds that are left, and may be loaded again', async (context) => {
  const { load, read, list } = await openConfig(context);
  const { status, body } = await load(MORTAL('3600'));
  assert.equal(status, 201);
  const [key] = Object.values(body['keyauth_credentials'] as JsonObject) as { ttl: number }[];
  assert.ok(key!.ttl > 3500 && key!.ttl <= 3600, String(key!.ttl));
  assert.equal((await load(await read())).status, 201);
  const expiry = list('keyauth_credentials')[0]!['ttl'] as number;
  assert.ok(Math.abs(expiry - Date.now() / 1000 - 3600) < 100, String(expiry));
});

test('a time to live that is none is refused', async (context) => {
  const { load } = await openConfig(context);
  for (const ttl of ['-5', '1.5', '100000001', 'x']) {
    const { status, body } = await load(MORTAL(ttl));
    assert.deepEqual(
      [status, (body['fields'] as JsonObject)['consumers']],
      [400, [{ keyauth_credentials: [{ ttl: 'must be an integer between 0 and 100000000' }] }]],
    );
  }
});
