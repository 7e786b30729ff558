// Client certificates that their authority has taken back: what mtls-auth asks, whom, how often, and what it makes of the answers.
// The authority is OpenSSL.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import type { JsonObject } from '../../src/lib/json.ts';
import { readFields } from '../../src/plugins/mtls-auth/certificate-fields.ts';
import { idOf, questionAbout, readAnswer } from '../../src/plugins/mtls-auth/ocsp.ts';
import { isListed, readList } from '../../src/plugins/mtls-auth/revocation-list.ts';
import { type Running, start, until } from '../gateway/rig.ts';
import { connectTls, exchangeText, onTls, serverTls } from '../gateway/tls-rig.ts';
import { opensslMissing } from './acme-authority.ts';
import { type EchoUpstream, startEcho } from './echo-upstream.ts';
import { type Issued, LIST, OCSP, type RevokingAuthority, startRevokingAuthority } from './revoking-authority.ts';

const skip = opensslMissing() ?? false;
const ROOT = '00000000-0000-4000-8000-0000000000d1';

let echo: EchoUpstream;
before(async () => {
  echo = await startEcho();
});
after(() => echo.close());

async function withAuthority(run: (authority: RevokingAuthority) => Promise<void>): Promise<void> {
  const authority = await startRevokingAuthority();
  try {
    await run(authority);
  } finally {
    await authority.close();
  }
}

async function running({ root }: RevokingAuthority, config: JsonObject): Promise<Running> {
  const gateway = await start(
    {
      ca_certificates: [{ id: ROOT, cert: root }],
      consumers: [{ username: 'somebody' }],
      services: [{ name: 's', url: `http://127.0.0.1:${echo.port}`, routes: [{ name: 'r', paths: ['/'] }] }],
      plugins: [{ name: 'mtls-auth', config: { ca_certificates: [ROOT], default_consumer: 'somebody', ...config } }],
    },
    { tls: serverTls, listen: [onTls] },
  );
  after(() => gateway.close());
  return gateway;
}

const statusIn = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);

/** On a connection of its own. */
async function ask({ port }: Running, { cert, key }: Issued): Promise<number> {
  const socket = await connectTls(port, { cert, key });
  return statusIn(await exchangeText(socket, 'GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'));
}

/** What the two modes that check answer to one certificate. */
async function inBothModes(
  authority: RevokingAuthority,
  issued: Issued,
  config: JsonObject = {},
): Promise<{ readonly STRICT: number; readonly IGNORE_CA_ERROR: number }> {
  const [STRICT, IGNORE_CA_ERROR] = await Promise.all(
    ['STRICT', 'IGNORE_CA_ERROR'].map(async (revocation_check_mode) => {
      const gateway = await running(authority, { revocation_check_mode, http_timeout: 2000, ...config });
      return ask(gateway, issued);
    }),
  );
  return { STRICT: STRICT!, IGNORE_CA_ERROR: IGNORE_CA_ERROR! };
}

const PASSES = { STRICT: 200, IGNORE_CA_ERROR: 200 };
const REVOKED = { STRICT: 401, IGNORE_CA_ERROR: 401 };
const NOT_KNOWN = { STRICT: 401, IGNORE_CA_ERROR: 200 };

for (const [what, extension] of [
  ['an OCSP responder', OCSP],
  ['a revocation list', LIST],
] as const) {
  test(`${what} tells good certificates from those that are revoked`, { skip }, () =>
    withAuthority(async (authority) => {
      const [good, bad] = ['good', 'bad'].map((name) => authority.issue(name, { extensions: [extension] }));
      authority.revoke('bad');
      assert.deepEqual(await inBothModes(authority, good!), PASSES);
      assert.deepEqual(await inBothModes(authority, bad!), REVOKED);
      const blind = await running(authority, { revocation_check_mode: 'SKIP' });
      authority.asked.length = 0;
      assert.equal(await ask(blind, bad!), 200);
      assert.deepEqual(authority.asked, []);
    }),
  );
}

