// TLS between clients and the gateway: which certificate answers, what is agreed on, what happens to who takes too long.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { namesFor } from '../../src/gateway/tls/server-names.ts';
import { createSelfSigned } from '../../src/lib/x509-self-signed.ts';
import { echo, start, startUpstream, until } from './rig.ts';
import { connectTls, exchangeText, handshake, onTls, pair, pem, serverTls } from './tls-rig.ts';

const certificate = (name: string, snis: readonly string[], extra: object = {}) => ({
  ...pair(name),
  snis: snis.map((sni) => ({ name: sni })),
  ...extra,
});

test('names are looked up as they are, then by first label, then by last label, then alone', () => {
  assert.deepEqual(namesFor('www.domain.test'), ['www.domain.test', '*.domain.test', 'www.domain.*', '*']);
  assert.deepEqual(namesFor('a.b.c.d.e'), ['a.b.c.d.e', '*.b.c.d.e', 'a.b.c.d.*', '*']);
  assert.deepEqual(namesFor('*.domain.test'), ['*.domain.test', '*']);
});

test('a name of two labels never falls to a wildcard for the whole domain above it', () => {
  assert.ok(!namesFor('domain.test').includes('*.test'));
});

test('what is no server name is answered for by the default certificate', () => {
  for (const name of ['127.0.0.1', 'a b', 'host:443', '::1', '']) assert.deepEqual(namesFor(name), [], name);
});

test('the certificate of the most specific name answers', async () => {
  const running = await start(
    {
      certificates: [
        certificate('ec', ['exact.domain.test', 'left.*']),
        certificate('rsa', ['*.domain.test']),
        certificate('ec2', ['*.other.test', 'exact.*']),
      ],
    },
    { tls: serverTls, listen: [onTls] },
  );
  const name = async (servername?: string) =>
    (await handshake(running.port, servername === undefined ? {} : { servername })).name;
  assert.equal(await name('exact.domain.test'), 'ec.example.test');
  assert.equal(await name('any.domain.test'), 'rsa.example.test');
  assert.equal(await name('exact.nowhere'), 'ec2.example.test');
  assert.equal(await name('left.anything'), 'ec.example.test');
  assert.equal(await name('deep.below.domain.test'), 'upstream.test');
  assert.equal(await name('unknown.test'), 'upstream.test');
  assert.equal(await name(), 'upstream.test');
  await running.close();
});

test('the name * answers for every name that is given, but not for none', async () => {
  const running = await start({ certificates: [certificate('ec', ['*'])] }, { tls: serverTls, listen: [onTls] });
  assert.equal((await handshake(running.port, { servername: 'anybody.test' })).name, 'ec.example.test');
  assert.equal((await handshake(running.port)).name, 'upstream.test');
  await running.close();
});

test('a certificate that is stored is shown in the next handshake, and one that is deleted no more', async () => {
  const running = await start({}, { tls: serverTls, listen: [onTls] });
  const id = '00000000-0000-4000-8000-000000000001';
  const sniId = '00000000-0000-4000-8000-000000000002';
  const names = async () => (await handshake(running.port, { servername: 'new.test' })).name;
  assert.equal(await names(), 'upstream.test');
  const made = await running.store.commit([
    { action: 'create', kind: 'certificates', entity: { id, ...pair('ec'), tags: null } },
    { action: 'create', kind: 'snis', entity: { id: sniId, name: 'new.test', certificate: { id }, tags: null } },
  ]);
  assert.ok(made.ok);
  assert.equal(await names(), 'ec.example.test');
  const changed = await running.store.commit([
    { action: 'update', kind: 'certificates', entity: { id, ...pair('ec2'), tags: null } },
  ]);
  assert.ok(changed.ok);
  assert.equal(await names(), 'ec2.example.test');
  assert.ok((await running.store.commit([{ action: 'delete', kind: 'snis', id: sniId }])).ok);
  assert.equal(await names(), 'upstream.test');
  await running.close();
});

