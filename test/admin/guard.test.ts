// Who may speak to the Admin API.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { createGuard } from '../../src/admin/guard.ts';
import { guardOf } from '../../src/cli/serve/guard.ts';
import { parseListen } from '../../src/config/listen.ts';
import { loadConfig } from '../../src/config/load.ts';
import { startAdmin } from './rig.ts';

const statusOf = (port: number, method: string, headers: Record<string, string>): Promise<[number, string]> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path: '/consumers', headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve([response.statusCode ?? 0, text]));
    });
    sent.on('error', reject);
    sent.end();
  });

test('with a token, nobody gets in without it, and a browser may still ask what it may do', async () => {
  const admin = await startAdmin({ guard: { token: 'open sesame' } });
  try {
    assert.deepEqual(await statusOf(admin.port, 'GET', {}), [401, '{"message":"Unauthorized"}']);
    assert.equal((await statusOf(admin.port, 'GET', { 'Kong-Admin-Token': 'open' }))[0], 401);
    assert.equal((await statusOf(admin.port, 'GET', { 'Kong-Admin-Token': 'open sesame' }))[0], 200);
    assert.equal((await statusOf(admin.port, 'OPTIONS', {}))[0], 204);
  } finally {
    await admin.close();
  }
});

test('a page of a foreign origin cannot write, a manager that is named can', async () => {
  const admin = await startAdmin({ guard: { origins: ['https://manager.test'] } });
  try {
    assert.equal((await statusOf(admin.port, 'POST', { Origin: 'https://evil.test' }))[0], 403);
    assert.notEqual((await statusOf(admin.port, 'POST', { Origin: 'https://manager.test' }))[0], 403);
    assert.equal((await statusOf(admin.port, 'GET', { Host: 'evil.test' }))[0], 403);
  } finally {
    await admin.close();
  }
});

test('a page that came from an address is foreign too, unless the address is loopback', async () => {
  const admin = await startAdmin();
  try {
    for (const origin of ['http://203.0.113.5', 'http://[2001:db8::1]:80', 'http://localhost.evil.test', 'null']) {
      assert.equal((await statusOf(admin.port, 'POST', { Origin: origin }))[0], 403, origin);
    }
    for (const origin of [
      'http://127.0.0.1:8002',
      'http://[::1]',
      'https://localhost',
      'http://manager.localhost:3000',
    ]) {
      assert.notEqual((await statusOf(admin.port, 'POST', { Origin: origin }))[0], 403, origin);
    }
  } finally {
    await admin.close();
  }
});

test('answers may be read by pages of this machine and by the managers that are named, and by no other page', () => {
  const ask = (origins: string[], origin: string | undefined, localAddress = '127.0.0.1', host = '127.0.0.1:8001') =>
    createGuard({ origins }).allowedOrigin({ headers: { origin, host }, socket: { localAddress } } as never);
  assert.equal(ask([], undefined), '*');
  assert.equal(ask([], 'http://localhost:8002'), 'http://localhost:8002');
  assert.equal(ask([], 'http://evil.test'), undefined);
  assert.equal(ask([], 'http://203.0.113.5'), undefined);
  assert.equal(ask([], 'http://a.test:8002', '203.0.113.9', 'a.test:8001'), 'http://a.test:8002');
  assert.equal(ask([], 'http://evil.test', '203.0.113.9', 'a.test:8001'), undefined);
  assert.equal(ask(['http://m.test', 'http://n.test'], 'http://n.test'), 'http://n.test');
  assert.equal(ask(['http://m.test', 'http://n.test'], 'http://evil.test'), 'http://m.test');
});

test('beyond loopback the Admin API starts with a token, or when somebody insists', () => {
  const guard = (listen: string, environment: Record<string, string> = {}) =>
    guardOf(loadConfig({}, environment), parseListen('admin_listen', listen));
  assert.deepEqual(guard('127.0.0.1:8001'), { origins: [] });
  assert.throws(() => guard('0.0.0.0:8001'), /open to everybody on 0\.0\.0\.0:8001/);
  assert.throws(() => guard('127.0.0.1:8001, [::]:8001'), /open to everybody/);
  assert.equal(guard('0.0.0.0:8001', { KONG_ADMIN_TOKEN: 't' }).token, 't');
  const certificates = { KONG_ADMIN_SSL_CLIENT_CA: '/etc/ca.pem' };
  assert.deepEqual(guard('0.0.0.0:8444 ssl', certificates), { origins: [] });
  assert.throws(() => guard('0.0.0.0:8001, 0.0.0.0:8444 ssl', certificates), /open to everybody on 0\.0\.0\.0:8001/);
  assert.deepEqual(guard('0.0.0.0:8001', { KONG_ADMIN_INSECURE: 'on', KONG_ADMIN_GUI_URL: 'https://m.test/x' }), {
    origins: ['https://m.test'],
  });
});
