// Stores as a user runs them: `serve` with --data, --database and --db-less, and `migrations`, with the built executable.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findPostgres, type PostgresServer, startPostgres } from './postgres-server.ts';

const GWCTL = fileURLToPath(new URL('../../bin/gwctl.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gwctl-serve-store-'));
const children = new Set<ChildProcess>();
let server: PostgresServer | undefined;
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server?.remove();
  rmSync(folder, { recursive: true });
});

type Env = Readonly<Record<string, string>>;

function gwctl(args: readonly string[], env: Env = {}) {
  const child = spawn(process.execPath, [GWCTL, ...args], {
    env: { ...process.env, KONG_STATUS_LISTEN: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, output, ended };
}

async function run(args: readonly string[], env: Env = {}) {
  const { output, ended } = gwctl(args, env);
  return { code: await ended, ...output };
}

async function until(isReached: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await isReached()) return;
    await delay(25);
  }
  assert.fail(`never happened: ${what()}`);
}

async function serve(args: readonly string[], env: Env = {}) {
  const listen = ['--proxy-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--proxy-access-log', 'off'];
  const started = gwctl(['serve', ...listen, ...args], env);
  await until(
    () => started.output.stdout.includes('kept ') || started.child.exitCode !== null,
    () => 'the banner',
  );
  const { stdout, stderr } = started.output;
  assert.match(stdout, /kept /, stderr);
  const admin = /Admin API\s+(\S+)/.exec(stdout)![1]!;
  const proxy = /proxy\s+(\S+)/.exec(stdout)![1]!;
  const stop = async (signal: NodeJS.Signals) => {
    started.child.kill(signal);
    return started.ended;
  };
  return { ...started, admin, proxy, stop };
}

function stateFile(name: string, ...services: string[]): string {
  const file = join(folder, name);
  const entries = services.map((service) => `  - {name: ${service}, host: ${service}.test, tags: [a]}\n`).join('');
  writeFileSync(file, `_format_version: "3.0"\nservices:\n${entries}`);
  return file;
}

async function serviceNames(admin: string): Promise<string[]> {
  const page = (await (await fetch(`${admin}/services`)).json()) as { data: { name: string }[] };
  return page.data.map(({ name }) => name).sort();
}

const post = (url: string, body: object) =>
  fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

test('--data keeps what the Admin API was told, even when the process is killed', async () => {
  const directory = join(folder, 'kept');
  const file = stateFile('kept.yaml', 'seed');
  const first = await serve([file, '--data', directory]);
  assert.match(first.output.stdout, /\n {2}kept {7}in .*kept \(SQLite\)\n/);
  assert.equal((await post(`${first.admin}/services`, { name: 'written', host: 'w.test' })).status, 201);
  await first.stop('SIGKILL');
  // The same files again: what was written since then stays.
  const second = await serve([file, '--data', directory]);
  assert.deepEqual(await serviceNames(second.admin), ['seed', 'written']);
  assert.equal(await second.stop('SIGTERM'), 0);
  const third = await serve(['--data', directory]);
  assert.deepEqual(await serviceNames(third.admin), ['seed', 'written']);
  assert.equal(await third.stop('SIGTERM'), 0);
});

test('a file that differs from what filled the store is refused, and taken with --replace', async () => {
  const directory = join(folder, 'differs');
  const first = await serve([stateFile('one.yaml', 'one'), '--data', directory]);
  await first.stop('SIGTERM');
  const other = stateFile('two.yaml', 'two');
  const refused = await run(['serve', other, '--data', directory, '--proxy-listen', '127.0.0.1:0']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^Error: the store holds a configuration already, and these files are not what it was/);
  assert.match(refused.stderr, /Hint: .*gwctl sync.*--replace/);
  const second = await serve([other, '--data', directory, '--replace']);
  assert.deepEqual(await serviceNames(second.admin), ['two']);
  await second.stop('SIGTERM');
});

test('two gateways cannot use one directory', async () => {
  const directory = join(folder, 'shared');
  const first = await serve(['--data', directory]);
  const second = await run(['serve', '--data', directory, '--proxy-listen', '127.0.0.1:0', '--admin-listen', 'off']);
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^Error: .*shared is in use by another process\nHint: /);
  await first.stop('SIGTERM');
});

test('a start that fails after the store was opened ends, and leaves the store to the next', async () => {
  const directory = join(folder, 'failed');
  const other = createServer().unref();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  for (const listen of [
    ['--proxy-listen', taken, '--admin-listen', 'off'],
    ['--proxy-listen', '127.0.0.1:0', '--admin-listen', taken],
  ]) {
    const failed = await run(['serve', '--data', directory, ...listen]);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /^Error: cannot listen on /);
  }
  other.close();
  await (await serve(['--data', directory])).stop('SIGTERM');
});

test('without a database the Admin API says so, and the file of declarative_config is loaded', async () => {
  const file = stateFile('declarative.yaml', 'declared');
  for (const [args, env] of [
    [[file, '--db-less'], {}],
    [[file, '--database', 'off'], {}],
    [[], { KONG_DATABASE: 'off', KONG_DECLARATIVE_CONFIG: file }],
  ] as const) {
    const node = await serve(args, env);
    assert.match(node.output.stdout, /kept {7}in memory, read-only/);
    assert.deepEqual(await serviceNames(node.admin), ['declared']);
    const { configuration } = (await (await fetch(node.admin)).json()) as { configuration: { database: string } };
    assert.equal(configuration.database, 'off');
    await node.stop('SIGTERM');
  }
});