test('of two key types the client gets the one it can use', async () => {
  const both = { ...certificate('rsa', ['both.test']), cert_alt: pair('ec').cert, key_alt: pair('ec').key };
  const running = await start({ certificates: [both] }, { tls: serverTls, listen: [onTls] });
  const asked = (ciphers: string) =>
    handshake(running.port, { servername: 'both.test', ciphers, maxVersion: 'TLSv1.2' });
  assert.equal((await asked('ECDHE-RSA-AES128-GCM-SHA256')).name, 'rsa.example.test');
  assert.equal((await asked('ECDHE-ECDSA-AES128-GCM-SHA256')).name, 'ec.example.test');
  await running.close();
});

test('a request over TLS reaches the upstream as https, and its server name is routed by', async () => {
  const upstream = await startUpstream(echo);
  const running = await start(
    {
      services: [
        {
          name: 's',
          url: `http://127.0.0.1:${upstream.port}`,
          routes: [{ name: 'r', protocols: ['https'], snis: ['routed.test'], paths: ['/'] }],
        },
      ],
    },
    { tls: serverTls, listen: [onTls] },
  );
  const ask = async (servername: string): Promise<string> =>
    exchangeText(
      await connectTls(running.port, { servername }),
      'GET /x HTTP/1.1\r\nHost: routed.test\r\nConnection: close\r\n\r\n',
    );
  const answer = await ask('routed.test');
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.match(answer, /"x-forwarded-proto":"https"/);
  assert.match(await ask('elsewhere.test'), /^HTTP\/1\.1 404 /);
  await running.close();
  await upstream.close();
});

