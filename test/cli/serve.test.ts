// `gwctl serve` as a user runs it: the built executable, real files, real ports, real signals.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const GWCTL = fileURLToPath(new URL('../../bin/gwctl.js', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'gwctl-serve-'));
after(() => rm(folder, { recursive: true }));

interface Serving {
  readonly child: ChildProcess;
  readonly proxy: string;
  readonly admin: string;
  readonly output: { stdout: string; stderr: string };
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

function spawnServe(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  // The usual port of the Status API may be taken by whatever runs beside this test.
  const child = spawn(process.execPath, [GWCTL, 'serve', ...args], {
    env: { ...process.env, KONG_STATUS_LISTEN: '127.0.0.1:0', ...env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, output, ended };
}

async function until(isReached: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await isReached()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never happened: ${what}`);
}

async function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Serving> {
  const listen = ['--proxy-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'];
  const started = spawnServe([...listen, ...args], env);
  await until(() => started.output.stdout.includes('kept '), 'the banner');
  const { stdout } = started.output;
  return { ...started, proxy: /proxy\s+(\S+)/.exec(stdout)![1]!, admin: /Admin API\s+(\S+)/.exec(stdout)![1]! };
}

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

async function stateFile(name: string, port: number, paths: string): Promise<string> {
  const file = join(folder, name);
  const text = `_format_version: "3.0"
services:
  - name: echo
    url: http://127.0.0.1:${port}
    routes:
      - name: echo
        paths: ${paths}
`;
  await writeFile(file, text);
  return file;
}

async function startUpstream(delayMs = 0): Promise<{ port: number; server: Server }> {
  const server = createServer((_request, response) => {
    setTimeout(() => response.end('hello'), delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

test('serve says what listens where and what was loaded, proxies, and logs the request', async () => {
  const { port, server } = await startUpstream();
  const { proxy, output, child, ended } = await serve([await stateFile('a.yaml', port, '[/echo]')]);
  assert.match(output.stdout, /loaded {5}1 route, 1 service\n/);
  assert.equal(await (await fetch(`${proxy}/echo/x`)).text(), 'hello');
  await until(() => output.stdout.includes('"uri":"/echo/x"'), 'the line of the access log');
  const line = output.stdout.split('\n').find((text) => text.includes('"uri":"/echo/x"'))!;
  const record = JSON.parse(line) as Record<string, unknown>;
  assert.deepEqual(
    [record['status'], record['route'], record['service'], record['upstream'], record['tries']],
    [200, 'echo', 'echo', `127.0.0.1:${port}`, 1],
  );
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  server.close();
});

test('a request that is under way when SIGTERM comes is answered, and the node says that it wants no more', async () => {
  const { port, server } = await startUpstream(400);
  const { proxy, output, child, ended } = await serve([await stateFile('slow.yaml', port, '[/]')]);
  const status = /Status API (\S+)/.exec(output.stdout)![1]!;
  assert.equal(await statusOf(`${status}/status/ready`), 200);
  const running = fetch(`${proxy}/`);
  await new Promise((resolve) => setTimeout(resolve, 150));
  child.kill('SIGTERM');
  await until(async () => (await statusOf(`${status}/status/ready`)) === 503, 'the node is not ready any more');
  assert.equal(await (await running).text(), 'hello');
  assert.equal(await ended, 0);
  server.close();
});

test('--watch serves a changed file, and keeps serving when the change is wrong', async () => {
  const { port, server } = await startUpstream();
  const file = await stateFile('watched.yaml', port, '[/old]');
  const { proxy, output, child, ended } = await serve([file, '--watch']);
  assert.deepEqual([await statusOf(`${proxy}/old`), await statusOf(`${proxy}/new`)], [200, 404]);
  await stateFile('watched.yaml', port, '[/new]');
  await until(async () => (await statusOf(`${proxy}/new`)) === 200, 'the new route');
  assert.equal(await statusOf(`${proxy}/old`), 404);
  await writeFile(file, '_format_version: "3.0"\nservices: [{nam: x}]\n');
  await until(() => output.stderr.includes('the changed files are not used'), 'the report');
  assert.match(output.stderr, /watched\.yaml:2:\d+: error: unknown field 'nam'/);
  assert.equal(await statusOf(`${proxy}/new`), 200);
  child.kill('SIGINT');
  assert.equal(await ended, 0);
  server.close();
});

test('a write by the Admin API routes the next request', async () => {
  const { port, server } = await startUpstream();
  const { proxy, admin, child, ended } = await serve(['--proxy-access-log', 'off']);
  assert.equal(await statusOf(`${proxy}/made`), 404);
  const send = (path: string, body: object) =>
    fetch(admin + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  assert.equal((await send('/services', { name: 's', url: `http://127.0.0.1:${port}` })).status, 201);
  assert.equal((await send('/services/s/routes', { paths: ['/made'] })).status, 201);
  assert.equal(await statusOf(`${proxy}/made`), 200);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  server.close();
});

test('a port in use ends the start with one sentence and exit code 1', async () => {
  const other = createTcpServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`;
  for (const args of [
    ['--proxy-listen', taken, '--admin-listen', 'off'],
    ['--proxy-listen', '127.0.0.1:0', '--admin-listen', taken],
    ['--proxy-listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--status-listen', taken],
  ]) {
    const { output, ended } = spawnServe(args);
    assert.equal(await ended, 1);
    assert.match(
      output.stderr,
      new RegExp(`^Error: cannot listen on ${taken} for the \\S+( API)?: the address is in use\n`),
    );
    assert.doesNotMatch(output.stderr, /\n\s+at /);
  }
  other.close();
});

test('KONG_* variables set properties, flags win over them, and unknown ones are named', async () => {
  const { output, child, ended } = await serve([], { KONG_ADMIN_LISTEN: 'nonsense', KONG_PROXY_LISTN: 'x' });
  assert.match(output.stderr, /KONG_PROXY_LISTN names no property of this gateway/);
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
  const wrong = spawnServe([], { KONG_PROXY_LISTEN: 'nowhere' });
  assert.equal(await wrong.ended, 1);
  assert.match(wrong.output.stderr, /^Error: proxy_listen: 'nowhere' is no listen address\n/);
});

test('a file that is wrong starts nothing', async () => {
  const file = join(folder, 'wrong.yaml');
  await writeFile(file, '_format_version: "3.0"\nroutes:\n  - name: r\n    paths: [x]\n');
  const { output, ended } = spawnServe(['--proxy-listen', '127.0.0.1:0', '--admin-listen', 'off', file]);
  assert.equal(await ended, 1);
  assert.match(output.stderr, /wrong\.yaml:4:\d+: error: .*should start with: \/ \(fixed path\) or ~\/ \(regex path\)/);
});