test('the refusal of a revoked certificate is that of one that is not trusted, and the log says why', { skip }, () =>
  withAuthority(async (authority) => {
    const bad = authority.issue('bad', { extensions: [LIST] });
    authority.revoke('bad');
    const gateway = await running(authority, {});
    const socket = await connectTls(gateway.port, { ...bad });
    const text = await exchangeText(socket, 'GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    assert.match(text, /TLS certificate failed verification/);
    assert.equal(gateway.logs.filter((line) => /^warn .*client certificate is refused/.test(line)).length, 1);
    const open = await running(authority, { anonymous: 'somebody' });
    assert.equal(await ask(open, bad), 200);
    assert.equal(echo.requests.at(-1)!.headers['x-anonymous-consumer'], 'true');
  }),
);

test('the responder is asked first, and the list only where it does not tell', { skip }, () =>
  withAuthority(async (authority) => {
    const good = authority.issue('good', { extensions: [OCSP, LIST] });
    const unknown = authority.issue('unknown', { extensions: [OCSP, LIST] });
    authority.forget('unknown');
    const gateway = await running(authority, { revocation_check_mode: 'STRICT' });
    assert.equal(await ask(gateway, good), 200);
    assert.deepEqual(authority.asked.splice(0), ['POST /ocsp']);
    assert.equal(await ask(gateway, unknown), 200);
    assert.deepEqual(authority.asked.splice(0), ['POST /ocsp', 'GET /list']);
  }),
);

test('a revoked certificate stays so while the responder is out of order and the list is there', { skip }, () =>
  withAuthority(async (authority) => {
    const bad = authority.issue('bad', { extensions: [OCSP, LIST] });
    authority.revoke('bad');
    authority.instead = ({ url }, response) => {
      if (url === '/ocsp') response.writeHead(503).end();
      else response.end(authority.list());
    };
    assert.deepEqual(await inBothModes(authority, bad), REVOKED);
  }),
);

test(
  'what the responder does not know, or what names nowhere to ask, passes only where not everything must be known',
  {
    skip,
  },
  () =>
    withAuthority(async (authority) => {
      const unknown = authority.issue('unknown', { extensions: [OCSP] });
      authority.forget('unknown');
      assert.deepEqual(await inBothModes(authority, unknown), NOT_KNOWN);
      const silent = authority.issue('silent');
      assert.deepEqual(await inBothModes(authority, silent), NOT_KNOWN);
    }),
);

const OUT_OF_ORDER: Readonly<Record<string, RevokingAuthority['instead']>> = {
  'hangs up': (_request, response) => response.destroy(),
  'says nothing': () => undefined,
  'stops in the middle': (_request, response) => {
    response.writeHead(200, { 'content-length': 1000 });
    response.write('x');
  },
  'sends something else': (_request, response) => response.end('<html></html>'),
  'sends nothing': (_request, response) => response.end(),
  'sends it elsewhere': (_request, response) => response.writeHead(302, { location: '/' }).end(),
  'does not end': (_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(256 * 1024, 0x30)));
    };
    response.on('drain', more);
    more();
  },
};

for (const [what, instead] of Object.entries(OUT_OF_ORDER)) {
  test(`an authority that ${what} has told nothing`, { skip }, () =>
    withAuthority(async (authority) => {
      authority.instead = instead;
      for (const extension of [OCSP, LIST]) {
        const issued = authority.issue('one', { extensions: [extension] });
        assert.deepEqual(await inBothModes(authority, issued, { http_timeout: 500 }), NOT_KNOWN, extension);
      }
    }),
  );
}

test(
  'a list that is not signed by the issuer, is out of date, or is for other certificates, tells nothing',
  { skip },
  () =>
    withAuthority(async (authority) => {
      const other = await startRevokingAuthority();
      const one = authority.issue('one', { extensions: [LIST] });
      authority.issue('lister', { extensions: ['basicConstraints=CA:TRUE', 'keyUsage=keyCertSign,cRLSign'] });
      for (const [what, list] of [
        ['of another authority with the same name', other.list()],
        ['of an authority below', authority.list([], 'lister')],
        ['expired', authority.list(['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20200102000000Z'])],
        ['with another name', authority.list(['-crlexts', 'other_list'])],
        ['for authorities only', authority.list(['-crlexts', 'authorities_list'])],
        ['for some reasons only', authority.list(['-crlexts', 'some_reasons_list'])],
        ['with something that must be understood', authority.list(['-crlexts', 'odd_list'])],
        ['of the future', authority.list(['-crl_lastupdate', '20990101000000Z', '-crl_nextupdate', '20990102000000Z'])],
      ] as const) {
        authority.instead = (_request, response) => response.end(list);
        assert.deepEqual(await inBothModes(authority, one), NOT_KNOWN, what);
      }
      await other.close();
    }),
);

