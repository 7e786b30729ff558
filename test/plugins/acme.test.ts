import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BINDING, opensslMissing } from './acme-authority.ts';
import { until, withAcme } from './acme-rig.ts';
import { redisMissing, startRedis } from './redis-server.ts';

const skip = opensslMissing() ?? false;

test('the first request over TLS brings a certificate for its host', { skip }, async () => {
  await withAcme({}, async ({ ask, certificateOf, store, authority, logs }) => {
    assert.equal(await ask('api.example.test'), 404);
    assert.equal(await certificateOf('api.example.test'), 'api.example.test', logs.join('\n'));
    const [certificate] = store.state.list('certificates');
    assert.deepEqual(certificate!['tags'], ['managed-by-acme']);
    assert.deepEqual(authority.accounts[0]!['contact'], ['mailto:admin@example.test']);
    await ask('api.example.test');
    await sleep(50);
    assert.deepEqual(authority.orders, ['api.example.test']);
    // Another host, the same account.
    await ask('one.test');
    assert.equal(await certificateOf('one.test'), 'one.test');
    assert.equal(authority.accounts.length, 1);
  });
});

test('hosts that are not listed get none', { skip }, async () => {
  await withAcme({}, async ({ ask, authority }) => {
    await ask('other.test');
    await sleep(100);
    assert.deepEqual(authority.orders, []);
  });
});

test('RSA keys and an external account binding', { skip }, async () => {
  const config = { cert_type: 'rsa', rsa_key_size: 2048, eab_kid: BINDING.kid, eab_hmac_key: BINDING.secret };
  await withAcme(config, async ({ ask, certificateOf, authority, store }) => {
    await ask('one.test');
    assert.equal(await certificateOf('one.test'), 'one.test');
    assert.ok('externalAccountBinding' in authority.accounts[0]!);
    assert.match(String(store.state.list('certificates')[0]!['cert']), /^-----BEGIN CERTIFICATE-----/);
  });
});

test('a bad nonce is no failure', { skip }, async () => {
  await withAcme({}, async ({ ask, certificateOf, authority }) => {
    authority.failNonce = true;
    await ask('one.test');
    assert.equal(await certificateOf('one.test'), 'one.test');
  });
});

test('hosts that are asked for at once get theirs from one account', { skip }, async () => {
  await withAcme({}, async ({ ask, certificateOf, authority, logs }) => {
    const hosts = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}.example.test`);
    await Promise.all(hosts.map(ask));
    for (const host of hosts) assert.equal(await certificateOf(host), host, logs.join('\n'));
    assert.deepEqual([...authority.orders].sort(), hosts);
    assert.equal(authority.accounts.length, 1);
  });
});

test('after a failure the host is left alone for a while', { skip }, async () => {
  await withAcme({}, async ({ ask, authority, logs, gateway }) => {
    authority.challengePort = gateway.addresses[1]!.port;
    await ask('one.test');
    await until(
      () => logs.some((line) => /no certificate for one.test: .*challenge failed/.test(line)),
      logs.join('\n'),
    );
    authority.challengePort = gateway.addresses[0]!.port;
    await ask('one.test');
    await sleep(150);
    assert.equal(authority.orders.length, 1);
  });
});

test('unknown challenges are 404', { skip }, async () => {
  await withAcme({}, async ({ gateway }) => {
    const { port } = gateway.addresses[0]!;
    for (const [host, token, text] of [
      ['one.test', 'x', 'Not found\n'],
      ['one.test', 'unknown', 'Not found\n'],
      ['one.test', 'a%2Fb', 'Not found\n'],
      ['other.test', 'x', undefined],
    ] as const) {
      const answer = await plainRequest(port, host, `/.well-known/acme-challenge/${token}`);
      assert.equal(answer.status, 404);
      if (text !== undefined) assert.equal(answer.text, text);
      else assert.match(answer.text, /no Route matched/);
    }
  });
});

function plainRequest(port: number, host: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, headers: { Host: host }, agent: false }, async (incoming) => {
      let text = '';
      for await (const chunk of incoming) text += String(chunk);
      resolve({ status: incoming.statusCode!, text });
    })
      .on('error', reject)
      .end();
  });
}

test('with storage kong everything is in entities', { skip }, async () => {
  await withAcme({ storage: 'kong' }, async ({ ask, certificateOf, store }) => {
    await ask('one.test');
    assert.equal(await certificateOf('one.test'), 'one.test');
    await until(
      () => store.state.list('acme_storage').some(({ key }) => key === 'kong_acme:renew_config:one.test'),
      'no record',
    );
    const keys = store.state.list('acme_storage').map(({ key }) => String(key));
    assert.ok(
      keys.some((key) => key.startsWith('kong_acme:account:')),
      keys.join(),
    );
    assert.ok(!keys.some((key) => key.endsWith('#http-01')), keys.join());
  });
});

test('with storage redis everything is in Redis', { skip: skip || (redisMissing() ?? false) }, async () => {
  const redis = await startRedis();
  try {
    const settings = { host: '127.0.0.1', port: redis.port, extra_options: { namespace: 'ns:' } };
    await withAcme({ storage: 'redis', storage_config: { redis: settings } }, async ({ ask, certificateOf }) => {
      await ask('one.test');
      assert.equal(await certificateOf('one.test'), 'one.test');
      await sleep(50);
      assert.match(redis.command('keys', '*'), /ns:kong_acme:renew_config:one\.test/);
    });
  } finally {
    await redis.stop();
  }
});
