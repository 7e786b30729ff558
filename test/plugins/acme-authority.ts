// A small ACME authority, written from RFC 8555: it checks nonces and signatures, fetches the challenge over HTTP as a real
// one does, and lets OpenSSL sign the request.
import { execFileSync } from 'node:child_process';
import { createHash, createHmac, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Authority {
  readonly directory: string;
  readonly orders: string[];
  readonly accounts: Record<string, unknown>[];
  /** Where challenges are fetched, whatever the host is. */
  challengePort: number;
  /** The next signed request is told that its nonce is bad. */
  failNonce: boolean;
  close(): Promise<void>;
}

export function opensslMissing(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no OpenSSL is installed (Debian: apt-get install openssl)';
  }
}

export const BINDING = { kid: 'kid-1', secret: Buffer.from('a shared secret').toString('base64url') };

export async function startAuthority(days = 90): Promise<Authority> {
  const folder = mkdtempSync(join(tmpdir(), 'acme-'));
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Test CA',
    '-days',
    '5',
  );
  const nonces = new Set<string>();
  const keys = new Map<string, KeyObject>();
  const orders = new Map<
    string,
    { host: string; token: string; status: string; authorized: string; cert?: string; account: string }
  >();
  const authority: Authority = {
    directory: '',
    orders: [],
    accounts: [],
    challengePort: 0,
    failNonce: false,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true });
    },
  };
  let base = '';

  function issue(host: string, csr: string): string {
    writeFileSync(join(folder, 'csr.der'), Buffer.from(csr, 'base64url'));
    openssl('req', '-inform', 'der', '-in', 'csr.der', '-out', 'csr.pem', '-verify');
    const text = execFileSync('openssl', ['req', '-in', 'csr.pem', '-noout', '-text'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (!text.includes(`DNS:${host}`)) throw new Error('the request is for another host');
    openssl(
      'x509',
      '-req',
      '-in',
      'csr.pem',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      String(days),
      '-out',
      'cert.pem',
    );
    return readFileSync(join(folder, 'cert.pem'), 'utf8') + readFileSync(join(folder, 'ca.pem'), 'utf8');
  }

  const fetchChallenge = (host: string, token: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const path = `/.well-known/acme-challenge/${token}`;
      const options = { host: '127.0.0.1', port: authority.challengePort, path, headers: { Host: host }, agent: false };
      httpRequest(options, async (incoming) => {
        let body = '';
        for await (const chunk of incoming) body += String(chunk);
        if (incoming.statusCode === 200) resolve(body);
        else reject(new Error(`status ${incoming.statusCode}`));
      })
        .on('error', reject)
        .end();
    });

  const answer = (
    response: ServerResponse,
    status: number,
    body: unknown,
    headers: Record<string, string> = {},
  ): void => {
    const nonce = randomBytes(12).toString('base64url');
    nonces.add(nonce);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'Replay-Nonce': nonce, 'Content-Type': 'application/json', ...headers }).end(text);
  };
  const problem = (response: ServerResponse, type: string, detail: string): void =>
    answer(response, 400, { type: `urn:ietf:params:acme:error:${type}`, detail });

  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const path = request.url!;
    if (path === '/acme/directory') {
      answer(response, 200, { newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` });
      return;
    }
    if (path === '/nonce') return answer(response, 200, '');
    const jws = JSON.parse(text) as { protected: string; payload: string; signature: string };
    const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as {
      alg: string;
      nonce: string;
      url: string;
      kid?: string;
      jwk?: Record<string, string>;
    };
    if (!nonces.delete(header.nonce) || authority.failNonce) {
      authority.failNonce = false;
      return problem(response, 'badNonce', 'the nonce is not known');
    }
    if (header.url !== base + path) return problem(response, 'unauthorized', 'another url');
    const key = header.jwk === undefined ? keys.get(header.kid!) : createPublicKey({ key: header.jwk, format: 'jwk' });
    if (key === undefined) return problem(response, 'accountDoesNotExist', 'who is that');
    const data = Buffer.from(`${jws.protected}.${jws.payload}`);
    const encoding = header.alg === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key;
    if (!verify('sha256', data, encoding, Buffer.from(jws.signature, 'base64url'))) {
      return problem(response, 'malformed', 'the signature is wrong');
    }
    const payload = (jws.payload === '' ? {} : JSON.parse(Buffer.from(jws.payload, 'base64url').toString())) as Record<
      string,
      unknown
    >;
    const [, kind, id = ''] = path.split('/');
    if (kind === 'account') {
      const bound = payload['externalAccountBinding'] as
        | { protected: string; payload: string; signature: string }
        | undefined;
      if (bound !== undefined) {
        const mac = createHmac('sha256', Buffer.from(BINDING.secret, 'base64url')).update(
          `${bound.protected}.${bound.payload}`,
        );
        if (mac.digest('base64url') !== bound.signature) return problem(response, 'unauthorized', 'wrong binding');
      }
      authority.accounts.push(payload);
      const url = `${base}/account/${authority.accounts.length}`;
      keys.set(url, key);
      return answer(response, 201, { status: 'valid' }, { Location: url });
    }
    if (kind === 'order' && id === '') {
      const host = (payload['identifiers'] as { value: string }[])[0]!.value;
      const name = String(orders.size + 1);
      orders.set(name, {
        host,
        token: randomBytes(16).toString('base64url'),
        status: 'pending',
        authorized: 'pending',
        account: header.kid!,
      });
      authority.orders.push(host);
      return answer(
        response,
        201,
        { status: 'pending', authorizations: [`${base}/authz/${name}`], finalize: `${base}/finalize/${name}` },
        { Location: `${base}/order/${name}` },
      );
    }
    const order = orders.get(id);
    if (order === undefined) return problem(response, 'malformed', 'no such thing');
    if (kind === 'authz') {
      const challenges = [
        { type: 'dns-01', url: 'x', token: 'x' },
        { type: 'http-01', url: `${base}/challenge/${id}`, token: order.token },
      ];
      return answer(response, 200, {
        status: order.authorized,
        challenges: challenges.map((one) =>
          order.authorized === 'invalid' ? { ...one, error: { detail: 'challenge failed' } } : one,
        ),
      });
    }
    if (kind === 'challenge') {
      const jwk = keys.get(order.account)!.export({ format: 'jwk' }) as Record<string, string>;
      const canonical =
        jwk['kty'] === 'RSA'
          ? { e: jwk['e'], kty: 'RSA', n: jwk['n'] }
          : { crv: jwk['crv'], kty: 'EC', x: jwk['x'], y: jwk['y'] };
      const expected = `${order.token}.${createHash('sha256').update(JSON.stringify(canonical)).digest('base64url')}`;
      const shown = await fetchChallenge(order.host, order.token).catch(String);
      order.authorized = shown === expected ? 'valid' : 'invalid';
      order.status = order.authorized === 'valid' ? 'ready' : 'invalid';
      return answer(response, 200, { status: order.authorized });
    }
    if (kind === 'finalize') {
      order.cert = issue(order.host, String(payload['csr']));
      order.status = 'valid';
    }
    if (kind === 'cert')
      return answer(response, 200, order.cert ?? '', { 'Content-Type': 'application/pem-certificate-chain' });
    const more = order.cert === undefined ? {} : { certificate: `${base}/cert/${id}` };
    return answer(response, 200, { status: order.status, finalize: `${base}/finalize/${id}`, ...more });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(authority, { directory: `${base}/acme` });
}