test('an answer counts when the authority signed it, or somebody whom it lets do so', { skip }, () =>
  withAuthority(async (authority) => {
    const one = authority.issue('one', { extensions: [OCSP] });
    authority.issue('responder', { extensions: ['extendedKeyUsage=OCSPSigning'] });
    authority.issue('client', { extensions: ['extendedKeyUsage=clientAuth'] });
    for (const [by, expected] of [
      ['responder', PASSES],
      ['client', NOT_KNOWN],
    ] as const) {
      authority.instead = (_request, response, body) => response.end(authority.answer(body, by));
      assert.deepEqual(await inBothModes(authority, one), expected, by);
    }
    const other = await startRevokingAuthority();
    other.issue('responder', { extensions: ['extendedKeyUsage=OCSPSigning'] });
    authority.instead = (_request, response, body) => response.end(other.answer(body, 'responder'));
    assert.deepEqual(await inBothModes(authority, one), NOT_KNOWN, 'a responder of another authority');
    await other.close();
  }),
);

test('an answer about another certificate tells nothing', { skip }, () =>
  withAuthority(async (authority) => {
    const [one, two] = ['one', 'two'].map((name) => authority.issue(name, { extensions: [OCSP] }));
    let first: Buffer | undefined;
    authority.instead = (_request, response, body) => {
      first ??= authority.answer(body);
      response.end(first);
    };
    assert.deepEqual(await inBothModes(authority, one!), PASSES);
    assert.deepEqual(await inBothModes(authority, two!), NOT_KNOWN);
  }),
);

test('lists may come as PEM, and may say which they are', { skip }, () =>
  withAuthority(async (authority) => {
    const one = authority.issue('one', { extensions: [LIST] });
    const pem = `-----BEGIN X509 CRL-----\n${authority.list().toString('base64')}\n-----END X509 CRL-----\n`;
    for (const list of [pem, authority.list(['-crlexts', 'own_list']), authority.list(['-crlexts', 'clients_list'])]) {
      authority.instead = (_request, response) => response.end(list);
      assert.deepEqual(await inBothModes(authority, one), PASSES);
    }
  }),
);

/** What a responder or a list says of a revoked certificate, with some bytes changed. */
const changes = fc.array(fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });
const changed = (bytes: Buffer, places: readonly (readonly [number, number])[]): Buffer => {
  const copy = Buffer.from(bytes);
  for (const [at, by] of places) copy[at % copy.length]! ^= by;
  return copy;
};

test('whatever is changed in an answer or in a list, a revoked certificate does not become good', { skip }, () =>
  withAuthority(async (authority) => {
    const bad = new X509Certificate(authority.issue('bad').cert);
    authority.revoke('bad');
    const issuer = new X509Certificate(authority.root);
    const now = Date.now();
    const fields = readFields(bad.raw);
    const id = idOf(fields, readFields(issuer.raw));
    const answer = authority.answer(questionAbout(id));
    assert.equal(readAnswer(answer, { id, issuer, now }).status, 'revoked');
    assert.throws(() => readAnswer(answer, { id, issuer, now: now + 2 * 86_400_000 }), /expired/);
    fc.assert(
      fc.property(changes, (places) => {
        try {
          assert.equal(readAnswer(changed(answer, places), { id, issuer, now }).status, 'revoked');
        } catch (problem) {
          if (problem instanceof assert.AssertionError) throw problem;
        }
      }),
    );
    const list = authority.list();
    const listed = { serial: fields.serial, isAuthority: false, names: [] };
    assert.equal(isListed(listed, await readList(list, { issuer, now })), true);
    await fc.assert(
      fc.asyncProperty(changes, async (places) => {
        const read = await readList(changed(list, places), { issuer, now }).catch(() => undefined);
        assert.ok(read === undefined || isListed(listed, read));
      }),
    );
  }),
);

test('nobody asks where a certificate says that leads to no trusted one', { skip }, () =>
  withAuthority(async (authority) => {
    const stranger = await startRevokingAuthority('Stranger');
    const issued = stranger.issue('one', { extensions: [OCSP, LIST] });
    assert.deepEqual(await inBothModes(authority, issued), REVOKED);
    assert.deepEqual(stranger.asked, []);
    await stranger.close();
  }),
);

test('an authority is asked once for many connections, and again after the time of the cache', { skip }, () =>
  withAuthority(async (authority) => {
    const one = authority.issue('one', { extensions: [LIST] });
    const gateway = await running(authority, { revocation_check_mode: 'STRICT', cert_cache_ttl: 2000 });
    assert.deepEqual(await Promise.all(Array.from({ length: 8 }, () => ask(gateway, one))), Array(8).fill(200));
    assert.deepEqual(authority.asked, ['GET /list']);
    authority.revoke('one');
    assert.equal(await ask(gateway, one), 200);
    await pause(2100);
    assert.equal(await ask(gateway, one), 401);
    assert.deepEqual(authority.asked, ['GET /list', 'GET /list']);
  }),
);

