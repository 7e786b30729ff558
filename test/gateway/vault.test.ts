// References to environment variables in the configuration of plugins.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createVaultReader, VaultError } from '../../src/gateway/vault/references.ts';
import { definePlugin } from '../../src/pdk/index.ts';
import { echo, loadState, start, startUpstream } from './rig.ts';

const environment = {
  MY_SECRET: 'open sesame',
  DB: '{"password":"pa55","port":5432}',
  TEAM_KEY: 'of the team',
  BROKEN: '{',
};

async function reader() {
  const state = await loadState({ vaults: [{ name: 'env', prefix: 'my-team', config: { prefix: 'team_' } }] });
  return createVaultReader(() => state, environment);
}

test('a reference stands for a variable, a member of one, or a variable with the prefix of a vault', async () => {
  const { resolve } = await reader();
  const config = {
    a: '{vault://env/my-secret}',
    b: ['x', '{vault://env/db/password}'],
    c: { d: '{vault://my-team/key}', e: null, f: 'plain {vault}' },
  };
  const resolved = {
    a: 'open sesame',
    b: ['x', 'pa55'],
    c: { d: 'of the team', e: null, f: 'plain {vault}' },
  };
  assert.deepEqual(resolve(config), resolved);
  assert.equal(config.a, '{vault://env/my-secret}');
});

test('what leads nowhere is told without any value', async () => {
  const { resolve } = await reader();
  for (const [reference, reason] of [
    ['{vault://env/none}', /environment variable NONE is not set/],
    ['{vault://nowhere/x}', /no vault is known as 'nowhere'/],
    ['{vault://env/broken/x}', /BROKEN holds no JSON/],
    ['{vault://env/db/port}', /DB has no text named 'port'/],
  ] as const) {
    assert.throws(
      () => resolve({ x: reference }),
      (error: unknown) => error instanceof VaultError && reason.test(error.message) && !error.message.includes('pa55'),
    );
  }
});

test('a plugin gets the value; one that cannot have it lets nothing pass, unless it only observes', async () => {
  process.env['GWCTL_TEST_SECRET'] = 'sesame';
  after(() => {
    delete process.env['GWCTL_TEST_SECRET'];
  });
  const make = (name: string, observes: boolean) =>
    definePlugin({
      name,
      priority: 1,
      version: '1.0.0',
      ...(observes ? { observes: true } : {}),
      schema: {
        fields: {
          config: { type: 'record', required: true, fields: { secret: { type: 'string', referenceable: true } } },
        },
      },
      handler: () =>
        Promise.resolve({
          create: ({ secret }: { secret: string | null }) => ({
            access: ({ upstream }) => upstream.setHeader(`x-${name}`, secret ?? ''),
          }),
        }),
    });
  const upstream = await startUpstream(echo);
  after(() => upstream.close());
  const services = [
    {
      name: 's',
      url: `http://127.0.0.1:${upstream.port}`,
      routes: [
        {
          name: 'good',
          paths: ['/good'],
          plugins: [{ name: 'guard', config: { secret: '{vault://env/gwctl-test-secret}' } }],
        },
        { name: 'bad', paths: ['/bad'], plugins: [{ name: 'guard', config: { secret: '{vault://env/gwctl-none}' } }] },
        {
          name: 'seen',
          paths: ['/seen'],
          plugins: [{ name: 'observer', config: { secret: '{vault://env/gwctl-none}' } }],
        },
      ],
    },
  ];
  const running = await start({ services }, { plugins: [make('guard', false), make('observer', true)] });
  after(() => running.close());
  assert.match((await running.send('/good')).text, /"x-guard":"sesame"/);
  assert.equal((await running.send('/bad')).status, 500);
  assert.equal((await running.send('/seen')).status, 200);
  assert.match(running.logs.join('\n'), /GWCTL_NONE is not set/);
});
