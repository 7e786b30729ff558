// mtls-auth between real clients and the gateway: who is asked for a certificate, who passes, and as whom.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, start, until } from '../gateway/rig.ts';
import { connectTls, exchangeText, onTls, serverTls } from '../gateway/tls-rig.ts';
import { type EchoUpstream, startEcho } from './echo-upstream.ts';

const pem = (name: string): string =>
  readFileSync(new URL(`../../fixtures/tls/clients/${name}.pem`, import.meta.url), 'utf8');
const showing = (name: string): ConnectionOptions => ({ cert: pem(name), key: pem('client.key') });

const ROOT = '00000000-0000-4000-8000-0000000000a1';
const OTHER_ROOT = '00000000-0000-4000-8000-0000000000a2';
const INTERMEDIATE = '00000000-0000-4000-8000-0000000000a3';
const PLUGIN = '00000000-0000-4000-8000-0000000000b1';
const CREDENTIAL = '00000000-0000-4000-8000-0000000000c1';

const echo: EchoUpstream = await startEcho();
after(() => echo.close());

interface SetUp {
  readonly config?: JsonObject;
  readonly plugins?: readonly JsonObject[];
  /** Of the route; none by default. */
  readonly route?: JsonObject;
  readonly routes?: readonly JsonObject[];
  readonly consumers?: readonly JsonObject[];
  readonly http2?: boolean;
}

const mtls = (config: JsonObject = {}): JsonObject => ({
  id: PLUGIN,
  name: 'mtls-auth',
  config: { ca_certificates: [ROOT], ...config },
});

async function running({ config, plugins, route, routes, consumers = [], http2 = false }: SetUp): Promise<Running> {
  const guarded = { name: 'guarded', paths: ['/'], plugins: [mtls(config), ...(plugins ?? [])], ...route };
  const content = {
    ca_certificates: [
      { id: ROOT, cert: pem('root') },
      { id: OTHER_ROOT, cert: pem('other-root') },
      { id: INTERMEDIATE, cert: pem('intermediate') },
    ],
    consumers: [{ username: 'bob', custom_id: 'c-bob' }, { username: 'ann' }, { username: 'nobody' }, ...consumers],
    services: [{ name: 's', url: `http://127.0.0.1:${echo.port}`, routes: routes ?? [guarded] }],
  };
  const gateway = await start(content, { tls: serverTls, listen: [onTls, { host: '127.0.0.1', port: 0 }], http2 });
  after(() => gateway.close());
  return gateway;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(
  { port }: Running,
  tls: ConnectionOptions = {},
  { host = 'a.test', path = '/x', lines = '' } = {},
): Promise<Answer> {
  const socket = await connectTls(port, tls);
  const text = await exchangeText(socket, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines}Connection: close\r\n\r\n`);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]), text };
}

const seen = (name: string): string | undefined => echo.requests.at(-1)!.headers[name] as string | undefined;

test('a certificate whose name is a consumer lets that consumer pass', async () => {
  const gateway = await running({});
  assert.equal((await ask(gateway, showing('bob'))).status, 200);
  assert.equal(seen('x-consumer-username'), 'bob');
  assert.equal(seen('x-credential-identifier'), 'bob');
  assert.equal(seen('x-client-cert-dn'), undefined);
  assert.equal((await ask(gateway, showing('custom'))).status, 200);
  assert.equal(seen('x-consumer-username'), 'bob');
  assert.equal((await ask(gateway, showing('by-san'))).status, 200);
  assert.equal(seen('x-consumer-username'), 'bob');
  assert.equal((await ask(gateway, showing('chained'))).status, 200);
  assert.equal(seen('x-consumer-username'), 'ann');
});

test('no certificate, one that is not trusted and one of nobody are refused, each in its words', async () => {
  const gateway = await running({});
  const none = await ask(gateway);
  assert.equal(none.status, 401);
  assert.match(none.text, /No required TLS certificate was sent/);
  for (const name of [
    'other',
    'forged',
    'expired',
    'server-only',
    'too-deep',
    'narrow',
    'by-client',
    'chained-alone',
  ]) {
    const refused = await ask(gateway, showing(name));
    assert.equal(refused.status, 401, name);
    assert.match(refused.text, /TLS certificate failed verification/, name);
  }
  const stranger = await ask(gateway, showing('stranger'));
  assert.equal(stranger.status, 401);
  assert.ok(gateway.logs.includes('info [mtls-auth] a client certificate is that of nobody'));
  assert.match(stranger.text, /Unauthorized/);
});

test('the log record says what became of the certificate', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gwctl-mtls-'));
  const path = join(folder, 'log');
  try {
    const gateway = await running({ plugins: [{ name: 'file-log', config: { path } }] });
    for (const tls of [{}, showing('bob'), showing('forged')]) await ask(gateway, tls);
    const records = (): JsonObject[] =>
      existsSync(path)
        ? readFileSync(path, 'utf8')
            .trim()
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => JSON.parse(line) as JsonObject)
        : [];
    await until(() => records().length === 3, 'three records');
    assert.deepEqual(
      records().map(({ request }) => ((request as JsonObject)['tls'] as JsonObject)['client_verify']),
      ['NONE', 'SUCCESS', 'FAILED:not trusted'],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a request in clear text has no certificate', async () => {
  const gateway = await running({});
  const { port } = gateway.gateway.addresses[1]!;
  const response = await fetch(`http://127.0.0.1:${port}/x`);
  assert.equal(response.status, 401);
  assert.match(await response.text(), /No required TLS certificate was sent/);
});

