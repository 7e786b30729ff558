import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import * as tls from 'node:tls';
import { until } from '../gateway/rig.ts';
import { pair, pem } from '../gateway/tls-rig.ts';
import { HOST, startEcho, startStreams, startTlsEcho, talk, talkTls } from './rig.ts';

const service = (port: number, route: object, more: object = {}) => ({
  name: `s${port}`,
  protocol: 'tcp',
  host: HOST,
  port,
  ...more,
  routes: [{ name: `r${port}`, protocols: ['tls'], ...route }],
});

const own = pair('rsa');

const nameOn = (port: number, servername?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = tls.connect({ host: HOST, port, rejectUnauthorized: false, ...(servername && { servername }) });
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      resolve(String((socket.getPeerCertificate().subject as { CN?: string }).CN));
      socket.destroy();
    });
  });

describe('a listener with ssl', () => {
  test('ends the encryption for routes of tls, chosen by the server name', async (t) => {
    const [one, two, any] = await Promise.all([startEcho(t, 'one'), startEcho(t, 'two'), startEcho(t, 'any')]);
    const content = {
      services: [
        service(one, { snis: ['one.test'] }),
        service(two, { snis: ['two.test'] }),
        service(any, { sources: [{ ip: '127.0.0.0/8' }] }),
      ],
    };
    const { ports, access } = await startStreams(t, content, [{ ssl: true }]);
    assert.equal(await talkTls(ports[0]!, 'hello', { servername: 'one.test' }), 'one\nhello');
    assert.equal(await talkTls(ports[0]!, 'hello', { servername: 'TWO.test' }), 'two\nhello');
    assert.equal(await talkTls(ports[0]!, 'hello', { servername: 'other.test' }), 'any\nhello');
    assert.equal(await talkTls(ports[0]!, 'hello'), 'any\nhello');
    await until(() => access.length === 4, 'all are over');
    assert.deepEqual(
      access.map(({ method, host }) => [method, host]),
      [
        ['TLS', 'one.test'],
        ['TLS', 'two.test'],
        ['TLS', 'other.test'],
        ['TLS', `127.0.0.1:${ports[0]}`],
      ],
    );
  });

  test('shows the certificate of the server name, else the default one', async (t) => {
    const port = await startEcho(t, 'one');
    const content = {
      certificates: [{ ...own, snis: [{ name: 'one.test' }] }],
      services: [service(port, { sources: [{ ip: '127.0.0.0/8' }] })],
    };
    const { ports } = await startStreams(t, content, [{ ssl: true }]);
    const stored = await nameOn(ports[0]!, 'one.test');
    assert.equal(await nameOn(ports[0]!, 'two.test'), 'upstream.test');
    assert.equal(await nameOn(ports[0]!), 'upstream.test');
    assert.notEqual(stored, 'upstream.test');
  });

  test('passes the bytes of tls_passthrough on as they are', async (t) => {
    const names: unknown[] = [];
    const port = await startTlsEcho(t, 'secret', (name) => names.push(name));
    const content = { services: [service(port, { protocols: ['tls_passthrough'], snis: ['pass.test'] })] };
    const { ports } = await startStreams(t, content, [{ ssl: true }]);
    const options = { servername: 'pass.test', ca: pem('tls', 'ca'), rejectUnauthorized: true };
    const checkServerIdentity = (_name: string, certificate: tls.PeerCertificate) =>
      tls.checkServerIdentity('upstream.test', certificate);
    assert.equal(await talkTls(ports[0]!, 'hello', { ...options, checkServerIdentity }), 'secret\nhello');
    assert.deepEqual(names, ['pass.test']);
  });

  test('never encrypts what is encrypted already, whatever the service says', async (t) => {
    const port = await startTlsEcho(t, 'secret');
    const passing = { protocols: ['tls_passthrough'], snis: ['pass.test'] };
    const { ports } = await startStreams(t, { services: [service(port, passing, { protocol: 'tls' })] }, [
      { ssl: true },
    ]);
    assert.equal(await talkTls(ports[0]!, 'hello', { servername: 'pass.test' }), 'secret\nhello');
  });

  test('closes what no route matches, before any handshake', async (t) => {
    const port = await startEcho(t, 'one');
    const { ports, logs } = await startStreams(t, { services: [service(port, { snis: ['one.test'] })] }, [
      { ssl: true },
    ]);
    await assert.rejects(nameOn(ports[0]!, 'two.test'));
    assert.deepEqual(logs, ['error no Route found with those values']);
  });

  test('closes what is no TLS, and what never says who it is asking for', async (t) => {
    const port = await startEcho(t, 'one');
    const { ports } = await startStreams(t, { services: [service(port, { sources: [{ ip: '0.0.0.0/0' }] })] }, [
      { ssl: true },
    ]);
    assert.doesNotMatch(await talk(ports[0]!, 'GET / HTTP/1.0\r\n\r\n'), /one/);
    assert.equal(await talk(ports[0]!, '\x16\x03\x01'), '', 'half a hello and then the end');
  });

  test('takes a hello that comes byte by byte', async (t) => {
    const port = await startEcho(t, 'one');
    const { ports } = await startStreams(t, { services: [service(port, { snis: ['one.test'] })] }, [{ ssl: true }]);
    const socket = tls.connect({
      host: HOST,
      port: await slowWay(t, ports[0]!),
      servername: 'one.test',
      rejectUnauthorized: false,
    });
    const heard = await new Promise<string>((resolve, reject) => {
      socket.on('error', reject);
      socket.once('data', (chunk) => resolve(String(chunk)));
    });
    assert.equal(heard, 'one\n');
    socket.destroy();
  });

  test('does not listen for long to a hello without an end', async (t) => {
    const port = await startEcho(t, 'one');
    const { ports } = await startStreams(t, { services: [service(port, { snis: ['one.test'] })] }, [{ ssl: true }]);
    // A ClientHello that says it has 120 000 bytes, in records of 16 KiB.
    const record = Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0]), Buffer.alloc(16_384)]);
    Buffer.from([1, 1, 0xd4, 0xc0]).copy(record, 5);
    const socket = connect({ host: HOST, port: ports[0]! });
    socket.on('error', () => undefined);
    socket.resume();
    const isClosed = new Promise((resolve) => socket.on('close', () => resolve(true)));
    socket.write(Buffer.concat([record, record]));
    assert.equal(await isClosed, true);
  });

  test('works with the client of OpenSSL', async (t) => {
    if (spawnSync('openssl', ['version']).error !== undefined) return t.skip('openssl is not installed');
    const port = await startEcho(t, 'one');
    const { ports } = await startStreams(t, { services: [service(port, { snis: ['one.test'] })] }, [{ ssl: true }]);
    const output = await new Promise<string>((resolve) => {
      const line = ['s_client', '-quiet', '-connect', `${HOST}:${ports[0]}`, '-servername', 'one.test'];
      const child = execFile('openssl', line, (_error, stdout) => resolve(stdout));
      let heard = '';
      child.stdout!.on('data', (chunk) => {
        heard += chunk;
        if (heard.includes('hello')) child.kill();
      });
      child.stdin!.write('hello\n');
    });
    assert.equal(output, 'one\nhello\n');
  });
});

