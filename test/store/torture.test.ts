// A short run of the torture of the SQLite store; `npm run torture:store` runs the long one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../scripts/torture-store.mjs', import.meta.url));

test('a store that is killed at any moment keeps what it has acknowledged, and every commit whole', {
  timeout: 60_000,
}, () => {
  const run = spawnSync(process.execPath, [SCRIPT, '100'], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  const said = /^100 kill points, (\d+) acknowledged commits, (\d+) checks: none lost, all whole /.exec(run.stdout);
  assert.ok(said !== null && Number(said[1]) > 0 && Number(said[2]) > 0, run.stdout);
});
