// The life of a gateway: kong.conf, the pid file, reload and quit, signals, and where logs go.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run, type Serving, serve, startUpstream, statusOf, until } from './serving.ts';

const folder = await mkdtemp(join(tmpdir(), 'gwctl-life-'));
const upstream = await startUpstream((_incoming, response) => setTimeout(() => response.end('hello'), 20));
after(async () => {
  upstream.server.closeAllConnections();
  upstream.server.close();
  await rm(folder, { recursive: true });
});

async function stateFile(name: string, path: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(
    file,
    `_format_version: "3.0"
services:
  - name: echo
    url: http://127.0.0.1:${upstream.port}
    routes: [{name: echo, paths: [${path}]}]
`,
  );
  return file;
}

const few = ['--plugins', 'key-auth', '--proxy-access-log', 'off'];

async function end({ child, ended }: Serving): Promise<void> {
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
}

test('kong.conf configures the gateway, and what it holds in vain is said once', async () => {
  const conf = join(folder, 'kong.conf');
  await writeFile(conf, 'plugins = key-auth\nlog_levle = debug\nmem_cache_size = 128m\nheaders = off # no more\n');
  const gateway = await serve(['--conf', conf, await stateFile('conf.yaml', '/'), '--proxy-access-log', 'off']);
  const { headers } = await fetch(gateway.proxy);
  assert.equal(headers.get('via'), null);
  assert.equal(headers.get('x-kong-proxy-latency'), null);
  assert.match(gateway.output.stderr, /kong\.conf:2: log_levle names no property of this gateway and is ignored/);
  assert.match(gateway.output.stderr, /without meaning here, and ignored: [^\n]*kong\.conf:3: mem_cache_size/);
  await end(gateway);
});

test('reload and quit find the gateway by its prefix', async () => {
  const prefix = join(folder, 'prefix');
  const gateway = await serve([await stateFile('life.yaml', '/old'), '--prefix', prefix, ...few]);
  assert.equal(readFileSync(join(prefix, 'gwctl.pid'), 'utf8'), `${gateway.child.pid}\n`);

  const second = run('serve', ['--prefix', prefix, '--proxy-listen', '127.0.0.1:0', '--admin-listen', 'off', ...few]);
  assert.notEqual(await second.ended, 0);
  assert.match(second.output.stderr, new RegExp(`process ${gateway.child.pid} runs with the prefix`));

  await stateFile('life.yaml', '/new');
  const reloading = run('reload', ['--prefix', prefix]);
  assert.equal(await reloading.ended, 0, reloading.output.stderr);
  await until(async () => (await statusOf(`${gateway.proxy}/new`)) === 200, 'the changed file');
  assert.equal(await statusOf(`${gateway.proxy}/old`), 404);

  const running = fetch(`${gateway.proxy}/new`);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const quitting = run('quit', [], { KONG_PREFIX: prefix });
  assert.equal(await quitting.ended, 0, quitting.output.stderr);
  assert.match(quitting.output.stdout, /has ended/);
  assert.equal(await (await running).text(), 'hello');
  assert.equal(await gateway.ended, 0);
  assert.equal(existsSync(join(prefix, 'gwctl.pid')), false);
  const again = run('quit', ['--prefix', prefix]);
  assert.notEqual(await again.ended, 0);
  assert.match(again.output.stderr, /no gateway runs with the prefix/);
});

test('a gateway that can be found by its prefix can be told to reload', async () => {
  const prefix = join(folder, 'early');
  const path = join(prefix, 'gwctl.pid');
  const own = ['--proxy-listen', '127.0.0.1:0', '--admin-listen', 'off', '--status-listen', 'off', '--workers', '2'];
  const starting = run('serve', [await stateFile('early.yaml', '/'), '--prefix', prefix, ...own, ...few]);
  const look = setInterval(() => {
    if (!existsSync(path)) return;
    clearInterval(look);
    starting.child.kill('SIGHUP');
  }, 1);
  let hasEnded = false;
  void starting.ended.then(() => {
    hasEnded = true;
    clearInterval(look);
  });
  await until(() => starting.output.stdout.includes('kept ') || hasEnded, 'the banner');
  assert.equal(hasEnded, false, starting.output.stderr);
  starting.child.kill('SIGTERM');
  assert.equal(await starting.ended, 0);
});

async function pluginFile(name: string, more: string): Promise<string> {
  const plugin = join(folder, name);
  await mkdir(plugin);
  await writeFile(
    join(plugin, 'index.ts'),
    `import { definePlugin } from 'gwctl/plugin';
export default definePlugin({
  name: '${name}', priority: 1, version: '1.0.0',
  schema: { fields: { config: { type: 'record', required: true, fields: {} } } },
  ${more}
});
`,
  );
  return plugin;
}

