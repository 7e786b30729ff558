// Which changes of the files on a disk are noticed.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { watchFiles } from '../../src/cli/serve/watch.ts';
import { until } from './serving.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwctl-watch-'));
after(() => rmSync(folder, { recursive: true }));

function count(t: TestContext, inputs: readonly string[]): { changes: number } {
  const counted = { changes: 0 };
  const onError = (_input: string, error: Error): never => assert.fail(error);
  const watch = watchFiles(inputs, { onChange: () => counted.changes++, onError });
  t.after(() => watch.close());
  return counted;
}

const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));

test('a file that is written or replaced, and nothing else beside it', async (t) => {
  const place = join(folder, 'plain');
  mkdirSync(place);
  const file = join(place, 'state.yaml');
  writeFileSync(file, 'a');
  await quiet();
  const counted = count(t, [file]);
  writeFileSync(join(place, 'other'), 'x');
  await quiet();
  assert.equal(counted.changes, 0);
  writeFileSync(file, 'b');
  await until(() => counted.changes === 1, 'it is written');
  writeFileSync(`${file}.new`, 'c');
  renameSync(`${file}.new`, file);
  await until(() => counted.changes === 2, 'it is replaced');
  writeFileSync(join(place, 'other'), 'y');
  await quiet();
  assert.equal(counted.changes, 2);
});

test('a file behind links, of which another one is replaced', async (t) => {
  const place = join(folder, 'linked');
  for (const version of ['v1', 'v2']) {
    mkdirSync(join(place, version), { recursive: true });
    writeFileSync(join(place, version, 'state.yaml'), version);
  }
  symlinkSync('v1', join(place, 'data'));
  symlinkSync(join('data', 'state.yaml'), join(place, 'state.yaml'));
  await quiet();
  const counted = count(t, [join(place, 'state.yaml')]);
  symlinkSync('v2', join(place, 'data.new'));
  renameSync(join(place, 'data.new'), join(place, 'data'));
  await until(() => counted.changes === 1, 'it is another file now');
});