test('a connection that stays open is asked about again too', { skip }, () =>
  withAuthority(async (authority) => {
    const one = authority.issue('one', { extensions: [OCSP] });
    const { port } = await running(authority, { revocation_check_mode: 'STRICT', cert_cache_ttl: 100 });
    const socket = await connectTls(port, { ...one });
    let received = '';
    socket.on('data', (chunk) => (received += String(chunk)));
    const statuses = (): string[] => [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status!);
    socket.write('GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n');
    await until(() => statuses().length === 1, 'the first answer');
    authority.revoke('one');
    await pause(1100);
    socket.write('GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n');
    await until(() => statuses().length === 2, 'the second answer');
    assert.deepEqual(statuses(), ['200', '401']);
    socket.destroy();
  }),
);

test(
  'what an authority said holds to its end while it cannot be reached; that it could not is not kept',
  { skip },
  () =>
    withAuthority(async (authority) => {
      const [good, bad] = ['good', 'bad'].map((name) => authority.issue(name, { extensions: [LIST] }));
      authority.revoke('bad');
      const gateway = await running(authority, { revocation_check_mode: 'STRICT', cert_cache_ttl: 1 });
      const broken: RevokingAuthority['instead'] = (_request, response) => response.destroy();
      authority.instead = broken;
      assert.equal(await ask(gateway, good!), 401);
      authority.instead = undefined;
      assert.equal(await ask(gateway, good!), 200);
      authority.instead = broken;
      assert.equal(await ask(gateway, good!), 200);
      assert.equal(await ask(gateway, bad!), 401);
    }),
);

test('where the responder was heard before and is silent now, what the list says now counts more', { skip }, () =>
  withAuthority(async (authority) => {
    const one = authority.issue('one', { extensions: [OCSP, LIST] });
    const gateway = await running(authority, { revocation_check_mode: 'STRICT', cert_cache_ttl: 200 });
    assert.equal(await ask(gateway, one), 200);
    authority.revoke('one');
    await pause(300);
    authority.instead = ({ url }, response) => {
      if (url === '/ocsp') response.destroy();
      else response.end(authority.list());
    };
    assert.equal(await ask(gateway, one), 401);
  }),
);

test('an authority in the middle that was taken back vouches for nobody', { skip }, () =>
  withAuthority(async (authority) => {
    const authorities = ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign,cRLSign'];
    for (const name of ['sound', 'fallen']) authority.issue(name, { extensions: [...authorities, LIST] });
    authority.revoke('fallen');
    for (const [by, expected] of [
      ['sound', 200],
      ['fallen', 401],
    ] as const) {
      const issued = authority.issue(`of-${by}`, { by });
      const gateway = await running(authority, {});
      assert.equal(await ask(gateway, issued), expected, by);
    }
  }),
);

test('an authority that may not sign lists has told nothing with one', { skip }, () =>
  withAuthority(async (authority) => {
    for (const [by, usage, expected] of [
      ['lister', 'keyCertSign,cRLSign', 401],
      ['issuer', 'keyCertSign', 200],
    ] as const) {
      authority.issue(by, { extensions: ['basicConstraints=critical,CA:TRUE', `keyUsage=${usage}`] });
      const bad = authority.issue(`of-${by}`, { by, extensions: [LIST] });
      authority.revoke(`of-${by}`);
      authority.instead = (_request, response) => response.end(authority.list([], by));
      assert.equal(await ask(await running(authority, {}), bad), expected, by);
    }
  }),
);

test('a proxy is asked in place of the authority', { skip }, () =>
  withAuthority(async (authority) => {
    const one = authority.issue('one', { extensions: [LIST] });
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end(authority.list());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const gateway = await running(authority, {
      revocation_check_mode: 'STRICT',
      http_proxy_host: '127.0.0.1',
      http_proxy_port: (proxy.address() as AddressInfo).port,
    });
    assert.equal(await ask(gateway, one), 200);
    assert.deepEqual(asked, [`GET http://127.0.0.1:${authority.port}/list`]);
    assert.deepEqual(authority.asked, []);
    proxy.closeAllConnections();
    proxy.close();
  }),
);