test('endpoints of a plugin that cannot be loaded stop the start', async () => {
  const plugin = await pluginFile('endless', `admin: () => import('./nowhere.ts'),`);
  const starting = run('serve', [
    ...['--plugins', plugin, '--status-listen', 'off'],
    ...['--proxy-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'],
  ]);
  await until(() => starting.child.exitCode !== null, 'its end');
  assert.notEqual(starting.child.exitCode, 0);
  assert.match(starting.output.stderr, /nowhere\.ts/);
});

test('a promise that a plugin forgets ends no gateway', async () => {
  const create = `() => ({ access() { Promise.reject(new Error('forgotten')); } })`;
  const plugin = await pluginFile('forgetful', `handler: async () => ({ create: ${create} }),`);
  const file = await stateFile('forgetful.yaml', '/');
  await writeFile(file, `${readFileSync(file, 'utf8')}plugins: [{name: forgetful}]\n`);
  const gateway = await serve([file, '--plugins', plugin, '--proxy-access-log', 'off']);
  assert.equal(await statusOf(gateway.proxy), 200);
  await until(() => gateway.output.stderr.includes('Error: forgotten'), 'the log');
  assert.match(gateway.output.stderr, /\[error\] a promise failed that nobody waits for/);
  assert.equal(await statusOf(gateway.proxy), 200);
  await end(gateway);
});

const without = (name: string): readonly string[] => [
  '-r',
  'sh',
  '-c',
  `echo 0 > /proc/sys/user/${name} && exec "$@"`,
  'sh',
];
const mayUnshare = spawnSync('unshare', [...without('max_inotify_instances'), 'true']).status === 0;

test('files that the system cannot watch are told, and the gateway serves', {
  skip: mayUnshare ? false : 'this user may not make namespaces of his own',
}, async () => {
  const file = await stateFile('unwatched.yaml', '/');
  const gateway = await serve([file, '--watch', ...few], {}, ['unshare', ...without('max_inotify_instances')]);
  await until(() => gateway.output.stderr.includes(`changes of ${file} go unnoticed: `), 'the report');
  assert.equal(await statusOf(gateway.proxy), 200);
  await end(gateway);
});

test('reload and quit find the gateway by its Admin API', async () => {
  const gateway = await serve([await stateFile('api.yaml', '/old'), ...few]);
  await stateFile('api.yaml', '/new');
  const reloading = run('reload', ['--kong-addr', gateway.admin]);
  assert.equal(await reloading.ended, 0, reloading.output.stderr);
  await until(async () => (await statusOf(`${gateway.proxy}/new`)) === 200, 'the changed file');
  const quitting = run('quit', ['--kong-addr', gateway.admin]);
  assert.equal(await quitting.ended, 0, quitting.output.stderr);
  assert.equal(await gateway.ended, 0);
});

test('SIGHUP changes nothing when the file is wrong, or when there is none', async () => {
  const file = await stateFile('wrong.yaml', '/old');
  const gateway = await serve([file, ...few]);
  await writeFile(file, '_format_version: "3.0"\nservices: [{nam: x}]\n');
  gateway.child.kill('SIGHUP');
  await until(() => gateway.output.stderr.includes('the changed files are not used'), 'the report');
  assert.equal(await statusOf(`${gateway.proxy}/old`), 200);
  await end(gateway);
  const empty = await serve(few);
  const created = await fetch(`${empty.admin}/services`, { method: 'POST', body: new URLSearchParams('host=a.test') });
  assert.equal(created.status, 201);
  empty.child.kill('SIGHUP');
  await until(() => empty.output.stderr.includes('files are not loaded again: there are none'), 'the report');
  const { data } = (await (await fetch(`${empty.admin}/services`)).json()) as { data: unknown[] };
  assert.equal(data.length, 1);
  await end(empty);
});

test('what is wrong with a changed file is in the log, wherever that is', async () => {
  const file = await stateFile('faulty.yaml', '/old');
  const log = join(folder, 'faulty.log');
  const gateway = await serve([file, '--error-log', log, ...few]);
  await writeFile(file, '_format_version: "3.0"\nservices: [{nam: x}]\n');
  gateway.child.kill('SIGHUP');
  const text = (): string => (existsSync(log) ? readFileSync(log, 'utf8') : '');
  await until(() => text().includes('the changed files are not used'), 'the report');
  assert.match(text(), /faulty\.yaml:2:[^\n]*nam/);
  assert.equal(gateway.output.stderr, '');
  await end(gateway);
});

