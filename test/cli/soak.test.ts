// Twenty seconds of scripts/soak.mjs: traffic goes on while configurations, targets and workers come and go.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SOAK = fileURLToPath(new URL('../../scripts/soak.mjs', import.meta.url));

test('no request fails that a healthy target could have answered', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SOAK, '--seconds', '20'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /failed {16}0\n/);
  assert.match(stdout, /workers killed 2\n/);
});