describe('a service of tls', () => {
  const route = { protocols: ['tcp'], sources: [{ ip: '0.0.0.0/0' }] };

  test('is spoken to with TLS, its own host being the name', async (t) => {
    const names: unknown[] = [];
    const port = await startTlsEcho(t, 'secret', (name) => names.push(name));
    const { ports } = await startStreams(
      t,
      { services: [service(port, route, { protocol: 'tls', host: 'localhost' })] },
      [{}],
    );
    assert.equal(await talk(ports[0]!, 'hello'), 'secret\nhello');
    assert.deepEqual(names, ['localhost']);
  });

  test('is asked for the name of the client with preserve_host', async (t) => {
    const names: unknown[] = [];
    const port = await startTlsEcho(t, 'secret', (name) => names.push(name));
    const preserving = { snis: ['front.test'], preserve_host: true };
    const { ports } = await startStreams(t, { services: [service(port, preserving, { protocol: 'tls' })] }, [
      { ssl: true },
    ]);
    assert.equal(await talkTls(ports[0]!, 'hello', { servername: 'front.test' }), 'secret\nhello');
    assert.deepEqual(names, ['front.test']);
  });

  test('that must be verified is not spoken to when it cannot be', async (t) => {
    const port = await startTlsEcho(t, 'secret');
    const id = '6b2b6f58-5a5f-4c0f-9a7a-1d6f0c7f2f11';
    const content = (host: string) => ({
      ca_certificates: [{ id, cert: pem('tls', 'ca') }],
      services: [service(port, route, { protocol: 'tls', host, tls_verify: true, ca_certificates: [id] })],
    });
    const { ports, replace, access } = await startStreams(t, content('localhost'), [{}]);
    assert.equal(await talk(ports[0]!, 'hello'), 'secret\nhello');
    await replace({ services: [service(port, route, { protocol: 'tls', host: 'localhost', tls_verify: true })] });
    assert.equal(await talk(ports[0]!, 'hello'), '');
    await until(() => access.length === 2, 'both are over');
    assert.equal(access[1]!.status, 502);
  });
});

/** A way to a port on which what the client sends arrives byte by byte. */
async function slowWay(t: TestContext, port: number): Promise<number> {
  const server = createServer((client) => {
    const onward = connect({ host: HOST, port, noDelay: true });
    onward.on('error', () => undefined);
    client.on('error', () => undefined);
    onward.pipe(client);
    let last: Promise<void> = Promise.resolve();
    client.on('data', (chunk: Buffer) => {
      for (const byte of chunk) {
        last = last.then(() => {
          onward.write(Buffer.from([byte]));
          return new Promise((resolve) => setImmediate(resolve));
        });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('an upstream over TLS may have one of tls_sans instead of the name it is called by', async (t) => {
  const authority = '00000000-0000-4000-8000-00000000000e';
  const server = tls.createServer({ cert: pem('tls', 'named'), key: pem('tls', 'named.key') }, (socket) => {
    socket.on('error', () => undefined);
    socket.end('named\n');
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const verified = { protocol: 'tls', tls_verify: true, ca_certificates: [authority], retries: 0 };
  const to = (source: string, more: object) => ({
    ...service(port, {}, { ...verified, ...more }),
    name: source,
    routes: [{ name: source, protocols: ['tcp'], sources: [{ ip: source }] }],
  });
  const content = {
    ca_certificates: [{ id: authority, cert: pem('tls', 'named') }],
    services: [to('127.0.0.2', { tls_sans: { uris: ['spiffe://named.test/api'] } }), to('127.0.0.3', {})],
  };
  const { ports } = await startStreams(t, content, [{}]);
  assert.equal(await talk(ports[0]!, '', '127.0.0.2'), 'named\n');
  assert.equal(await talk(ports[0]!, '', '127.0.0.3'), '');
});
