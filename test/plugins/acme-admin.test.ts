// `/acme` in the Admin API: orders, renewals and what is told of certificates.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:net';
import { test } from 'node:test';
import type { JsonObject } from '../../src/lib/json.ts';
import { createKeeper } from '../../src/plugins/acme/keeper.ts';
import { handshake } from '../gateway/tls-rig.ts';
import { opensslMissing } from './acme-authority.ts';
import { type Rig, until, withAcme } from './acme-rig.ts';

const skip = opensslMissing() ?? false;
const SELF_TEST = { host: '127.0.0.53', port: 80 };

async function call({ admin }: Rig, method: string, path: string, body?: JsonObject): Promise<[number, JsonObject]> {
  const response = await fetch(admin.url + path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  assert.deepEqual(admin.errors, []);
  return [response.status, (await response.json()) as JsonObject];
}

const says = (text: string): JsonObject => ({ message: text });

function portProblem(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(`port 80 cannot be listened on: ${error.message}`));
    server.listen(SELF_TEST, () => server.close(() => resolve(undefined)));
  });
}

test('POST orders a certificate and answers when it is served', { skip }, async () => {
  await withAcme({}, async (rig) => {
    const answer = await call(rig, 'POST', '/acme', { host: 'one.test' });
    assert.deepEqual(answer, [201, says('certificate for host one.test is created')]);
    assert.equal((await handshake(rig.gateway.addresses[1]!.port, { servername: 'one.test' })).name, 'one.test');
    assert.deepEqual(rig.authority.orders, ['one.test']);
    // Hosts that are not listed too: whoever writes the configuration asks.
    assert.equal((await call(rig, 'POST', '/acme', { host: 'Other.test' }))[0], 500);
    assert.deepEqual(rig.authority.orders, ['one.test', 'other.test']);
  });
});

test('POST again replaces the certificate', { skip }, async () => {
  await withAcme({}, async (rig) => {
    await call(rig, 'POST', '/acme', { host: 'one.test' });
    const [first] = rig.store.state.list('certificates');
    await call(rig, 'POST', '/acme', { host: 'one.test' });
    const [second, ...more] = rig.store.state.list('certificates');
    assert.deepEqual(more, []);
    assert.notEqual(second!.id, first!.id);
    assert.notEqual(second!['key'], first!['key']);
  });
});

test('POST and the first request over TLS at once lead to one order', { skip }, async () => {
  await withAcme({}, async (rig) => {
    await Promise.all([call(rig, 'POST', '/acme', { host: 'one.test' }), rig.ask('one.test')]);
    assert.equal(await rig.certificateOf('one.test'), 'one.test');
    assert.deepEqual(rig.authority.orders, ['one.test']);
  });
});

test('POST takes forms, and refuses what is no single host', { skip }, async () => {
  await withAcme({}, async (rig) => {
    const none = 'host must be provided and containing a single domain';
    for (const body of [
      {},
      { host: '' },
      { host: 7 },
      { host: ['one.test'] },
      { host: 'one.test/x' },
    ] as JsonObject[]) {
      assert.deepEqual(await call(rig, 'POST', '/acme', body), [400, says(none)], JSON.stringify(body));
    }
    const port = [400, says('port is not allowed in host')];
    assert.deepEqual(await call(rig, 'POST', '/acme', { host: 'one.test:80' }), port);
    assert.deepEqual(rig.authority.orders, []);
    const form = await fetch(`${rig.admin.url}/acme`, {
      method: 'POST',
      body: new URLSearchParams({ host: 'one.test' }),
    });
    assert.equal(form.status, 201);
  });
});

test('POST tells why there is no certificate, and then when to try again', { skip }, async () => {
  await withAcme({ fail_backoff_minutes: 2 }, async (rig) => {
    rig.authority.challengePort = rig.gateway.addresses[1]!.port;
    const refused = 'failed to update certificate: the authority refused: challenge failed';
    assert.deepEqual(await call(rig, 'POST', '/acme', { host: 'one.test' }), [500, says(refused)]);
    const [status, { message }] = await call(rig, 'POST', '/acme', { host: 'one.test' });
    assert.equal(status, 500);
    const match =
      /^failed to update certificate: please try again in (\d+) seconds for host one\.test because of previous failure$/.exec(
        String(message),
      );
    assert.ok(match, String(message));
    assert.ok(Number(match[1]) > 100 && Number(match[1]) <= 120, String(message));
    assert.equal(rig.authority.orders.length, 1);
  });
});

