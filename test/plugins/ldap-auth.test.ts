// ldap-auth against a real OpenLDAP server.
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Running, start } from './gateway-fixture.ts';
import { type LdapServer, missingLdap, startLdap } from './ldap-server.ts';

const ldap = (text: string, scheme = 'LDAP'): string => `${scheme} ${Buffer.from(text).toString('base64')}`;
const as = (text: string, scheme?: string) => ({ headers: { Authorization: ldap(text, scheme) } });

const missing = missingLdap();
if (missing !== undefined) console.log(`ldap-auth is not tested: ${missing}`);

describe('ldap-auth', { skip: missing !== undefined && missing }, () => {
  let server: LdapServer;
  before(async () => {
    server = await startLdap();
  });
  after(async () => {
    await server?.remove();
  });

  async function withLdap(config: JsonObject, run: (running: Running) => Promise<void>): Promise<void> {
    const base = {
      ldap_host: '127.0.0.1',
      ldap_port: server.port,
      base_dn: 'ou=people,dc=example,dc=test',
      attribute: 'cn',
      timeout: 3000,
    };
    const running = await start({ plugins: [{ name: 'ldap-auth', config: { ...base, ...config } }] });
    try {
      await run(running);
    } finally {
      await running.close();
    }
  }

  test('a user with the right password passes, without a consumer', async () => {
    await withLdap({}, async ({ send, echo }) => {
      assert.equal(
        (await send({ headers: { ...as('einstein:password').headers, 'X-Consumer-Username': 'root' } })).status,
        200,
      );
      const seen = echo.requests.at(-1)!.headers;
      assert.equal(seen['x-credential-identifier'], 'einstein');
      assert.equal(seen['x-consumer-id'], undefined);
      assert.equal(seen['x-consumer-username'], undefined);
      assert.equal(seen['x-anonymous-consumer'], undefined);
      assert.equal(seen['authorization'], ldap('einstein:password'));
      assert.equal((await send(as('curie:pass:word', 'ldap'))).status, 200);
      assert.equal((await send(as('noether, emmy:ring'))).status, 200);
      assert.equal((await send({ headers: { 'Proxy-Authorization': ldap('einstein:password') } })).status, 200);
    });
  });

  test('everybody else gets a challenge', async () => {
    await withLdap({ realm: 'r' }, async ({ send, echo }) => {
      const headers = [
        '',
        'foobar',
        ldap('einstein:password', 'invalidldap'),
        ldap('einstein:password', 'basic'),
        ldap('einstein:wrong'),
        ldap('einstein:'),
        ldap('einstein'),
        ldap(':password'),
        ldap('nobody:password'),
        ldap('einstein:pass:word'),
        ldap(`einstein:${'x'.repeat(4000)}`),
        `LDAP ${Buffer.from([...Buffer.from('einstein:'), 0xff]).toString('base64')}`,
        // No way out of the place of a name: the root of the directory has another one.
        ldap('einstein,ou=people:password'),
        ldap('root,dc=example,dc=test:root-password'),
      ];
      for (const Authorization of headers) {
        const received = await send({ headers: { Authorization } });
        assert.equal(received.status, 401, Authorization);
        assert.equal((JSON.parse(received.text) as JsonObject)['message'], 'Unauthorized');
        assert.deepEqual(received.header('www-authenticate'), ['LDAP realm="r"']);
      }
      assert.equal((await send({})).status, 401);
      assert.equal(echo.requests.length, 0);
    });
  });

  test('an empty password never reaches the server: to it that would be an anonymous bind', async () => {
    await withLdap({ cache_ttl: 0 }, async ({ send }) => {
      const before = server.binds();
      assert.equal((await send(as('einstein:'))).status, 401);
      assert.equal((await send(as('einstein:wrong'))).status, 401);
      await sleep(50);
      assert.equal(server.binds() - before, 1);
    });
  });

  test('Authorization counts when Proxy-Authorization is wrong; both are hidden', async () => {
    await withLdap({ hide_credentials: true }, async ({ send, echo }) => {
      const headers = { 'Proxy-Authorization': ldap('einstein:wrong'), Authorization: ldap('einstein:password') };
      assert.equal((await send({ headers })).status, 200);
      const seen = echo.requests.at(-1)!.headers;
      assert.equal(seen['authorization'], undefined);
      assert.equal(seen['proxy-authorization'], undefined);
    });
  });

  test('header_type names the scheme', async () => {
    await withLdap({ header_type: 'Basic' }, async ({ send }) => {
      assert.equal((await send(as('einstein:password', 'basic'))).status, 200);
      const refused = await send(as('einstein:password', 'ldap'));
      assert.equal(refused.status, 401);
      assert.deepEqual(refused.header('www-authenticate'), ['Basic']);
    });
  });

  test('verdicts are kept for cache_ttl, right ones and wrong ones', async () => {
    await withLdap({ cache_ttl: 3 }, async ({ send }) => {
      const before = server.binds();
      for (let i = 0; i < 3; i++) assert.equal((await send(as('curie:pass:word'))).status, 200);
      for (let i = 0; i < 3; i++) assert.equal((await send(as('curie:new'))).status, 401);
      await Promise.all([1, 2, 3].map(() => send(as('curie:together'))));
      await sleep(50);
      assert.equal(server.binds() - before, 3);
      server.setPassword('curie', 'new');
      try {
        assert.equal((await send(as('curie:new'))).status, 401);
        await sleep(3100);
        assert.equal((await send(as('curie:new'))).status, 200);
        assert.equal((await send(as('curie:pass:word'))).status, 401);
      } finally {
        server.setPassword('curie', 'pass:word');
      }
    });
    await withLdap({ cache_ttl: 0 }, async ({ send }) => {
      const before = server.binds();
      for (let i = 0; i < 3; i++) assert.equal((await send(as('curie:pass:word'))).status, 200);
      await sleep(50);
      assert.equal(server.binds() - before, 3);
    });
  });

  test('StartTLS and LDAPS; without TLS the server takes no password there', async () => {
    const secure = { base_dn: 'ou=secure,dc=example,dc=test', cache_ttl: 0 };
    await withLdap(secure, async ({ send }) => assert.equal((await send(as('einstein:password'))).status, 401));
    for (const config of [{ start_tls: true }, { ldaps: true, ldap_port: server.tlsPort }]) {
      await withLdap({ ...secure, ...config }, async ({ send }) => {
        // Several, so that a kept connection is used too.
        for (let i = 0; i < 3; i++) assert.equal((await send(as('einstein:password'))).status, 200);
        assert.equal((await send(as('einstein:wrong'))).status, 401);
        const many = await Promise.all([1, 2, 3, 4].map(() => send(as('einstein:password'))));
        assert.deepEqual(
          many.map(({ status }) => status),
          [200, 200, 200, 200],
        );
      });
      await withLdap({ ...secure, ...config, verify_ldap_host: true }, async ({ send, logs }) => {
        const received = await send(as('einstein:password'));
        assert.equal(received.status, 500);
        assert.match(received.text, /An unexpected error occurred/);
        assert.ok(logs.some((line) => line.includes('[ldap-auth] the LDAP server cannot be asked')));
      });
    }
  });

  test('a server that was started again is found again, and a kept connection is never a plain one', async () => {
    const base_dn = 'ou=secure,dc=example,dc=test';
    for (const config of [{}, { base_dn, start_tls: true }, { base_dn, ldaps: true, ldap_port: server.tlsPort }]) {
      await withLdap({ ...config, cache_ttl: 0, anonymous: 'anonymous' }, async ({ send }) => {
        assert.equal((await send(as('einstein:password'))).status, 200);
        await server.stop();
        const received = await send(as('einstein:password'));
        assert.equal(received.status, 500, 'a server out of reach is no reason to let a caller in as anonymous');
        await server.start();
        assert.equal((await send(as('einstein:password'))).status, 200);
      });
    }
  });

  test('a server that says nothing, or nonsense, costs the timeout at most', async () => {
    const sockets = new Set<Socket>();
    for (const answer of ['', 'HTTP/1.1 400 Bad Request\r\n\r\n', '\u0030\u0084\u00ff\u00ff\u00ff\u00ff']) {
      const silent = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('data', () => socket.write(answer, 'latin1'));
      });
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const { port } = silent.address() as AddressInfo;
      for (const config of [{}, { start_tls: true }, { ldaps: true }]) {
        await withLdap({ ...config, ldap_port: port, timeout: 200 }, async ({ send }) => {
          const startedAt = performance.now();
          assert.equal((await send(as('einstein:password'))).status, 500);
          assert.ok(performance.now() - startedAt < 2500);
        });
      }
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => silent.close(resolve));
    }
  });

  test('the timeout is for the whole question: a kept connection that grows silent does not start it again', async () => {
    let silent = false;
    const slow = createServer((client) => {
      const onward = connect(server.port, '127.0.0.1');
      for (const socket of [client, onward]) socket.on('error', () => undefined);
      client.on('close', () => onward.destroy());
      client.pipe(onward);
      onward.on('data', (chunk) => silent || client.write(chunk));
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    const { port } = slow.address() as AddressInfo;
    try {
      await withLdap({ ldap_port: port, timeout: 1000, cache_ttl: 0 }, async ({ send }) => {
        assert.equal((await send(as('einstein:password'))).status, 200);
        silent = true;
        const startedAt = performance.now();
        assert.equal((await send(as('einstein:password'))).status, 500);
        const took = performance.now() - startedAt;
        assert.ok(took > 950 && took < 1700, `it took ${took} ms`);
        silent = false;
        assert.equal((await send(as('einstein:password'))).status, 200, 'the next caller gets a connection of his own');
      });
    } finally {
      slow.close();
    }
  });
});
