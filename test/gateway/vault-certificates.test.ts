// Certificates whose parts are references to environment variables: for clients, and shown to upstreams.
import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type Running, start } from './rig.ts';
import { handshake, onTls, pair, pem, serverTls } from './tls-rig.ts';

const ID = '00000000-0000-4000-8000-000000000001';
const variables = {
  GWCTL_TLS_CERT: pair('ec').cert,
  GWCTL_TLS_KEY: pair('ec').key,
  GWCTL_TLS_OTHER_KEY: pair('ec2').key,
  GWCTL_TLS_PAIR: JSON.stringify(pair('rsa')),
  GWCTL_TLS_CLIENT: pem('tls', 'client'),
  GWCTL_TLS_CLIENT_KEY: pem('tls', 'client.key'),
};
Object.assign(process.env, variables);
after(() => {
  for (const name of Object.keys(variables)) delete process.env[name];
});

const shown = async (cert: string, key: string, more: object = {}): Promise<Running & { names(): Promise<string> }> => {
  const running = await start(
    { certificates: [{ id: ID, cert, key, snis: [{ name: 'a.test' }] }], ...more },
    { tls: serverTls, listen: [onTls] },
  );
  const names = async (): Promise<string> => (await handshake(running.port, { servername: 'a.test' })).name;
  return Object.assign(running, { names });
};

test('clients see the certificate that the references stand for', async () => {
  const whole = await shown('{vault://env/gwctl-tls-cert}', '{vault://env/gwctl-tls-key}');
  assert.equal(await whole.names(), 'ec.example.test');
  const member = await shown('{vault://env/gwctl-tls-pair/cert}', '{vault://env/gwctl-tls-pair/key}');
  assert.equal(await member.names(), 'rsa.example.test');
  const mixed = await shown(pair('ec').cert, '{vault://env/gwctl-tls-key}');
  assert.equal(await mixed.names(), 'ec.example.test');
});

test('the stored certificate keeps its references', async () => {
  const running = await shown('{vault://env/gwctl-tls-cert}', '{vault://env/gwctl-tls-key}');
  await running.names();
  assert.equal(running.store.state.get('certificates', ID)!['key'], '{vault://env/gwctl-tls-key}');
});

test('what leads nowhere, or to no pair, is told without any secret, and the default certificate answers', async () => {
  for (const [key, reason] of [
    ['{vault://env/gwctl-tls-none}', /certificate \S+ cannot be used: .*GWCTL_TLS_NONE is not set/],
    ['{vault://env/gwctl-tls-other-key}', /lead to no certificate with its key/],
    ['{vault://env/gwctl-tls-pair}', /lead to no certificate with its key/],
  ] as const) {
    const running = await shown('{vault://env/gwctl-tls-cert}', key);
    assert.equal(await running.names(), 'upstream.test');
    const logs = running.logs.join('\n');
    assert.match(logs, reason);
    assert.doesNotMatch(logs, /PRIVATE KEY/);
  }
});

test('a vault that comes later makes the certificate good', async () => {
  const running = await shown('{vault://tls/cert}', '{vault://tls/key}');
  assert.equal(await running.names(), 'upstream.test');
  const vault = { id: ID, name: 'env', prefix: 'tls', config: { prefix: 'gwctl_tls_' }, tags: null };
  assert.ok((await running.store.commit([{ action: 'create', kind: 'vaults', entity: vault }])).ok);
  assert.equal(await running.names(), 'ec.example.test');
});

test('an upstream is shown what the references stand for, and nothing when they lead nowhere', async () => {
  const upstream = createServer(
    { cert: pem('tls', 'upstream'), key: pem('tls', 'upstream.key'), requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const subject = (request.socket as TLSSocket).getPeerCertificate().subject as { CN?: string } | undefined;
      response.end(subject?.CN ?? 'nobody');
    },
  );
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  after(() => {
    upstream.close();
    upstream.closeAllConnections();
  });
  const { port } = upstream.address() as AddressInfo;
  const own = { cert: pair('ec').cert, key: pair('ec').key };
  for (const [variable, expected] of [
    ['client', 'client.test'],
    ['none', 'nobody'],
  ]) {
    const running = await start(
      {
        certificates: [
          { id: ID, cert: `{vault://env/gwctl-tls-${variable}}`, key: '{vault://env/gwctl-tls-client-key}' },
        ],
        services: [
          {
            name: 's',
            url: `https://127.0.0.1:${port}`,
            client_certificate: ID,
            routes: [{ name: 'r', paths: ['/'] }],
          },
        ],
      },
      { upstreamTls: { verifyDepth: 1, certificate: own } },
    );
    assert.equal((await running.send('/')).text, expected);
    await running.close();
  }
});
