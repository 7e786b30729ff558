// acme against an authority that is not ours.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { startNameServer } from '../balancer/name-server.ts';
import { BINDING, opensslMissing } from './acme-authority.ts';
import { type Rig, withAcme } from './acme-rig.ts';
import { type PebbleOptions, pebbleMissing, preparePebble } from './pebble.ts';

const skip = opensslMissing() ?? pebbleMissing() ?? false;

async function withPebble(
  t: TestContext,
  { config = {}, ...options }: Partial<PebbleOptions> & { config?: JsonObject },
  run: (rig: Rig) => Promise<void>,
): Promise<void> {
  const names = await startNameServer(t);
  for (const name of ['one.test', 'a.example.test', 'b.example.test']) {
    names.zone.set(name, [{ type: 'A', value: '127.0.0.1' }]);
  }
  const pebble = await preparePebble(t);
  await withAcme({ api_uri: pebble.directory, ...config }, async (rig) => {
    await pebble.start({ httpPort: rig.gateway.addresses[0]!.port, dns: names.address, ...options });
    await run(rig);
  });
}

const order = async ({ admin }: Rig, host: string): Promise<[number, JsonObject]> => {
  const response = await fetch(`${admin.url}/acme`, { method: 'POST', body: new URLSearchParams({ host }) });
  return [response.status, (await response.json()) as JsonObject];
};

test('Pebble gives certificates, one after the other and at once', { skip }, async (t) => {
  await withPebble(t, {}, async (rig) => {
    await rig.ask('one.test');
    assert.equal(await rig.certificateOf('one.test'), 'one.test', rig.logs.join('\n'));
    const answers = await Promise.all([order(rig, 'a.example.test'), order(rig, 'b.example.test')]);
    for (const [status, body] of answers) assert.equal(status, 201, JSON.stringify(body));
    assert.equal(await rig.certificateOf('b.example.test'), 'b.example.test');
  });
});

test('Pebble gives certificates for RSA keys to accounts that are bound', { skip }, async (t) => {
  const config = { cert_type: 'rsa', rsa_key_size: 2048, eab_kid: BINDING.kid, eab_hmac_key: BINDING.secret };
  await withPebble(t, { needsBinding: true, config }, async (rig) => {
    const [status, body] = await order(rig, 'one.test');
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(await rig.certificateOf('one.test'), 'one.test');
  });
});

test('what Pebble refuses is told with its reason', { skip }, async (t) => {
  await withPebble(t, { needsBinding: true }, async (rig) => {
    const [status, { message }] = await order(rig, 'one.test');
    assert.equal(status, 500);
    assert.match(String(message), /^failed to update certificate: the authority answered 4\d\d: .*[Bb]inding/);
  });
  await withPebble(t, {}, async (rig) => {
    const [status, { message }] = await order(rig, 'unknown.test');
    assert.equal(status, 500);
    assert.match(String(message), /^failed to update certificate: the authority refused: ./);
  });
});
