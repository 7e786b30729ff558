// TLS between the gateway and upstreams: what is shown, what is verified, which name is asked for, and that connections made
// for other terms are never used.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { urisOf } from '../../src/gateway/tls/upstream-identity.ts';
import { type Running, start } from './rig.ts';
import { pair, pem } from './tls-rig.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

interface Seen {
  readonly servername: string;
  /** Common name of the client's certificate. */
  readonly client: string;
  readonly connection: number;
}

/** An upstream over TLS that tells what it saw of the connection. */
async function startTls(
  certificate: 'upstream' | 'chained' | 'named',
): Promise<{ port: number; connections: () => number }> {
  let connections = 0;
  const serials = new WeakMap<object, number>();
  const server = createServer(
    {
      cert: pem('tls', certificate),
      key: pem('tls', `${certificate}.key`),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
      const { servername } = socket as unknown as { servername: string | false };
      const seen: Seen = {
        servername: servername || '',
        client: subject?.CN ?? '',
        connection: serials.get(socket)!,
      };
      response.end(JSON.stringify(seen));
    },
  );
  server.on('secureConnection', (socket) => serials.set(socket, ++connections));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

const CA = '00000000-0000-4000-8000-00000000000a';
const OTHER_CA = '00000000-0000-4000-8000-00000000000b';
const CLIENT = '00000000-0000-4000-8000-00000000000c';
const EC = '00000000-0000-4000-8000-00000000000d';
const NAMED = '00000000-0000-4000-8000-00000000000e';

const trust = {
  ca_certificates: [
    { id: CA, cert: pem('tls', 'ca') },
    { id: OTHER_CA, cert: pem('schema', 'cert-ca') },
    { id: NAMED, cert: pem('tls', 'named') },
  ],
  certificates: [
    { id: CLIENT, cert: pem('tls', 'client'), key: pem('tls', 'client.key') },
    { id: EC, ...pair('ec') },
  ],
};

const service = (port: number, fields: object, name = 's') => ({
  name,
  host: 'localhost',
  port,
  protocol: 'https',
  retries: 0,
  routes: [{ name: `r-${name}`, paths: [`/${name}`] }],
  ...fields,
});

async function ask(running: Running, path = '/s', host = 'example.test'): Promise<Seen & { status: number }> {
  const { status, text } = await running.send(path, { headers: { host } });
  return { status, ...(status === 200 ? (JSON.parse(text) as Seen) : { servername: '', client: '', connection: 0 }) };
}

const statusWith = async (port: number, fields: object): Promise<number> => {
  const running = await start({ ...trust, services: [service(port, fields)] });
  const { status } = await ask(running);
  await running.close();
  return status;
};

test('a certificate that nobody vouches for is accepted when the service does not verify', async () => {
  const { port } = await startTls('upstream');
  assert.equal(await statusWith(port, {}), 200);
  assert.equal(await statusWith(port, { tls_verify: false }), 200);
});

test('with tls_verify the authorities of the service decide', async () => {
  const { port } = await startTls('upstream');
  assert.equal(await statusWith(port, { tls_verify: true, ca_certificates: [CA] }), 200);
  assert.equal(await statusWith(port, { tls_verify: true, ca_certificates: [OTHER_CA] }), 502);
  assert.equal(await statusWith(port, { tls_verify: true }), 502);
});

test('with tls_verify the certificate must be for the name in the Host header', async () => {
  const { port } = await startTls('upstream');
  const verified = { tls_verify: true, ca_certificates: [CA] };
  assert.equal(await statusWith(port, { ...verified, host: '127.0.0.1' }), 200);
  const running = await start({
    ...trust,
    services: [service(port, { ...verified, routes: [{ name: 'r', paths: ['/s'], preserve_host: true }] })],
  });
  assert.equal((await ask(running, '/s', 'upstream.test')).status, 200);
  assert.equal((await ask(running, '/s', 'stranger.test')).status, 502);
  await running.close();
});

test('tls_sans are names that a verified certificate may have instead of the one in the Host header', async () => {
  const { port } = await startTls('named');
  const verified = { tls_verify: true, ca_certificates: [NAMED] };
  const statusFor = (tls_sans: object): Promise<number> => statusWith(port, { ...verified, tls_sans });
  assert.equal(await statusWith(port, verified), 502, 'it is called by localhost, which is none of its names');
  assert.equal(await statusFor({ dnsnames: ['other.test', 'api.named.test'] }), 200);
  assert.equal(await statusFor({ dnsnames: ['one.wild.test'] }), 200);
  assert.equal(
    await statusFor({ dnsnames: ['named.test'] }),
    502,
    'a common name beside other names counts for nothing',
  );
  assert.equal(await statusFor({ uris: ['spiffe://named.test/api'] }), 200);
  assert.equal(await statusFor({ uris: ['spiffe://named.test/'], dnsnames: ['two.of.wild.test'] }), 502);
  assert.equal(await statusFor({}), 502);
  const upstream = await startTls('upstream');
  const own = { tls_verify: true, ca_certificates: [CA], tls_sans: { dnsnames: ['other.test'] } };
  assert.equal(await statusWith(upstream.port, own), 200, 'the name in the Host header still does');
  assert.equal(await statusWith(upstream.port, { ...own, ca_certificates: [NAMED] }), 502);
});

test('a connection made for some names is not used for others', async () => {
  const { port } = await startTls('named');
  const verified = { tls_verify: true, ca_certificates: [NAMED] };
  const running = await start({
    ...trust,
    services: [
      service(port, { ...verified, tls_sans: { dnsnames: ['api.named.test'] } }, 'good'),
      service(port, { ...verified, tls_sans: { dnsnames: ['other.test'] } }, 'bad'),
    ],
  });
  assert.equal((await ask(running, '/good')).status, 200);
  assert.equal((await ask(running, '/bad')).status, 502);
  await running.close();
});

test('URIs are read out of the names of a certificate', () => {
  const names = 'DNS:a.test, URI:spiffe://a/b, IP Address:127.0.0.1, URI:"urn:x, URI:spiffe://forged", DNS:b.test';
  assert.deepEqual(urisOf(names), ['spiffe://a/b', 'urn:x, URI:spiffe://forged']);
  assert.deepEqual(urisOf(undefined), []);
});

test('a chain may be as long as tls_verify_depth allows, one intermediate by default', async () => {
  const { port } = await startTls('chained');
  const verified = { tls_verify: true, ca_certificates: [CA] };
  assert.equal(await statusWith(port, { ...verified, tls_verify_depth: 1 }), 200);
  assert.equal(await statusWith(port, verified), 200);
  assert.equal(await statusWith(port, { ...verified, tls_verify_depth: 0 }), 502);
  const direct = await startTls('upstream');
  assert.equal(await statusWith(direct.port, { ...verified, tls_verify_depth: 0 }), 200);
});

test('authorities given for the whole gateway serve where the service names none', async () => {
  const { port } = await startTls('upstream');
  const running = await start(
    { ...trust, services: [service(port, { tls_verify: true })] },
    { upstreamTls: { trusted: [pem('tls', 'ca')], verifyDepth: 1 } },
  );
  assert.equal((await ask(running)).status, 200);
  await running.close();
});

test('the server name is the host without its port, and an address is none', async () => {
  const { port } = await startTls('upstream');
  const running = await start({
    services: [
      service(port, {}),
      service(port, { host: '127.0.0.1' }, 'address'),
      service(port, { routes: [{ name: 'kept', paths: ['/kept'], preserve_host: true }] }, 'kept'),
    ],
  });
  assert.equal((await ask(running)).servername, 'localhost');
  assert.equal((await ask(running, '/address')).servername, '');
  assert.equal((await ask(running, '/kept', 'kept.test:8443')).servername, 'kept.test');
  await running.close();
});

test('the certificate of the service is shown, else that of the upstream, else that of the gateway', async () => {
  const { port } = await startTls('upstream');
  const content = {
    ...trust,
    upstreams: [{ name: 'pool', client_certificate: { id: EC }, targets: [{ target: `127.0.0.1:${port}` }] }],
    services: [
      service(port, { client_certificate: CLIENT }, 'own'),
      service(port, { host: 'pool' }, 'pooled'),
      service(port, { host: 'pool', client_certificate: CLIENT }, 'both'),
      service(port, {}, 'neither'),
    ],
  };
  const running = await start(content);
  assert.equal((await ask(running, '/own')).client, 'client.test');
  assert.equal((await ask(running, '/pooled')).client, 'ec.example.test');
  assert.equal((await ask(running, '/both')).client, 'client.test');
  assert.equal((await ask(running, '/neither')).client, '');
  await running.close();
  const withDefault = await start(content, { upstreamTls: { certificate: pair('ec2'), verifyDepth: 1 } });
  assert.equal((await ask(withDefault, '/neither')).client, 'ec2.example.test');
  assert.equal((await ask(withDefault, '/own')).client, 'client.test');
  await withDefault.close();
});

test('a connection is used again for the same terms, and never for others', async () => {
  const { port } = await startTls('upstream');
  const verified = { tls_verify: true, ca_certificates: [CA] };
  const running = await start({
    ...trust,
    services: [
      service(port, {}, 'plain'),
      service(port, {}, 'same'),
      service(port, verified, 'verified'),
      service(port, { ...verified, tls_verify_depth: 3 }, 'deep'),
      service(port, { ...verified, ca_certificates: [CA, OTHER_CA] }, 'more'),
      service(port, { client_certificate: CLIENT }, 'client'),
    ],
  });
  const connection = async (name: string): Promise<number> => (await ask(running, `/${name}`)).connection;
  const first = await connection('plain');
  assert.equal(await connection('plain'), first);
  assert.equal(await connection('same'), first);
  const others = [];
  for (const name of ['verified', 'deep', 'more', 'client']) others.push(await connection(name));
  assert.equal(new Set([first, ...others]).size, 5);
  await running.close();
});

test('a client certificate that is replaced is shown at once, though a connection with the old one is open', async () => {
  const { port } = await startTls('upstream');
  const running = await start({ ...trust, services: [service(port, { client_certificate: EC })] });
  assert.equal((await ask(running)).client, 'ec.example.test');
  const before = running.store.state.get('certificates', EC)!;
  const entity = { ...before, ...pair('ec2') };
  assert.ok((await running.store.commit([{ action: 'update', kind: 'certificates', entity }])).ok);
  assert.equal((await ask(running)).client, 'ec2.example.test');
  await running.close();
});

test('a failed handshake is retried like a failed connection, then answered with 502', async () => {
  const { port, connections } = await startTls('upstream');
  const running = await start({
    ...trust,
    services: [service(port, { tls_verify: true, ca_certificates: [OTHER_CA], retries: 2 })],
  });
  const { status } = await running.send('/s', { method: 'POST', body: 'x' });
  assert.equal(status, 502);
  assert.equal(running.access[0]!.tries, 3);
  assert.ok(connections() <= 3);
  await running.close();
});
