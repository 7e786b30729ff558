// `gwctl serve` with TLS: its own certificate, named ones, every listener, and what it says when something does not fit.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { readServeTls } from '../../src/cli/serve/serve-tls.ts';
import { parseListen } from '../../src/config/listen.ts';
import { loadConfig } from '../../src/config/load.ts';
import { readTlsSettings } from '../../src/config/tls.ts';

const RUN = fileURLToPath(new URL('run-source.mjs', import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/${name}.pem`, import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'gwctl-serve-tls-'));
const children = new Set<ReturnType<typeof spawn>>();
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const LISTEN = {
  KONG_PROXY_LISTEN: '127.0.0.1:0, 127.0.0.1:0 http2 ssl',
  KONG_ADMIN_LISTEN: '127.0.0.1:0, 127.0.0.1:0 ssl',
  KONG_STATUS_LISTEN: '127.0.0.1:0 ssl',
  KONG_PROXY_ACCESS_LOG: 'off',
};

function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [RUN, 'serve', ...args], { env: { ...process.env, ...LISTEN, ...env } });
  children.add(child);
  const output = { text: '' };
  child.stdout.on('data', (chunk) => (output.text += chunk));
  child.stderr.on('data', (chunk) => (output.text += chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, output, ended };
}

async function serve(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { child, output, ended } = run(args, env);
  let isOver = false;
  void ended.then(() => (isOver = true));
  for (let i = 0; i < 300 && !output.text.includes('kept ') && !isOver; i++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  const portOf = (what: string): number =>
    Number(new RegExp(`${what}\\s+https://127\\.0\\.0\\.1:(\\d+)`).exec(output.text)?.[1] ?? assert.fail(output.text));
  return {
    output,
    proxy: portOf('proxy'),
    admin: portOf('Admin API'),
    status: portOf('Status API'),
    async stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

function certificateOf(port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()!);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

function get(port: number, path: string, options: object = { rejectUnauthorized: false }) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (incoming) => {
      let text = '';
      incoming.on('data', (chunk) => (text += chunk));
      incoming.on('end', () => resolve({ status: incoming.statusCode!, text }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('every listener answers over TLS with the certificate made at the start', async () => {
  const serving = await serve();
  const certificate = await certificateOf(serving.proxy);
  assert.equal(certificate.subject, 'CN=localhost');
  assert.equal((await certificateOf(serving.admin)).fingerprint256, certificate.fingerprint256);
  assert.equal((await get(serving.proxy, '/')).status, 404);
  assert.equal((await get(serving.admin, '/services')).status, 200);
  assert.equal((await get(serving.status, '/status')).status, 200);
  // Whoever trusts it can verify it.
  const trusting = { ca: certificate.toString(), servername: 'localhost' };
  assert.equal((await get(serving.admin, '/status', trusting)).status, 200);
  assert.equal(await serving.stop(), 0);
});

test('with a directory for data it is the same at the next start, and readable by its owner only', async () => {
  const data = join(folder, 'data');
  const first = await serve(['--data', data]);
  const { fingerprint256 } = await certificateOf(first.proxy);
  assert.equal(await first.stop(), 0);
  const { mode } = await stat(join(data, 'ssl', 'default-certificate.pem'));
  assert.equal(mode & 0o777, 0o600);
  const second = await serve(['--data', data]);
  assert.equal((await certificateOf(second.proxy)).fingerprint256, fingerprint256);
  assert.equal(await second.stop(), 0);
  await writeFile(join(data, 'ssl', 'default-certificate.pem'), 'damaged');
  const third = await serve(['--data', data]);
  assert.notEqual((await certificateOf(third.proxy)).fingerprint256, fingerprint256);
  assert.equal(await third.stop(), 0);
});

test('certificates are named by file or given as PEM, each listener its own', async () => {
  const serving = await serve([], {
    KONG_SSL_CERT: `${fixture('schema/cert-ec')},${fixture('schema/cert-rsa')}`,
    KONG_SSL_CERT_KEY: `${fixture('schema/key-ec')},${fixture('schema/key-rsa')}`,
    KONG_ADMIN_SSL_CERT: await readFile(fixture('schema/cert-ec2'), 'utf8'),
    KONG_ADMIN_SSL_CERT_KEY: await readFile(fixture('schema/key-ec2'), 'utf8'),
  });
  assert.match((await certificateOf(serving.proxy)).subject, /ec\.example\.test/);
  assert.match((await certificateOf(serving.admin)).subject, /ec2\.example\.test/);
  const shown = JSON.parse((await get(serving.admin, '/')).text) as { configuration: Record<string, unknown> };
  assert.deepEqual(shown.configuration['ssl_cert_key'], ['******', '******']);
  assert.deepEqual(shown.configuration['admin_ssl_cert_key'], ['******']);
  assert.equal(await serving.stop(), 0);
});

test('a connection is told to end after as many requests as the configuration says; those on their way are served', async () => {
  const serving = await serve([], { KONG_NGINX_HTTP_KEEPALIVE_REQUESTS: '3' });
  const session = connect(`https://127.0.0.1:${serving.proxy}`, { rejectUnauthorized: false });
  const goaways: number[] = [];
  session.on('goaway', (_code, last) => goaways.push(last));
  await once(session, 'connect');
  const statuses = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const stream = session.request({ ':path': '/' });
      stream.resume();
      const [head] = (await once(stream, 'response')) as [{ ':status': number }];
      return head[':status'];
    }),
  );
  assert.deepEqual(
    statuses,
    Array.from({ length: 6 }, () => 404),
  );
  if (!session.closed) await once(session, 'close');
  assert.equal(goaways[0], 2 ** 31 - 1);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number>();
  for (let i = 0; i < 4; i++) ports.add(await getFrom(serving.proxy, agent));
  assert.equal(ports.size, 2);
  agent.destroy();
  assert.equal(await serving.stop(), 0);
});

/** The port on our side. */
function getFrom(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, agent, rejectUnauthorized: false }, (incoming) => {
      const { localPort } = incoming.socket;
      incoming.resume();
      incoming.on('end', () => resolve(localPort!));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('what does not fit stops the start and says why', async () => {
  const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ KONG_SSL_CERT: '/nowhere.pem', KONG_SSL_CERT_KEY: '/nowhere.key' }, /ssl_cert: cannot read \/nowhere\.pem/],
    [{ KONG_SSL_CERT: fixture('schema/cert-ec') }, /ssl_cert: as many keys as certificates/],
    [
      { KONG_SSL_CERT: fixture('schema/cert-ec'), KONG_SSL_CERT_KEY: fixture('schema/key-ec2') },
      /ssl_cert: certificate 1 does not match its key/,
    ],
    [{ KONG_CLIENT_SSL: 'on' }, /client_ssl/],
    [{ KONG_SSL_CIPHER_SUITE: 'custom' }, /ssl_ciphers: required/],
    [{ KONG_SSL_CIPHER_SUITE: 'best' }, /KONG_SSL_CIPHER_SUITE/],
    [{ KONG_SSL_SESSION_TIMEOUT: 'soon' }, /ssl_session_timeout/],
  ];
  const listens = { proxy: parseListen('proxy_listen', LISTEN.KONG_PROXY_LISTEN), admin: [], status: [] };
  for (const [env, message] of wrong) {
    assert.throws(() => readServeTls(loadConfig({}, env), listens, undefined), message);
  }
  const [env, message] = wrong[0]!;
  const { ended, output } = run([], env);
  assert.notEqual(await ended, 0);
  assert.match(output.text, message);
});

const settings = (env: Readonly<Record<string, string>>) => readTlsSettings(loadConfig({}, env));

test('suites stand for ciphers and versions', () => {
  const { ciphers, minVersion, maxVersion } = settings({});
  assert.deepEqual([minVersion, maxVersion], ['TLSv1.2', 'TLSv1.3']);
  assert.ok(ciphers.includes('ECDHE-ECDSA-AES128-GCM-SHA256') && !ciphers.includes('AES128-SHA:'));
  assert.equal(settings({ KONG_SSL_CIPHER_SUITE: 'modern' }).minVersion, 'TLSv1.3');
  assert.equal(settings({ KONG_SSL_CIPHER_SUITE: 'modern' }).preferServerCiphers, false);
  assert.equal(settings({ KONG_SSL_CIPHER_SUITE: 'old' }).minVersion, 'TLSv1');
  assert.ok(!settings({ KONG_SSL_CIPHER_SUITE: 'fips' }).ciphers.includes('CHACHA20'));
  for (const name of ['modern', 'intermediate', 'old', 'fips']) {
    assert.doesNotThrow(() => tls.createSecureContext({ ciphers: settings({ KONG_SSL_CIPHER_SUITE: name }).ciphers }));
  }
});

test("a suite of one's own has ciphers and versions of one's own", () => {
  const own = (protocols: string) =>
    settings({
      KONG_SSL_CIPHER_SUITE: 'custom',
      KONG_SSL_CIPHERS: 'ECDHE-RSA-AES256-GCM-SHA384',
      KONG_SSL_PROTOCOLS: protocols,
    });
  const { ciphers, minVersion, maxVersion } = own('TLSv1.1 TLSv1.2');
  assert.ok(ciphers.endsWith('ECDHE-RSA-AES256-GCM-SHA384'));
  assert.deepEqual([minVersion, maxVersion], ['TLSv1.1', 'TLSv1.2']);
  assert.throws(() => own('TLSv1.1 TLSv1.3'), /without a gap/);
  assert.throws(() => own('SSLv3'), /ssl_protocols/);
});

test('times have units', () => {
  const seconds = (text: string) => settings({ KONG_SSL_SESSION_TIMEOUT: text }).sessionTimeoutSeconds;
  assert.deepEqual(['90', '90s', '2m', '3h', '1d'].map(seconds), [90, 90, 120, 10_800, 86_400]);
});