for (const count of ['1', '2']) {
  test(`a full disk behind standard output takes lines, not the gateway; processes: ${count}`, async () => {
    const { port, server } = await startUpstream(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const listen = ['--proxy-listen', `127.0.0.1:${port}`, '--admin-listen', 'off', '--status-listen', 'off'];
    const starting = run(
      'serve',
      [await stateFile('full.yaml', '/'), ...listen, '--plugins', 'key-auth', '--workers', count],
      {},
      ['sh', '-c', 'exec "$@" >/dev/full', 'sh'],
    );
    const url = `http://127.0.0.1:${port}`;
    await until(async () => (await statusOf(url).catch(() => 0)) === 200, 'it serves');
    await until(
      () => /\[error\] ENOSPC[^;]*; 1 writes of the access log lost/.test(starting.output.stderr),
      'the report',
    );
    assert.equal(await statusOf(url), 200);
    starting.child.kill('SIGTERM');
    assert.equal(await starting.ended, 0);
  });
}

test('the access log is a text with variables, escaped, and goes to a new file after SIGUSR1', async () => {
  const log = join(folder, 'access.log');
  const errors = join(folder, 'error.log');
  const format = '$remote_addr "$request" $status $upstream_addr "$http_user_agent" $kong_request_id';
  const args = ['--proxy-access-log', log, '--access-log-format', format, '--error-log', errors];
  const gateway = await serve([await stateFile('log.yaml', '/'), '--plugins', 'key-auth', ...args]);
  const lines = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []);
  const first = await fetch(`${gateway.proxy}/a?b=1`, { headers: { 'user-agent': 'a"b\\c\u00e9' } });
  await first.arrayBuffer();
  await until(() => lines().length === 1, 'the line');
  const id = first.headers.get('x-kong-request-id');
  assert.equal(lines()[0], `127.0.0.1 "GET /a?b=1 HTTP/1.1" 200 127.0.0.1:${upstream.port} "a\\x22b\\x5Cc\\xE9" ${id}`);
  renameSync(log, `${log}.1`);
  gateway.child.kill('SIGUSR1');
  await until(
    () => existsSync(errors) && readFileSync(errors, 'utf8').includes('logs opened again'),
    'the line of the error log',
  );
  await statusOf(`${gateway.proxy}/second`);
  await until(() => lines().length === 1, 'the line in the new file');
  assert.match(lines()[0]!, /GET \/second HTTP/);
  assert.equal(readFileSync(`${log}.1`, 'utf8').split('\n').filter(Boolean).length, 1);
  assert.equal(gateway.output.stderr, '');
  await end(gateway);
});

test('a line of the log about a request carries its id', async () => {
  const file = await stateFile('throws.yaml', '/');
  const plugin = 'plugins: [{name: pre-function, config: {access: [\'throw new Error("on purpose")\']}}]\n';
  await writeFile(file, readFileSync(file, 'utf8') + plugin);
  const gateway = await serve([file, '--plugins', 'pre-function', '--proxy-access-log', 'off']);
  const response = await fetch(gateway.proxy);
  assert.equal(response.status, 500);
  await until(() => gateway.output.stderr.includes('on purpose'), 'the line');
  const line = gateway.output.stderr.split('\n').find((text) => text.includes('on purpose'))!;
  assert.ok(line.includes(`"request_id":"${response.headers.get('x-kong-request-id')}"`), line);
  await end(gateway);
});

test('combined is the format that nginx calls so', async () => {
  const log = join(folder, 'combined.log');
  const args = ['--plugins', 'key-auth', '--proxy-access-log', log, '--access-log-format', 'combined'];
  const gateway = await serve([await stateFile('combined.yaml', '/'), ...args]);
  const headers = { 'user-agent': 'tester', referer: 'http://a.test/' };
  await (await fetch(`${gateway.proxy}/x`, { headers })).arrayBuffer();
  await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('\n'), 'the line');
  assert.match(
    readFileSync(log, 'utf8'),
    /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}(:\d\d){3} [+-]\d{4}\] "GET \/x HTTP\/1\.1" 200 \d+ "http:\/\/a\.test\/" "tester"\n$/,
  );
  await end(gateway);
});

test('a format that names an unknown variable stops the start', async () => {
  const wrong = run('serve', ['--access-log-format', '$nonsense', '--plugins', 'key-auth']);
  assert.notEqual(await wrong.ended, 0);
  assert.match(wrong.output.stderr, /unknown variable \$nonsense/);
});
