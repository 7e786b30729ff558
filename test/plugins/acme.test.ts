import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSchemas } from '../../src/entities/registry.ts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { bundledPlugins } from '../../src/plugins/index.ts';
import { schemaOf } from '../../src/schema/schema-set.ts';
import { processEntity } from '../../src/schema/validate.ts';
import { createState } from '../../src/state/state.ts';
import { MemoryStore } from '../../src/store/memory.ts';
import { handshake, onTls, serverTls } from '../gateway/tls-rig.ts';
import { type Authority, BINDING, opensslMissing, startAuthority } from './acme-authority.ts';
import { redisMissing, startRedis } from './redis-server.ts';

const skip = opensslMissing() ?? false;

interface Rig {
  readonly gateway: Gateway;
  readonly store: MemoryStore;
  readonly logs: string[];
  readonly authority: Authority;
  /** One request over TLS. */
  ask(host: string): Promise<number>;
  /** Waits for it. */
  certificateOf(host: string): Promise<string>;
}

async function withAcme(config: JsonObject, run: (rig: Rig) => Promise<void>, days?: number): Promise<void> {
  const authority = await startAuthority(days);
  const schemas = createSchemas(bundledPlugins);
  const input = {
    name: 'acme',
    config: {
      account_email: 'admin@example.test',
      api_uri: authority.directory,
      domains: ['*.example.test', 'one.test'],
      cert_type: 'ecc',
      ...config,
    },
  };
  const processed = processEntity(schemas, schemaOf(schemas, 'plugins'), input, { auto: { now: () => Date.now() } });
  assert.ok(processed.ok, processed.ok ? '' : JSON.stringify(processed.errors));
  const state = createState(schemas).with([{ action: 'create', kind: 'plugins', entity: processed.entity }]);
  assert.ok(state.ok);
  const store = new MemoryStore(state.value);
  const logs: string[] = [];
  const gateway = await startGateway({
    store,
    plugins: bundledPlugins,
    listen: [{ host: '127.0.0.1', port: 0 }, onTls],
    tls: serverTls,
    events: { access: undefined, log: (level, message) => logs.push(`${level} ${message}`) },
  });
  const [plain, secure] = gateway.addresses;
  authority.challengePort = plain!.port;
  const ask = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: secure!.port,
        servername: host,
        headers: { Host: host },
        rejectUnauthorized: false,
        agent: false,
      };
      httpsRequest(options, (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode!);
      })
        .on('error', reject)
        .end();
    });
  const certificateOf = async (host: string): Promise<string> => {
    for (let i = 0; i < 200; i++) {
      if (store.state.find('snis', 'name', host) !== undefined) break;
      await sleep(25);
    }
    await gateway.settled();
    return (await handshake(secure!.port, { servername: host })).name;
  };
  try {
    await run({ gateway, store, logs, authority, ask, certificateOf });
  } finally {
    await gateway.close(500);
    await authority.close();
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(25);
  assert.ok(condition(), what);
}

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