test('a large answer and a large body pass through TLS unchanged', async () => {
  const upstream = await startUpstream((_request, response, body) => response.end(body + body));
  const running = await start(
    { services: [{ name: 's', url: `http://127.0.0.1:${upstream.port}`, routes: [{ name: 'r', paths: ['/'] }] }] },
    { tls: serverTls, listen: [onTls] },
  );
  const body = 'abcdefgh'.repeat(250_000);
  const answer = await exchangeText(
    await connectTls(running.port),
    `POST / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  assert.ok(answer.includes('\r\n\r\n'));
  assert.ok(answer.endsWith(body) && answer.length > 2 * body.length);
  await running.close();
  await upstream.close();
});

test('versions below the lowest are refused', async () => {
  const running = await start({}, { tls: { ...serverTls, minVersion: 'TLSv1.3' }, listen: [onTls] });
  assert.equal((await handshake(running.port)).protocol, 'TLSv1.3');
  await assert.rejects(handshake(running.port, { maxVersion: 'TLSv1.2' }));
  await running.close();
});

test('a session is taken up again with a ticket, and not without', async () => {
  for (const sessionTickets of [true, false]) {
    const running = await start({}, { tls: { ...serverTls, sessionTickets }, listen: [onTls] });
    const socket = await connectTls(running.port, { maxVersion: 'TLSv1.2' });
    const session = socket.getSession()!;
    socket.destroy();
    const again = await handshake(running.port, { session, maxVersion: 'TLSv1.2' });
    assert.equal(again.resumed, sessionTickets);
    await running.close();
  }
});

test('a session goes on with another process that shares the secret, and with no other', async () => {
  const first = await start({}, { tls: { ...serverTls, ticketSecret: 'one' }, listen: [onTls] });
  const socket = await connectTls(first.port, { maxVersion: 'TLSv1.2' });
  const session = socket.getSession()!;
  socket.destroy();
  for (const [ticketSecret, resumed] of [
    ['one', true],
    ['other', false],
  ] as const) {
    const second = await start({}, { tls: { ...serverTls, ticketSecret }, listen: [onTls] });
    assert.equal((await handshake(second.port, { session, maxVersion: 'TLSv1.2' })).resumed, resumed);
    await second.close();
  }
  await first.close();
});

test('a session of one certificate is not taken up under another', async () => {
  const running = await start(
    { certificates: [certificate('ec', ['a.test']), certificate('ec2', ['b.test'])] },
    { tls: { ...serverTls, ticketSecret: 'one' }, listen: [onTls] },
  );
  const socket = await connectTls(running.port, { servername: 'a.test', maxVersion: 'TLSv1.2' });
  const session = socket.getSession()!;
  socket.destroy();
  const again = (servername: string) => handshake(running.port, { session, servername, maxVersion: 'TLSv1.2' });
  assert.equal((await again('a.test')).resumed, true);
  assert.equal((await again('b.test')).resumed, false);
  await running.close();
});

test('HTTP/2 is offered where it is asked for, and only there', async () => {
  for (const http2 of [true, false]) {
    const running = await start({}, { tls: serverTls, listen: [onTls], http2 });
    const { alpn } = await handshake(running.port, { ALPNProtocols: ['h2', 'http/1.1'] });
    assert.equal(alpn, http2 ? 'h2' : 'http/1.1');
    const socket = await connectTls(running.port, { ALPNProtocols: ['http/1.0'] });
    assert.equal(socket.alpnProtocol, 'http/1.0');
    assert.match(await exchangeText(socket, 'GET /nowhere HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 404 /);
    await running.close();
  }
});

test('bytes that are no handshake end their connection and nothing else', async () => {
  const running = await start({}, { tls: serverTls, listen: [onTls] });
  const socket = connect(running.port, '127.0.0.1');
  await exchangeText(socket, 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  assert.equal((await handshake(running.port)).name, 'upstream.test');
  await until(() => running.logs.some((line) => line.startsWith('debug TLS handshake failed')), 'the failure is told');
  await running.close();
});

test('closing does not wait for clients in their handshake', async () => {
  const running = await start({}, { tls: serverTls, listen: [onTls] });
  const socket = connect(running.port, '127.0.0.1');
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  socket.on('error', () => undefined);
  socket.resume();
  await until(() => running.gateway.counters().accepted === 1, 'it is accepted');
  await running.close();
  await closed;
});

test('a certificate made by ourselves is one that clients can verify', async () => {
  const now = Date.now();
  const { cert, key } = createSelfSigned({
    commonName: 'localhost',
    names: ['localhost', '127.0.0.1'],
    notBefore: new Date(now - 86_400_000),
    notAfter: new Date(Date.UTC(2061, 0, 2, 3, 4, 5)),
  });
  const parsed = new X509Certificate(cert);
  assert.equal(parsed.subject, 'CN=localhost');
  assert.equal(parsed.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
  assert.equal(Date.parse(parsed.validTo), Date.UTC(2061, 0, 2, 3, 4, 5));
  assert.ok(parsed.verify(parsed.publicKey));
  const certificates = { certificate: { cert: [cert], key: [key] } };
  const running = await start({}, { tls: { ...serverTls, ...certificates }, listen: [onTls] });
  const socket = await connectTls(running.port, { rejectUnauthorized: true, ca: cert, servername: 'localhost' });
  assert.equal(socket.authorized, true);
  socket.destroy();
  await running.close();
});

test('serial numbers of certificates differ', () => {
  const make = () =>
    new X509Certificate(
      createSelfSigned({ commonName: 'x', names: [], notBefore: new Date(0), notAfter: new Date(1e12) }).cert,
    ).serialNumber;
  assert.equal(new Set(Array.from({ length: 20 }, make)).size, 20);
});

test('a chain is sent whole', async () => {
  const chained = { cert: [pem('tls', 'chained')], key: [pem('tls', 'chained.key')] };
  const running = await start({}, { tls: { ...serverTls, certificate: chained }, listen: [onTls] });
  const socket = await connectTls(running.port, {
    rejectUnauthorized: true,
    ca: pem('tls', 'ca'),
    servername: 'upstream.test',
  });
  assert.equal(socket.authorized, true);
  socket.destroy();
  await running.close();
});

test('a listener with ssl needs to be told how', async () => {
  await assert.rejects(start({}, { listen: [onTls] }), /TLS settings/);
});