test('without an instance every endpoint is 404', { skip }, async () => {
  await withAcme({}, async (rig) => {
    const [plugin] = rig.store.state.list('plugins');
    await fetch(`${rig.admin.url}/plugins/${plugin!.id}`, { method: 'DELETE' });
    for (const [method, path] of [
      ['POST', '/acme'],
      ['PATCH', '/acme'],
      ['GET', '/acme/certificates'],
      ['GET', '/acme/certificates/one.test'],
    ] as const) {
      const body = method === 'POST' ? { host: 'one.test' } : undefined;
      assert.equal((await call(rig, method, path, body))[0], 404, `${method} ${path}`);
    }
  });
});

test('the endpoints are listed, and have no other methods', { skip }, async () => {
  await withAcme({}, async (rig) => {
    const [, { data }] = await call(rig, 'GET', '/endpoints');
    const own = (data as string[]).filter((path) => path === '/acme' || path.startsWith('/acme/'));
    assert.deepEqual(own, ['/acme', '/acme/certificates', '/acme/certificates/{certificates}']);
    assert.equal((await call(rig, 'GET', '/acme'))[0], 405);
    assert.equal((await call(rig, 'DELETE', '/acme/certificates/one.test'))[0], 405);
  });
});

test('GET shows certificates, all or one, or only those that are not valid', { skip }, async () => {
  await withAcme({}, async (rig) => {
    assert.deepEqual(await call(rig, 'GET', '/acme/certificates'), [200, { data: [] }]);
    for (const host of ['one.test', 'api.example.test']) await call(rig, 'POST', '/acme', { host });
    const sni = rig.store.state.find('snis', 'name', 'one.test');
    const entity = rig.store.state.get('certificates', (sni!['certificate'] as { id: string }).id);
    const certificate = new X509Certificate(entity!['cert'] as string);
    const timeText = (text: string): string => new Date(text).toISOString().replace('T', ' ').slice(0, 19);
    const expected = {
      digest: certificate.fingerprint,
      host: 'one.test',
      issuer_cn: 'Test CA',
      not_before: timeText(certificate.validFrom),
      not_after: timeText(certificate.validTo),
      valid: true,
      serial_number: certificate.serialNumber.match(/../g)!.join(':'),
      pubkey_type: 'id-ecPublicKey',
    };
    assert.deepEqual(await call(rig, 'GET', '/acme/certificates/one.test'), [200, { data: expected }]);
    const [, { data }] = await call(rig, 'GET', '/acme/certificates');
    assert.deepEqual(
      (data as JsonObject[]).map(({ host }) => host),
      ['api.example.test', 'one.test'],
    );
    assert.deepEqual(await call(rig, 'GET', '/acme/certificates?invalid_only=true'), [200, { data: [] }]);
    const absent = 'Certificate for host none.test not found in storage';
    assert.deepEqual(await call(rig, 'GET', '/acme/certificates/none.test'), [404, says(absent)]);
  });
});

test('a certificate that has ended is invalid, and PATCH renews it with the key it has', { skip }, async () => {
  const options = { days: 0 };
  await withAcme(
    {},
    async (rig) => {
      await call(rig, 'POST', '/acme', { host: 'one.test' });
      const before = rig.store.state.list('certificates')[0]!;
      await until(() => Date.parse(new X509Certificate(before['cert'] as string).validTo) < Date.now(), 'it ends');
      const [, { data }] = await call(rig, 'GET', '/acme/certificates?invalid_only=1');
      assert.deepEqual(
        (data as JsonObject[]).map(({ host, valid }) => ({ host, valid })),
        [{ host: 'one.test', valid: false }],
      );
      assert.deepEqual(await call(rig, 'PATCH', '/acme'), [202, says('Renewal process started successfully')]);
      await until(() => rig.store.state.list('certificates')[0]?.id !== before.id, 'it is renewed');
      assert.equal(rig.store.state.list('certificates')[0]!['key'], before['key']);
      assert.deepEqual(rig.authority.orders, ['one.test', 'one.test']);
    },
    options,
  );
});

test('PATCH leaves certificates alone that are good for longer', { skip }, async () => {
  await withAcme({}, async (rig) => {
    await call(rig, 'POST', '/acme', { host: 'one.test' });
    assert.equal((await call(rig, 'PATCH', '/acme'))[0], 202);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(rig.authority.orders, ['one.test']);
  });
});

