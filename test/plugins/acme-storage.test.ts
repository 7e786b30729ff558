// The places where acme keeps things: each does the same, and holds what an order needs.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { createKeeper, type Keeper } from '../../src/plugins/acme/keeper.ts';
import { pem } from '../gateway/tls-rig.ts';
import { opensslMissing } from './acme-authority.ts';
import { type Rig, withAcme } from './acme-rig.ts';
import { startConsul } from './consul-server.ts';
import { redisMissing, startRedis } from './redis-server.ts';
import { startVault, type VaultServer } from './vault-server.ts';

const skip = opensslMissing() ?? false;
const TOKEN = 'let-me-in';
/** As keys of the plugin are. */
const KEY = 'kong_acme:account:https://authority.test/directory:YUBiLmM=#1';

async function withKeeper(config: JsonObject, run: (keeper: Keeper, rig: Rig) => Promise<void>): Promise<void> {
  await withAcme(config, async (rig) => {
    const opened = rig.gateway.openInstance(rig.store.state.list('plugins')[0]!);
    const keeper = createKeeper(opened.config as never, opened.environment);
    try {
      await run(keeper, rig);
    } finally {
      keeper.close();
    }
  });
}

async function keepsAsAgreed(keeper: Keeper): Promise<void> {
  assert.equal(await keeper.get(KEY), undefined);
  await keeper.delete(KEY);
  await keeper.set(KEY, '{"a": "ä"}');
  assert.equal(await keeper.get(KEY), '{"a": "ä"}');
  await keeper.set(KEY, 'second');
  assert.equal(await keeper.get(KEY), 'second');
  assert.equal(await keeper.add(KEY, 'third', 60), false);
  assert.equal(await keeper.get(KEY), 'second');
  await keeper.delete(KEY);
  assert.equal(await keeper.get(KEY), undefined);
  assert.equal(await keeper.add(KEY, 'fourth', 60), true);
  assert.equal(await keeper.get(KEY), 'fourth');

  for (const name of ['a*b:1', 'a*b:2', 'axb:3']) await keeper.set(name, name);
  assert.deepEqual([...(await keeper.list('a*b:'))].sort(), ['a*b:1', 'a*b:2']);
  assert.deepEqual(await keeper.list('nothing'), []);
  assert.deepEqual(await keeper.list(KEY.slice(0, 40)), [KEY]);

  assert.equal(await keeper.add('lock', 'one', 1), true);
  const both = await Promise.all([keeper.add('race', 'a', 60), keeper.add('race', 'b', 60)]);
  assert.deepEqual(both.sort(), [false, true]);
  assert.equal(await keeper.add('lock', 'two', 60), false);
  for (let i = 0; i < 60 && (await keeper.get('lock')) !== undefined; i++) await sleep(50);
  assert.equal(await keeper.get('lock'), undefined, 'it has not ended');
  assert.equal(await keeper.add('lock', 'three', 60), true);
  assert.equal(await keeper.get('lock'), 'three');
}

async function orders({ ask, certificateOf, logs }: Rig): Promise<void> {
  await ask('one.test');
  assert.equal(await certificateOf('one.test'), 'one.test', logs.join('\n'));
}

for (const storage of ['shm', 'kong']) {
  test(`storage ${storage} keeps, adds once, forgets in time`, { skip }, async () => {
    await withKeeper({ storage }, keepsAsAgreed);
  });
}

test('storage redis keeps, adds once, forgets in time', { skip: skip || (redisMissing() ?? false) }, async () => {
  const redis = await startRedis();
  try {
    const storage_config = { redis: { host: '127.0.0.1', port: redis.port } };
    await withKeeper({ storage: 'redis', storage_config }, keepsAsAgreed);
  } finally {
    await redis.stop();
  }
});

test('storage consul keeps, adds once, forgets in time; an order needs no more', { skip }, async () => {
  const consul = await startConsul(TOKEN);
  const settings = { host: '127.0.0.1', port: consul.port, kv_path: '/a/b/', token: TOKEN };
  try {
    await withKeeper({ storage: 'consul', storage_config: { consul: settings } }, async (keeper, rig) => {
      await keepsAsAgreed(keeper);
      await orders(rig);
    });
    const names = [...consul.entries.keys()];
    assert.ok(names.includes('a/b/kong_acme:renew_config:one.test'), names.join('\n'));
    assert.ok(
      names.every((name) => name.startsWith('a/b/') && !name.slice(4).includes('/')),
      names.join('\n'),
    );
    assert.equal(consul.entries.get('a/b/kong_acme:renew_config:one.test')!.flags, 0);
  } finally {
    await consul.close();
  }
});

test('a storage that refuses is told, and nothing is ordered', { skip }, async () => {
  const consul = await startConsul(TOKEN);
  const settings = { host: '127.0.0.1', port: consul.port, token: 'another' };
  try {
    await withAcme({ storage: 'consul', storage_config: { consul: settings } }, async ({ ask, authority, logs }) => {
      await ask('one.test');
      for (let i = 0; i < 100 && logs.length === 0; i++) await sleep(10);
      assert.match(logs.join('\n'), /no certificate for one\.test: Consul answered 403/);
      assert.deepEqual(authority.orders, []);
    });
  } finally {
    await consul.close();
  }
});

async function withVault(
  config: (vault: VaultServer) => JsonObject,
  run: (vault: VaultServer, keeper: Keeper, rig: Rig) => Promise<void>,
  tls?: { key: string; cert: string },
): Promise<void> {
  const vault = await startVault({ token: TOKEN, ...(tls === undefined ? {} : { tls }) });
  try {
    const settings = { host: '127.0.0.1', port: vault.port, ...config(vault) };
    await withKeeper({ storage: 'vault', storage_config: { vault: settings } }, (keeper, rig) =>
      run(vault, keeper, rig),
    );
  } finally {
    await vault.close();
  }
}

test('storage vault keeps, adds once, forgets in time; an order needs no more', { skip }, async () => {
  await withVault(
    () => ({ token: TOKEN }),
    async (vault, keeper, rig) => {
      await keepsAsAgreed(keeper);
      await orders(rig);
      const names = [...vault.secrets.keys()];
      assert.ok(names.includes('acme/kong_acme:renew_config:one.test'), names.join('\n'));
    },
  );
});

test('storage vault logs in with the token of a service account, once', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'acme-'));
  const jwt_path = join(folder, 'token');
  writeFileSync(jwt_path, 'a.b.c\n');
  try {
    await withVault(
      () => ({ auth_method: 'kubernetes', auth_path: 'cluster', auth_role: 'gateway', jwt_path }),
      async (vault, keeper) => {
        await keeper.set('a', '1');
        assert.equal(await keeper.get('a'), '1');
        assert.deepEqual(vault.logins, [{ role: 'gateway', jwt: 'a.b.c' }]);
      },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('storage vault verifies the certificate of the server unless it is told not to', { skip }, async () => {
  const tls = { cert: pem('tls', 'upstream'), key: pem('tls', 'upstream.key') };
  for (const tls_verify of [true, false]) {
    await withVault(
      () => ({ token: TOKEN, https: true, tls_verify, tls_server_name: 'upstream.test' }),
      async (vault, keeper) => {
        if (tls_verify) await assert.rejects(keeper.set('a', '1'), /certificate/);
        else {
          await keeper.set('a', '1');
          assert.equal(await keeper.get('a'), '1');
          assert.deepEqual([...vault.serverNames], ['upstream.test']);
        }
      },
      tls,
    );
  }
});
