// The token of request debugging: where it is found, and that every process of a gateway knows it.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Serving, serve } from './serving.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwctl-debug-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const few = ['--plugins', 'key-auth', '--proxy-access-log', 'off'];
const trusting = { KONG_TRUSTED_IPS: '127.0.0.1' };

async function end({ child, ended }: Serving): Promise<void> {
  child.kill('SIGTERM');
  assert.equal(await ended, 0);
}

/** Whether a client elsewhere is told, on a connection of its own. */
async function isTold({ proxy }: Serving, token: string): Promise<boolean> {
  const asked = { 'x-kong-request-debug': '*', 'x-kong-request-debug-token': token, 'x-real-ip': '203.0.113.9' };
  const { headers } = await fetch(proxy, { headers: { ...asked, connection: 'close' } });
  return headers.has('x-kong-request-debug-output');
}

test('a token is made for a run, kept beside the pid file and in no log, and known to all workers', async () => {
  const file = join(folder, '.request_debug_token');
  const tokens = new Set<string>();
  for (let i = 0; i < 2; i++) {
    const gateway = await serve([...few, '--prefix', folder, '--workers', '2'], trusting);
    const token = readFileSync(file, 'utf8');
    assert.ok(token.length >= 32);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.ok(!gateway.output.stderr.includes(token) && !gateway.output.stdout.includes(token));
    for (let n = 0; n < 6; n++) assert.equal(await isTold(gateway, token), true);
    for (const old of tokens) assert.equal(await isTold(gateway, old), false);
    tokens.add(token);
    await end(gateway);
  }
  assert.equal(tokens.size, 2);
});

test('kong.conf may name the token, which the Admin API does not show, or switch all of it off', async () => {
  const named = await serve([...few], { ...trusting, KONG_REQUEST_DEBUG_TOKEN: 'sesame' });
  assert.equal(await isTold(named, 'sesame'), true);
  const shown = await (await fetch(named.admin)).text();
  assert.ok(shown.includes('request_debug_token') && !shown.includes('sesame'));
  await end(named);
  const without = await serve([...few], trusting);
  assert.equal(await isTold(without, ''), false);
  assert.equal(await isTold(without, 'null'), false);
  const near = await fetch(without.proxy, { headers: { 'x-kong-request-debug': '*', connection: 'close' } });
  assert.ok(near.headers.has('x-kong-request-debug-output'));
  await end(without);
  const off = await serve([...few, '--prefix', folder], {
    ...trusting,
    KONG_REQUEST_DEBUG: 'off',
    KONG_REQUEST_DEBUG_TOKEN: 'sesame',
  });
  assert.equal(await isTold(off, 'sesame'), false);
  assert.equal(existsSync(join(folder, '.request_debug_token')), false);
  assert.ok(!off.output.stderr.includes('request-debug'));
  await end(off);
});