test('a credential decides before the names of consumers, for one authority or for any', async () => {
  const credential = (more: JsonObject): JsonObject => ({
    username: 'mapped',
    mtls_auth_credentials: [{ id: CREDENTIAL, subject_name: 'bob', ...more }],
  });
  for (const [more, username] of [
    [{}, 'mapped'],
    [{ ca_certificate: { id: ROOT } }, 'mapped'],
    [{ ca_certificate: { id: OTHER_ROOT } }, 'bob'],
  ] as const) {
    const gateway = await running({ consumers: [credential(more)] });
    assert.equal((await ask(gateway, showing('bob'))).status, 200);
    assert.equal(seen('x-consumer-username'), username);
    assert.equal(seen('x-credential-identifier'), username === 'bob' ? 'bob' : CREDENTIAL);
    await gateway.close();
  }
});

test('a credential for an authority decides before one for any, whichever name comes first in the certificate', async () => {
  const consumers = [
    { username: 'for-any', mtls_auth_credentials: [{ id: CREDENTIAL, subject_name: 's@example.test' }] },
    {
      username: 'for-root',
      mtls_auth_credentials: [
        { id: CREDENTIAL.replace('c1', 'c2'), subject_name: 'Somebody', ca_certificate: { id: ROOT } },
      ],
    },
  ];
  const gateway = await running({ consumers });
  assert.equal((await ask(gateway, showing('by-san'))).status, 200);
  assert.equal(seen('x-consumer-username'), 'for-root');
});

test('a credential for an authority in the middle of the chain counts when that one is trusted by name', async () => {
  const consumers = [
    {
      username: 'mapped',
      mtls_auth_credentials: [{ id: CREDENTIAL, subject_name: 'ann', ca_certificate: { id: INTERMEDIATE } }],
    },
  ];
  const gateway = await running({ consumers, config: { ca_certificates: [ROOT, INTERMEDIATE] } });
  assert.equal((await ask(gateway, showing('chained-alone'))).status, 200);
  assert.equal(seen('x-consumer-username'), 'mapped');
});