test('the self-test asks the gateway as an authority would', {
  skip: skip || ((await portProblem()) ?? false),
}, async () => {
  const { host } = SELF_TEST;
  await withAcme(
    { domains: [host, 'localhost.test'] },
    async (rig) => {
      const ask = (name: string): Promise<[number, JsonObject]> =>
        call(rig, 'POST', '/acme', { host: name, test_http_challenge_flow: true });
      assert.deepEqual(await ask(host), [200, says(`sanity test for host ${host} passed`)]);
      assert.deepEqual(rig.authority.orders, []);
    },
    { listen: [SELF_TEST] },
  );
});

test('the self-test tells what is wrong', { skip }, async () => {
  await withAcme({ domains: ['127.0.0.54'] }, async (rig) => {
    const ask = (host: string): Promise<[number, JsonObject]> =>
      call(rig, 'POST', '/acme', { host, test_http_challenge_flow: true });
    const unlisted = 'problem found running sanity check for one.test: host is not included in plugin config.domains';
    assert.deepEqual(await ask('one.test'), [400, says(unlisted)]);
    const [status, { message }] = await ask('127.0.0.54');
    assert.equal(status, 400);
    assert.match(String(message), /^problem found running sanity check for 127\.0\.0\.54: ./);
  });
});

test('without a database certificates are kept in the storage, and served from there', { skip }, async () => {
  const [first, second] = ['one.test', 'api.example.test'] as const;
  await withAcme(
    {},
    async (rig) => {
      const created = `certificate for host ${first} is created`;
      assert.deepEqual(await call(rig, 'POST', '/acme', { host: first }), [201, says(created)]);
      assert.equal((await handshake(rig.gateway.addresses[1]!.port, { servername: 'ONE.test' })).name, first);
      assert.equal((await handshake(rig.gateway.addresses[1]!.port, { servername: second })).name, 'upstream.test');
      await until(() => rig.logs.some((line) => line.includes(`${second} is created`)), 'the handshake has it ordered');
      assert.equal(await rig.certificateOf(second), second);
      assert.deepEqual(rig.authority.orders, [first, second]);
      assert.equal(rig.store.state.count('certificates'), 0);
      const [, { data }] = await call(rig, 'GET', '/acme/certificates');
      const hosts = (data as JsonObject[]).map(({ host, valid }) => ({ host, valid }));
      assert.deepEqual(hosts, [
        { host: second, valid: true },
        { host: first, valid: true },
      ]);
      assert.equal((await call(rig, 'GET', '/acme/certificates/none.test'))[0], 404);
    },
    { store: 'declarative' },
  );
});

test('without a database, too, what has ended is renewed with its key', { skip }, async () => {
  await withAcme(
    {},
    async (rig) => {
      const show = async (): Promise<JsonObject> => (await call(rig, 'GET', '/acme/certificates/one.test'))[1];
      const opened = rig.gateway.openInstance(rig.store.state.list('plugins')[0]!);
      const keeper = createKeeper(opened.config as never, opened.environment);
      const keyOf = async () => (JSON.parse((await keeper.get('kong_acme:cert_key:one.test'))!) as JsonObject)['key'];
      await keeper.set('kong_acme:renew_config:gone.test', '{"host":"gone.test"}');
      await keeper.set('kong_acme:renew_config:broken.test', '{"host":"broken.test"}');
      await keeper.set('kong_acme:cert_key:broken.test', '{"cert":"none","key":"none"}');
      await call(rig, 'POST', '/acme', { host: 'one.test' });
      const before = (await show())['data'] as JsonObject;
      const key = await keyOf();
      await new Promise((resolve) => setTimeout(resolve, 1100));
      assert.equal((await call(rig, 'PATCH', '/acme'))[0], 202);
      await until(() => rig.logs.filter((line) => line.includes('is created')).length === 2, rig.logs.join('\n'));
      const after = (await show())['data'] as JsonObject;
      assert.notEqual(after['digest'], before['digest']);
      assert.equal(await keyOf(), key);
      assert.equal(await keeper.get('kong_acme:renew_config:gone.test'), undefined, 'a record without a certificate');
      assert.match(rig.logs.join('\n'), /error \[acme\] the certificate of broken\.test is not renewed: ./);
    },
    { days: 0, store: 'declarative' },
  );
});

test('storage kong needs a database: nothing is ordered that could not be kept', { skip }, async () => {
  await withAcme(
    { storage: 'kong' },
    async (rig) => {
      const [status, { message }] = await call(rig, 'POST', '/acme', { host: 'one.test' });
      assert.equal(status, 500);
      assert.match(String(message), /^failed to update certificate: .*not using a database$/);
      assert.deepEqual(rig.authority.orders, []);
      assert.match(rig.logs.join('\n'), /^error \[acme\] storage kong needs a database/m);
    },
    { store: 'declarative' },
  );
});
