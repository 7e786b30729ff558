// An Admin API behind TLS: whom to trust, by which name, for reads and for writes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { gwctl } from './rig.ts';

/** A self-signed certificate of api.example.com. */
const { cert, key } = parse(
  readFileSync(fileURLToPath(new URL('../../fixtures/states/valid/tls/state.yaml', import.meta.url)), 'utf8'),
).certificates[0] as { cert: string; key: string };
const certFile = join(mkdtempSync(join(tmpdir(), 'gwctl-')), 'cert.pem');
const keyFile = `${certFile}.key`;
writeFileSync(certFile, cert);
writeFileSync(keyFile, key);

const methods: string[] = [];
const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (request, response) => {
  const peer = (request.socket as TLSSocket).getPeerCertificate();
  methods.push(`${request.method} ${String(peer.subject?.CN)}`);
  request.resume();
  response.end(request.url === '/' ? '{"version":"3.9.1"}' : '{"data":[]}');
});
let address = '';
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const NAME = ['--tls-server-name', 'api.example.com'];

describe('TLS', () => {
  it('does not trust just anybody', async () => {
    const run = await gwctl(['ping', '--kong-addr', address]);
    assert.equal(run.code, 1);
    assert.match(run.err, /^Error: cannot reach the Admin API at https:.*\nHint: Pass --ca-cert-file/);
  });

  it('trusts the given authority, by the given name', async () => {
    assert.equal((await gwctl(['ping', '--kong-addr', address, '--ca-cert-file', certFile, ...NAME])).code, 0);
    assert.equal((await gwctl(['ping', '--kong-addr', address, '--ca-cert', cert, ...NAME])).code, 0);
    const wrong = await gwctl(['ping', '--kong-addr', address, '--ca-cert-file', certFile]);
    assert.equal(wrong.code, 1);
  });

  it('does not look when told so', async () => {
    assert.equal((await gwctl(['ping', '--kong-addr', address, '--tls-skip-verify'])).code, 0);
    assert.equal((await gwctl(['ping', '--kong-addr', address], { env: { DECK_TLS_SKIP_VERIFY: 'true' } })).code, 0);
  });

  it('shows the client certificate on reads and writes', async () => {
    methods.length = 0;
    const client = ['--tls-client-cert-file', certFile, '--tls-client-key-file', keyFile];
    const run = await gwctl(['sync', '-', '--kong-addr', address, '--ca-cert-file', certFile, ...NAME, ...client], {
      input: '_format_version: "3.0"\nservices: [{name: a, host: h}]\n',
    });
    assert.deepEqual([run.code, run.err], [0, '']);
    assert.ok(methods.includes('PUT api.example.com'));
    assert.ok(methods.every((line) => line.endsWith(' api.example.com')));
  });
});
