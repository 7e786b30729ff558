// The Admin API over TLS, open to clients that show a certificate.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { after, test } from 'node:test';
import { listenOn, readServeTls } from '../../src/cli/serve/serve-tls.ts';
import { parseListen } from '../../src/config/listen.ts';
import { loadConfig } from '../../src/config/load.ts';

const file = (name: string): string => new URL(`../../fixtures/tls/${name}`, import.meta.url).pathname;

test('clients must have a certificate of an authority that is named', async () => {
  const address = parseListen('admin_listen', '127.0.0.1:0 ssl');
  const config = loadConfig({}, { KONG_ADMIN_SSL_CLIENT_CA: file('ca.pem') });
  const tls = readServeTls(config, { proxy: [], admin: address, status: [] }, undefined);
  const server = createServer((_request, response) => response.end('admin'));
  const { settings, admin: pairs, adminClients: clients } = tls;
  const listening = await listenOn(server, address[0]!, 'the Admin API', { pairs, settings, clients });
  after(() => {
    listening.close();
    server.closeAllConnections();
  });
  const ask = (identity: object): Promise<string> =>
    new Promise((resolve) => {
      const { port } = listening.address;
      const sent = request({ host: '127.0.0.1', port, rejectUnauthorized: false, ...identity }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      sent.on('error', () => resolve('refused'));
      sent.end();
    });
  assert.equal(
    await ask({ cert: readFileSync(file('client.pem')), key: readFileSync(file('client.key.pem')) }),
    'admin',
  );
  assert.equal(await ask({}), 'refused');
  const other = { cert: readFileSync(file('../schema/cert-ec.pem')), key: readFileSync(file('../schema/key-ec.pem')) };
  assert.equal(await ask(other), 'refused');
});
