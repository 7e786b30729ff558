// What processes of `gwctl serve` load: code that nothing asks for costs memory in each of them, and time before it is ready.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Serving, serve, startUpstream, statusOf } from './serving.ts';

const folder = await mkdtemp(join(tmpdir(), 'gwctl-modules-'));
after(() => rm(folder, { recursive: true }));

const record = join(folder, 'modules');
/** Runs in every process before anything else. */
const RECORDER = `
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    appendFileSync(${JSON.stringify(record)}, process.pid + ' ' + url + '\\n');
    return next(url, context);
  },
});
`;

/** Without the folder of the project, by process. */
async function loaded(): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>();
  for (const line of (await readFile(record, 'utf8')).trimEnd().split('\n')) {
    const [pid, url] = line.split(' ') as [string, string];
    const path = url.replace(/^.*\/(src|node_modules)\//, (_, place) => (place === 'src' ? '' : 'node_modules/'));
    found.set(Number(pid), [...(found.get(Number(pid)) ?? []), path]);
  }
  return found;
}

const handlersIn = (modules: readonly string[]): string[] =>
  modules.filter((path) => path.endsWith('/handler.ts')).sort();

let gateway: Serving;
let upstream: Awaited<ReturnType<typeof startUpstream>>;

before(async () => {
  upstream = await startUpstream((_, response) => response.end('hello'));
  const recorder = join(folder, 'recorder.mjs');
  await writeFile(recorder, RECORDER);
  const file = join(folder, 'state.yaml');
  await writeFile(
    file,
    `_format_version: "3.0"
services:
  - name: s
    url: http://127.0.0.1:${upstream.port}
    routes:
      - {name: guarded, paths: [/guarded], plugins: [{name: key-auth}]}
      - {name: open, paths: [/open]}
`,
  );
  gateway = await serve([file, '--workers', '2', '--proxy-access-log', 'off'], {
    NODE_OPTIONS: `--import ${recorder}`,
  });
});

after(() => {
  gateway?.child.kill('SIGKILL');
  upstream.server.closeAllConnections();
  upstream.server.close();
});

test('a worker loads neither what only commands need, nor plugins that are not used, nor clients of other servers', async () => {
  const processes = await loaded();
  assert.equal(processes.size, 3);
  for (const [pid, modules] of processes) {
    assert.deepEqual(handlersIn(modules), ['plugins/key-auth/handler.ts']);
    if (pid === gateway.child.pid) continue;
    assert.deepEqual(
      modules.filter((path) => /^(admin|commands|control|testing|store\/(sqlite|postgres))\//.test(path)),
      [],
    );
    const packages = modules.filter((path) => path.startsWith('node_modules/'));
    assert.deepEqual(
      packages.filter((path) => !path.startsWith('node_modules/undici/lib/llhttp/')),
      [],
    );
  }
});

test('a plugin that is used for the first time is loaded by every process, and runs when the write is answered', async () => {
  assert.equal(await statusOf(`${gateway.proxy}/open`), 200);
  const config = { status_code: 418 };
  const written = await fetch(`${gateway.admin}/routes/open/plugins`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'request-termination', config }),
  });
  assert.equal(written.status, 201, await written.text());
  const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(`${gateway.proxy}/open`)));
  assert.deepEqual([...new Set(statuses)], [418]);
  assert.equal(await statusOf(`${gateway.proxy}/guarded`), 401);
  for (const modules of (await loaded()).values()) {
    assert.deepEqual(handlersIn(modules), ['plugins/key-auth/handler.ts', 'plugins/request-termination/handler.ts']);
  }
});