test('choices that contradict each other are mistakes of use', async () => {
  const file = stateFile('wrong.yaml', 'a');
  const directory = join(folder, 'never made');
  for (const [args, message] of [
    [
      ['--data', directory, '--database', 'postgres://127.0.0.1/x'],
      /--data and a PostgreSQL database exclude each other/,
    ],
    [['--data', directory, '--database', 'off'], /--data and database off exclude each other/],
    [[file, '--data', directory, '--watch'], /--watch would undo what the Admin API has written/],
    [['--db-less', '--watch'], /--watch needs files or directories to watch/],
    [['--database', 'mysql://x'], /--database: neither off nor postgres nor a postgres:\/\/ address/],
    [['--database', 'postgres://u:hunter2@h/d?sslmode=maybe'], /--database: unknown sslmode 'maybe'/],
    [['--database', 'postgres://u:hunter2@h:port/d'], /--database: this is no address/],
  ] as const) {
    const { code, stdout, stderr } = await run(['serve', ...args]);
    assert.equal(code, 1, args.join(' '));
    assert.match(stderr, message);
    assert.doesNotMatch(stdout + stderr, /hunter2/);
  }
});

test('migrations up makes the tables of a directory, migrations status shows them', async () => {
  const directory = join(folder, 'migrated');
  const before = await run(['migrations', 'status', '--data', directory]);
  assert.deepEqual(
    [before.code, before.stdout],
    [0, `pending  001_entities\n${directory} needs \`gwctl migrations up\`\n`],
  );
  const up = await run(['migrations', 'up', '--data', directory]);
  assert.deepEqual([up.code, up.stdout], [0, `executed 001_entities\n${directory} is now up to date\n`]);
  const again = await run(['migrations', 'up', '--data', directory, '--json']);
  assert.deepEqual(JSON.parse(again.stdout), { database: directory, executed: [] });
  const status = await run(['migrations', 'status', '--data', directory, '--json']);
  assert.deepEqual(JSON.parse(status.stdout), {
    database: directory,
    current: 1,
    newest: 1,
    executed: ['001_entities'],
    pending: [],
  });
  const nowhere = await run(['migrations', 'up']);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /^Error: no database is named\nHint: /);
});

test('nodes on one PostgreSQL: a write on one routes on the other, and the password is nowhere to be read', async (context) => {
  const found = findPostgres();
  if ('missing' in found) return context.skip(found.missing);
  server = await startPostgres(found.binaries);
  const { host, port, user, password, database } = await server.createDatabase();
  const parts = { KONG_PG_HOST: host, KONG_PG_PORT: String(port), KONG_PG_USER: user, KONG_PG_DATABASE: database };
  const env = { ...parts, KONG_DATABASE: 'postgres', KONG_PG_PASSWORD: password! };
  const url = `postgres://${user}:${encodeURIComponent(password!)}@${host}:${port}/${database}`;

  const before = await run(['migrations', 'status', '--database', url]);
  assert.match(before.stdout, /^pending {2}001_entities\nPostgreSQL at 127\.0\.0\.1:\d+\/\w+ needs /);
  const up = await run(['migrations', 'up', '--json'], env);
  assert.deepEqual(JSON.parse(up.stdout), {
    database: `PostgreSQL at ${host}:${port}/${database}`,
    executed: ['001_entities'],
  });

  const file = stateFile('pg.yaml', 'seed');
  const [a, b] = await Promise.all([serve([file, '--database', url]), serve([file], env)]);
  assert.match(a.output.stdout, /kept {7}in PostgreSQL at 127\.0\.0\.1:\d+\/\w+, shared with other nodes/);
  assert.deepEqual([await serviceNames(a.admin), await serviceNames(b.admin)], [['seed'], ['seed']]);
  assert.equal((await post(`${a.admin}/routes`, { paths: ['/made'] })).status, 201);
  // A route without a service is matched, and answered with 503.
  await until(
    async () => (await fetch(`${b.proxy}/made`)).status !== 404,
    () => 'the route on the other node',
  );
  const information = await (await fetch(a.admin)).text();
  assert.equal((JSON.parse(information) as { configuration: { database: string } }).configuration.database, 'postgres');
  await server.stop();
  await until(
    () => a.output.stderr.includes('out of reach') && b.output.stderr.includes('out of reach'),
    () => 'the report',
  );
  assert.notEqual((await fetch(`${b.proxy}/made`)).status, 404);
  assert.ok((await post(`${a.admin}/services`, { name: 'x', host: 'x.test' })).status >= 500);
  await Promise.all([a.stop('SIGTERM'), b.stop('SIGTERM')]);
  const said =
    [a, b].map(({ output }) => output.stdout + output.stderr).join('') + before.stdout + up.stdout + information;
  assert.doesNotMatch(said, /p@ss|p%40ss/);
});
