// Which inputs of `serve` are large: their reading is prepared for, at the start and when they are read again.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { areLarge, mayBeLarge } from '../../src/cli/serve/load-apart.ts';

const folder = await mkdtemp(join(tmpdir(), 'gwctl-size-'));
after(() => rm(folder, { recursive: true }));
const small = join(folder, 'small.yaml');
const directory = join(folder, 'teams');
await writeFile(small, '_format_version: "3.0"\n');
await mkdir(join(directory, 'a'), { recursive: true });
for (const name of ['one.yaml', 'a/two.yaml']) await writeFile(join(directory, name), '#'.repeat(200 * 1024));

test('files are large together, in directories too', async () => {
  assert.equal(await areLarge([]), false);
  assert.equal(await areLarge([small, small]), false);
  assert.equal(await areLarge([join(directory, 'a')]), false);
  assert.equal(await areLarge([small, directory]), true);
  assert.equal(await areLarge([join(folder, 'missing.yaml')]), false);
});

test('what comes from elsewhere may be large, but is not read apart', async () => {
  for (const input of ['-', 'http://config.test/kong.yaml', 'https://config.test/kong.yaml']) {
    assert.equal(await mayBeLarge([small, input]), true);
    assert.equal(await areLarge([directory, input]), false);
  }
  assert.equal(await mayBeLarge([directory]), true);
  assert.equal(await mayBeLarge([small]), false);
  assert.equal(await mayBeLarge([]), false);
});