/** Asks twice on one connection, with a change in between; answers both statuses. */
async function askTwice({ port }: Running, tls: ConnectionOptions, change: () => Promise<void>): Promise<number[]> {
  const socket = await connectTls(port, tls);
  let received = '';
  socket.on('data', (chunk) => (received += String(chunk)));
  const statuses = (): number[] => [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  for (const count of [1, 2]) {
    if (count === 2) await change();
    socket.write('GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n');
    await until(() => statuses().length === count, `answer ${count}`);
  }
  socket.destroy();
  return statuses();
}

test('a credential that is taken away counts for nothing on a connection that was good before', async () => {
  const consumers = [{ username: 'mapped', mtls_auth_credentials: [{ id: CREDENTIAL, subject_name: 'stranger' }] }];
  const gateway = await running({ consumers });
  const statuses = await askTwice(gateway, showing('stranger'), async () => {
    await gateway.store.commit([{ action: 'delete', kind: 'mtls_auth_credentials', id: CREDENTIAL }]);
  });
  assert.deepEqual(statuses, [200, 401]);
});

test('an authority whose certificate is replaced vouches no more, on open connections too', async () => {
  const gateway = await running({});
  const statuses = await askTwice(gateway, showing('bob'), async () => {
    const authority = gateway.store.state.get('ca_certificates', ROOT)!;
    const entity = { ...authority, cert: pem('intermediate'), cert_digest: 'new' };
    const written = await gateway.store.commit([{ action: 'update', kind: 'ca_certificates', entity }]);
    assert.ok(written.ok);
  });
  assert.deepEqual(statuses, [200, 401]);
});

test('consumer_by says what of a consumer is compared, in order', async () => {
  const gateway = await running({ config: { consumer_by: ['username'] } });
  assert.equal((await ask(gateway, showing('custom'))).status, 401);
  assert.equal((await ask(gateway, showing('bob'))).status, 200);
});

test('a default consumer stands for trusted certificates of nobody, and for no others', async () => {
  const gateway = await running({ config: { default_consumer: 'nobody' } });
  assert.equal((await ask(gateway, showing('stranger'))).status, 200);
  assert.equal(seen('x-consumer-username'), 'nobody');
  assert.equal(seen('x-anonymous-consumer'), undefined);
  assert.equal((await ask(gateway, showing('bob'))).status, 200);
  assert.equal(seen('x-consumer-username'), 'bob');
  assert.equal((await ask(gateway, showing('other'))).status, 401);
  assert.equal((await ask(gateway)).status, 401);
});

test('anonymous lets everybody pass, as somebody else', async () => {
  const gateway = await running({ config: { anonymous: 'nobody' } });
  for (const tls of [{}, showing('other'), showing('stranger')]) {
    assert.equal((await ask(gateway, tls)).status, 200);
    assert.equal(seen('x-consumer-username'), 'nobody');
    assert.equal(seen('x-anonymous-consumer'), 'true');
  }
  assert.equal((await ask(gateway, showing('bob'))).status, 200);
  assert.equal(seen('x-consumer-username'), 'bob');
});

test('without a look-up the names go upstream and acl decides by them', async () => {
  const acl = (allow: string): JsonObject => ({ name: 'acl', config: { allow: [allow] } });
  for (const [by, group] of [
    ['CN', 'bob'],
    ['DN', 'CN=bob,O=Example\\, Inc.,C=NO'],
  ] as const) {
    const config = { skip_consumer_lookup: true, authenticated_group_by: by };
    const gateway = await running({ config, plugins: [acl(group)] });
    assert.equal((await ask(gateway, showing('bob'))).status, 200);
    assert.equal(seen('x-client-cert-dn'), 'CN=bob,O=Example\\, Inc.,C=NO');
    assert.equal(seen('x-client-cert-san'), undefined);
    assert.equal(seen('x-consumer-username'), undefined);
    assert.equal(seen('x-authenticated-groups'), group);
    assert.equal((await ask(gateway, showing('stranger'))).status, 403);
    await gateway.close();
  }
  const named = await running({ config: { skip_consumer_lookup: true } });
  assert.equal((await ask(named, showing('by-san'))).status, 200);
  assert.equal(seen('x-client-cert-san'), 'email:s@example.test, DNS:bob, IP Address:192.0.2.7');
});

test('what a client says itself of its certificate does not go upstream', async () => {
  const gateway = await running({});
  const names = ['X-Client-Cert-DN', 'x-client-cert-san', 'X_Client_Cert_DN', 'X-Client_cert-SAN'];
  const lines = names.map((name) => `${name}: CN=admin\r\n`).join('');
  assert.equal((await ask(gateway, showing('bob'), { lines })).status, 200);
  for (const name of names) assert.equal(seen(name.toLowerCase()), undefined, name);
});

test('an authority that is no root is trusted alone only where that is allowed', async () => {
  const strict = await running({ config: { ca_certificates: [INTERMEDIATE] } });
  assert.equal((await ask(strict, showing('chained'))).status, 401);
  const partial = await running({ config: { ca_certificates: [INTERMEDIATE], allow_partial_chain: true } });
  assert.equal((await ask(partial, showing('chained'))).status, 200);
  assert.equal((await ask(partial, showing('bob'))).status, 401);
});

const open = { name: 'open', paths: ['/'], hosts: ['open.test'] };
const guardedBy = (match: JsonObject, config: JsonObject = {}): JsonObject => ({
  name: `guarded-${JSON.stringify(match).replace(/[^a-z]+/g, '-')}`,
  paths: ['/'],
  ...match,
  plugins: [mtls(config)],
});

test('only clients whose server name may lead to the plugin are asked', async () => {
  const gateway = await running({ routes: [open, guardedBy({ hosts: ['mtls.test', '*.mtls.test'] })] });
  const status = async (servername: string | undefined, host: string): Promise<number> =>
    (await ask(gateway, { ...showing('bob'), ...(servername !== undefined && { servername }) }, { host })).status;
  assert.equal(await status('mtls.test', 'mtls.test'), 200);
  assert.equal(await status('mtls.test', 'mtls.test:8443'), 200);
  assert.equal(await status('x.mtls.test', 'x.mtls.test'), 200);
  // No name, or one that no route has: it may be anybody's.
  assert.equal(await status(undefined, 'mtls.test'), 200);
  assert.equal(await status('gateway.test', 'mtls.test'), 200);
  // The name of another host.
  assert.equal(await status('open.test', 'open.test'), 200);
  assert.equal(await status('mtls.test', 'open.test'), 200);
  assert.equal(await status('open.test', 'mtls.test'), 421);
});

test('a request on a connection that was asked for other certificates belongs elsewhere', async () => {
  const routes = [
    guardedBy({ hosts: ['one.test'] }),
    {
      ...guardedBy({ hosts: ['two.test'] }),
      plugins: [{ name: 'mtls-auth', config: { ca_certificates: [OTHER_ROOT] } }],
    },
  ];
  const gateway = await running({ routes });
  const status = async (servername: string, host: string, name: string): Promise<number> =>
    (await ask(gateway, { ...showing(name), servername }, { host })).status;
  assert.equal(await status('one.test', 'one.test', 'bob'), 200);
  assert.equal(await status('two.test', 'two.test', 'other'), 200);
  assert.equal(await status('two.test', 'two.test', 'bob'), 401);
  assert.equal(await status('one.test', 'two.test', 'other'), 421);
  assert.equal(await status('two.test', 'one.test', 'bob'), 421);
});

test('where anonymous is set, a connection that was not asked is sent elsewhere all the same', async () => {
  const gateway = await running({ routes: [open, guardedBy({ hosts: ['mtls.test'] }, { anonymous: 'nobody' })] });
  assert.equal((await ask(gateway, { servername: 'open.test' }, { host: 'mtls.test' })).status, 421);
  assert.equal((await ask(gateway, { servername: 'mtls.test' }, { host: 'mtls.test' })).status, 200);
});

test('sessions of clients that were asked are not taken up again', async () => {
  const gateway = await running({});
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const sessions: Buffer[] = [];
    const socket = await connectTls(gateway.port, { ...showing('bob'), maxVersion });
    socket.on('session', (session) => sessions.push(session));
    await exchangeText(socket, 'GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    const session = sessions.at(-1) ?? socket.getSession();
    const again = await connectTls(gateway.port, { maxVersion, ...(session === undefined ? {} : { session }) });
    assert.equal(again.isSessionReused(), false);
    const text = await exchangeText(again, 'GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    assert.match(text, /^HTTP\/1\.1 401/);
  }
});

test('an authority that comes into the configuration, or leaves it, counts for the next connection', async () => {
  const gateway = await running({});
  assert.equal((await ask(gateway, showing('other'))).status, 401);
  const plugin = gateway.store.state.get('plugins', PLUGIN)!;
  const config = plugin['config'] as JsonObject;
  const change = async (ids: readonly string[]): Promise<void> => {
    const entity = { ...plugin, config: { ...config, ca_certificates: [...ids] } };
    assert.ok((await gateway.store.commit([{ action: 'update', kind: 'plugins', entity }])).ok);
  };
  await change([ROOT, OTHER_ROOT]);
  assert.equal((await ask(gateway, showing('other'))).status, 200);
  await change([OTHER_ROOT]);
  assert.equal((await ask(gateway, showing('bob'))).status, 401);
});

test('it is the same over HTTP/2', async () => {
  const gateway = await running({ http2: true });
  for (const [name, expected] of [
    ['bob', 200],
    ['other', 401],
  ] as const) {
    const session = connectHttp2(`https://127.0.0.1:${gateway.port}`, { rejectUnauthorized: false, ...showing(name) });
    const status = await new Promise<unknown>((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({ ':path': '/x', ':authority': 'a.test' });
      stream.on('response', (headers) => resolve(headers[':status']));
      stream.on('error', reject);
      stream.resume();
    });
    assert.equal(status, expected, name);
    session.destroy();
  }
});

test('a proxy is named with its port', async () => {
  for (const config of [{ http_proxy_host: '127.0.0.1' }, { https_proxy_port: 3128 }]) {
    await assert.rejects(
      running({ config }),
      /all or none of these fields must be set: 'https?_proxy_host', 'https?_proxy_port'/,
    );
  }
});
