// Where values of flags come from - command line, environment, config files - and the flags of decK that are refused.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startServer } from './rig.ts';
import { openShell, type Shell } from './shell.ts';

let shell: Shell;
let server: Awaited<ReturnType<typeof startServer>>;
const requests: { url: string; headers: IncomingHttpHeaders }[] = [];
before(async () => {
  shell = openShell();
  server = await startServer((request, response) => {
    requests.push({ url: String(request.url), headers: request.headers });
    response.end(request.url === '/' ? '{"version":"3.9.1"}' : '{"data":[]}');
  });
});
beforeEach(() => {
  requests.length = 0;
});
after(async () => {
  shell.close();
  await server.close();
});

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'gwctl-'));
const STATE = '_format_version: "3.0"\nservices: [{name: a, host: h}]\n';

describe('the value of a flag', () => {
  it('comes from the command line, else GWCTL_*, else DECK_*, else ~/.gwctl.yaml, else ~/.deck.yaml', async () => {
    const home = newFolder();
    writeFileSync(join(home, '.deck.yaml'), `kong-addr: ${server.address}\nheaders: ["x-a:deck-file"]\n`);
    const seen: unknown[] = [];
    const ping = async (env: Record<string, string>, ...args: string[]): Promise<void> => {
      const run = await shell.run(['ping', ...args], { env: { HOME: home, ...env } });
      assert.equal(run.code, 0, run.err);
      seen.push(requests.at(-1)!.headers['x-a']);
    };
    await ping({});
    writeFileSync(join(home, '.gwctl.yaml'), 'headers: ["x-a:gwctl-file"]\n');
    await ping({});
    await ping({ DECK_HEADERS: 'x-a:deck-variable' });
    await ping({ DECK_HEADERS: 'x-a:deck-variable', GWCTL_HEADERS: 'x-a:gwctl-variable' });
    await ping({ GWCTL_HEADERS: 'x-a:gwctl-variable' }, '--headers', 'x-a:flag');
    assert.deepEqual(seen, ['deck-file', 'gwctl-file', 'deck-variable', 'gwctl-variable', 'flag']);
  });

  it('comes from the file of --config instead of those at home', async () => {
    const home = newFolder();
    writeFileSync(join(home, '.deck.yaml'), 'kong-addr: http://127.0.0.1:1\n');
    const file = join(home, 'mine.json');
    writeFileSync(file, JSON.stringify({ 'kong-addr': server.address, 'kong-admin-token': 't' }));
    assert.equal((await shell.run(['ping', '--config', file], { env: { HOME: home } })).code, 0);
    assert.equal(requests[0]!.headers['kong-admin-token'], 't');
  });

  it('may be given so for every flag of a command', async () => {
    const env = {
      DECK_KONG_ADDR: server.address,
      DECK_NON_ZERO_EXIT_CODE: 'true',
      DECK_SELECT_TAG: 'a, b',
      GWCTL_SILENCE_EVENTS: '1',
      GWCTL_PARALLELISM: '3',
    };
    const run = await shell.run(['diff', '-'], { env, input: STATE });
    assert.deepEqual(run, { code: 2, out: 'Summary:\n  Created: 1\n  Updated: 0\n  Deleted: 0\n', err: '' });
    assert.ok(requests.some(({ url }) => url === '/services?size=1000&tags=a,b'));
  });

  it('DECK_FORMAT is about files that are written, not about reports', async () => {
    const env = { DECK_KONG_ADDR: server.address, DECK_FORMAT: 'json' };
    assert.match((await shell.run(['diff', '-'], { env, input: STATE })).out, /^creating service a\n/);
    assert.match((await shell.run(['dump'], { env })).out, /^\{\n {2}"_format_version": "3.0"\n/);
    const ours = await shell.run(['diff', '-'], { env: { ...env, GWCTL_FORMAT: 'json' }, input: STATE });
    assert.equal(JSON.parse(ours.out).summary.total, 1);
  });

  it('off beats the environment', async () => {
    const env = { DECK_KONG_ADDR: server.address, DECK_NON_ZERO_EXIT_CODE: 'true' };
    assert.equal((await shell.run(['diff', '-', '--non-zero-exit-code=false'], { env, input: STATE })).code, 0);
    assert.equal((await shell.run(['diff', '-', '--non-zero-exit-code=true'], { input: STATE, env })).code, 2);
  });

  for (const [what, env, args, message] of [
    ['a number', { DECK_TIMEOUT: 'soon' }, [], /'soon' is no value of --timeout \(DECK_TIMEOUT in the environment\)/],
    ['true or false', { DECK_TLS_SKIP_VERIFY: 'maybe' }, [], /'maybe' is not true or false, for --tls-skip-verify/],
    ['a file that exists', {}, ['--config', '/nowhere/x.yaml'], /cannot read the config file \/nowhere\/x\.yaml/],
  ] as const) {
    it(`has to be ${what}`, async () => {
      const run = await shell.run(['ping', ...args], { env: { DECK_KONG_ADDR: server.address, ...env } });
      assert.deepEqual([run.code, run.out], [1, '']);
      assert.match(run.err, message);
    });
  }

  it('has to be in a file that is a mapping', async () => {
    const file = join(newFolder(), 'c.yaml');
    for (const [text, message] of [
      ['- a\n', /must be a mapping of flag names to values/],
      ['a: [\n', /cannot be read/],
    ] as const) {
      writeFileSync(file, text);
      const run = await shell.run(['ping', '--config', file, '--kong-addr', server.address]);
      assert.equal(run.code, 1);
      assert.match(run.err, message);
    }
  });
});

describe('headers', () => {
  it('may stand in one flag, apart by commas', async () => {
    await shell.run(['ping', '--headers', 'x-a:1,x-b: 2', '--kong-addr', server.address]);
    assert.deepEqual([requests[0]!.headers['x-a'], requests[0]!.headers['x-b']], ['1', '2']);
  });

  it('have the cookies of a jar that are for this address', async () => {
    const file = join(newFolder(), 'jar');
    const host = new URL(server.address).hostname;
    const later = Math.floor(Date.now() / 1000) + 3600;
    const lines = [
      '# Netscape HTTP Cookie File',
      `#HttpOnly_${host}\tFALSE\t/\tFALSE\t${later}\tadmin_session\tabc`,
      `${host}\tFALSE\t/\tFALSE\t0\tlang\ten`,
      `${host}\tFALSE\t/\tFALSE\t1000\told\tgone`,
      `${host}\tFALSE\t/elsewhere\tFALSE\t0\tpath\tno`,
      `${host}\tFALSE\t/\tTRUE\t0\tsecure\tno`,
      `example.com\tTRUE\t/\tFALSE\t0\tother\tno`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    await shell.run(['ping', '--kong-cookie-jar-path', file, '--kong-addr', server.address]);
    assert.equal(requests[0]!.headers.cookie, 'admin_session=abc; lang=en');
  });
});

describe('flags of decK without a meaning here', () => {
  for (const [args, message] of [
    [['--konnect-token', 'x'], '--konnect-token is for Konnect, which is not supported'],
    [['--konnect-addr', 'https://eu.example.com'], '--konnect-addr is for Konnect, which is not supported'],
    [['--konnect-control-plane-name', 'x'], '--konnect-control-plane-name is for Konnect, which is not supported'],
    [
      ['--rbac-resources-only'],
      '--rbac-resources-only cannot be used: RBAC of the Enterprise edition is not supported',
    ],
    [
      ['--include-plugin-definitions'],
      '--include-plugin-definitions cannot be used: plugin definitions of the Enterprise edition are not supported',
    ],
  ] as const) {
    it(`refuse ${args[0]} with one sentence`, async () => {
      const run = await shell.run(['diff', '-', ...args, '--kong-addr', server.address], { input: STATE });
      assert.deepEqual([run.code, run.out, requests.length], [1, '', 0]);
      assert.equal(run.err.split('\n')[0], `Error: ${message}`);
    });
  }

  it('refuse a token of Konnect in the environment only where no gateway is named', async () => {
    const env = { DECK_KONNECT_TOKEN: 'x' };
    const refused = await shell.run(['ping'], { env });
    assert.match(refused.err, /^Error: --konnect-token is for Konnect/);
    assert.equal((await shell.run(['ping', '--kong-addr', server.address], { env })).code, 0);
  });

  it('ignore --analytics', async () => {
    assert.equal((await shell.run(['ping', '--analytics=false', '--kong-addr', server.address])).code, 0);
    assert.equal((await shell.run(['ping', '--no-analytics', '--kong-addr', server.address])).code, 0);
  });

  it('take a parallelism from one upwards', async () => {
    const run = await shell.run(['diff', '-', '--parallelism', '0'], { input: STATE });
    assert.match(run.err, /^Error: .*--parallelism cannot be less than 1, got 0/);
  });
});

describe('codes of findings', () => {
  it('that nobody knows are refused with the known ones', async () => {
    const run = await shell.run(['diff', '-', '-E', 'nonsense', '--kong-addr', server.address], { input: STATE });
    assert.equal(run.code, 1);
    assert.match(
      run.err,
      /'nonsense' is no code of a finding\nHint: Known: route-regex-path-format, rla-consumer-groups-deprecated, oidc-missing-required-config/,
    );
  });
});
