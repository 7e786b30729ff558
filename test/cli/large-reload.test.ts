// State files that are so large that they are read in a thread of their own when they are loaded again.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run, type Serving, serve, startUpstream, statusOf, until } from './serving.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwctl-large-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'state.yaml');
const upstream = await startUpstream((_, response) => response.end('hello'));
after(() => upstream.server.close());

const COUNT = 6000;
/** More than 256 KiB. */
function write(last: string): void {
  const routes = Array.from({ length: COUNT }, (_, i) => `  - {name: route-number-${i}, paths: [/path-number-${i}]}\n`);
  writeFileSync(
    file,
    `_format_version: "3.0"
services:
- name: s
  url: http://127.0.0.1:${upstream.port}
  routes:
${routes.join('')}${last}`,
  );
}

const OLD = '  - {name: last, paths: [/old]}\n';
const NEW = '  - {name: last, paths: [/new]}\n';
const WRONG = '  - {name: last, path: [/wrong]}\n';

async function end({ child, ended }: Serving): Promise<void> {
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
}

const reloaded = (gateway: Serving, times: number): Promise<void> =>
  until(() => gateway.output.stderr.split('files loaded again').length > times, 'the files loaded again');

for (const [what, more] of [
  ['in memory', []],
  ['without a database', ['--db-less']],
  ['with two workers', ['--workers', '2']],
] as const) {
  test(`a large file is loaded again, ${what}: what changed is served, and what did not is as old as it was`, async () => {
    write(OLD);
    const gateway = await serve([file, ...more]);
    const entity = async (name: string) => (await (await fetch(`${gateway.admin}/routes/${name}`)).json()) as object;
    const hash = async () => {
      const answer = (await (await fetch(`${gateway.admin}/status`)).json()) as { configuration_hash?: string };
      return answer.configuration_hash;
    };
    const [first, firstHash] = [await entity('route-number-0'), await hash()];
    write(NEW);
    // So that new moments would be others.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    gateway.child.kill('SIGHUP');
    await reloaded(gateway, 1);
    await until(async () => (await statusOf(`${gateway.proxy}/new`)) === 200, 'the changed file');
    assert.equal(await statusOf(`${gateway.proxy}/old`), 404);
    assert.equal(await statusOf(`${gateway.proxy}/path-number-${COUNT - 1}`), 200);
    assert.deepEqual(await entity('route-number-0'), first);
    assert.match(gateway.output.stderr, /files loaded again: 6001 routes, 1 service/);
    if (firstHash !== undefined && !/^0+$/.test(firstHash)) assert.notEqual(await hash(), firstHash);
    await end(gateway);
  });
}

test('what is wrong in a large file is reported as `validate` reports it, and changes nothing', async () => {
  write(OLD);
  const gateway = await serve([file]);
  write(WRONG);
  gateway.child.kill('SIGHUP');
  await until(
    () => /the changed files are not used: 2 problems in the state/.test(gateway.output.stderr),
    'the report',
  );
  assert.equal(await statusOf(`${gateway.proxy}/old`), 200);
  const validated = run('validate', [file]);
  assert.notEqual(await validated.ended, 0);
  const { stderr } = validated.output;
  const report = stderr.slice(stderr.indexOf(`${file}:`), stderr.indexOf('\nHint:')).trim();
  assert.match(report, /unknown field 'path'/);
  assert.ok(gateway.output.stderr.includes(report), `${gateway.output.stderr}\nlacks\n${report}`);
  await end(gateway);
});

test('what the Admin API has written is undone by a large file as by a small one', async () => {
  write(OLD);
  const gateway = await serve([file]);
  const body = new URLSearchParams('name=extra&host=a.test');
  assert.equal((await fetch(`${gateway.admin}/services`, { method: 'POST', body })).status, 201);
  assert.equal((await fetch(`${gateway.admin}/routes/last`, { method: 'DELETE' })).status, 204);
  gateway.child.kill('SIGHUP');
  await reloaded(gateway, 1);
  assert.equal(await statusOf(`${gateway.admin}/services/extra`), 404);
  assert.equal(await statusOf(`${gateway.proxy}/old`), 200);
  await end(gateway);
});
