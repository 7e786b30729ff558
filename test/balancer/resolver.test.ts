import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { plainEndpoint } from '../../src/gateway/dns/answer.ts';
import { DnsClient } from '../../src/gateway/dns/client.ts';
import type { AskedType, Found } from '../../src/gateway/dns/lookup.ts';
import { lookUp } from '../../src/gateway/dns/lookup.ts';
import { createResolver, type ResolverOptions } from '../../src/gateway/dns/resolver.ts';
import { candidates, nameServers, parseResolvConf } from '../../src/gateway/dns/system.ts';
import { startNameServer } from './name-server.ts';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const found = (...addresses: string[]): Found => ({ type: 'A', ttl: 10, endpoints: addresses.map(plainEndpoint) });

/** A resolver on a clock of its own, in milliseconds. */
function resolverOn(t: TestContext, options: ResolverOptions) {
  const clock = { now: 0 };
  const resolver = createResolver({ now: () => clock.now, ...options });
  t.after(() => resolver.close());
  return { resolver, clock };
}

/** One that asks a real name server. */
async function networked(t: TestContext, options: ResolverOptions = {}) {
  const server = await startNameServer(t);
  return { server, ...resolverOn(t, { dns_resolver: [server.address], ...options }) };
}

describe('the resolver', () => {
  test('answers addresses and localhost at once', (t) => {
    const { resolver } = resolverOn(t, { lookup: async () => undefined });
    assert.deepEqual(resolver.resolve('10.0.0.1'), ['10.0.0.1']);
    assert.deepEqual(resolver.resolve('::1'), ['::1']);
    assert.deepEqual(resolver.resolve('[::1]'), ['::1']);
    assert.deepEqual(resolver.resolve('localhost'), ['127.0.0.1']);
  });

  test('knows the names of the hosts file, IPv4 first, whatever their case', (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'hosts-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const dns_hostsfile = join(directory, 'hosts');
    writeFileSync(dns_hostsfile, '# mine\nfd00::7 box.test\n10.9.9.9\tbox.test  Box # the box\n10.9.9.8 other.test\n');
    const { resolver } = resolverOn(t, { dns_hostsfile, lookup: async () => undefined });
    assert.deepEqual(resolver.resolve('box.test'), ['10.9.9.9', 'fd00::7']);
    assert.deepEqual(resolver.resolve('BOX'), ['10.9.9.9']);
  });

  test('answers at once what it knows', async (t) => {
    const { resolver } = resolverOn(t, { lookup: async () => found('10.0.0.1') });
    assert.deepEqual(await resolver.resolve('a.test'), ['10.0.0.1']);
    assert.deepEqual(resolver.resolve('a.test'), ['10.0.0.1']);
  });

  test('asks once for all that wait', async (t) => {
    let asked = 0;
    const { resolver } = resolverOn(t, {
      lookup: async () => {
        asked += 1;
        return found('10.0.0.1');
      },
    });
    await Promise.all([resolver.resolve('a.test'), resolver.resolve('a.test')]);
    assert.equal(asked, 1);
  });

  test('gives the old answer while it fetches a new one', async (t) => {
    let answer = '10.0.0.1';
    const { resolver, clock } = resolverOn(t, { lookup: async () => found(answer) });
    await resolver.resolve('a.test');
    answer = '10.0.0.2';
    clock.now += 11_000;
    assert.deepEqual(resolver.resolve('a.test'), ['10.0.0.1']);
    await settled();
    assert.deepEqual(resolver.resolve('a.test'), ['10.0.0.2']);
  });

  test('serves the last answer on while the name servers are down, but not for ever', async (t) => {
    let isDown = false;
    const { resolver, clock } = resolverOn(t, {
      dns_stale_ttl: 60,
      lookup: async () => (isDown ? Promise.reject(new Error('no answer')) : found('10.0.0.1')),
    });
    await resolver.resolve('a.test');
    isDown = true;
    clock.now += 20_000;
    await resolver.resolve('a.test');
    await settled();
    assert.deepEqual(resolver.resolve('a.test'), ['10.0.0.1']);
    clock.now += 51_000;
    await assert.rejects(async () => await resolver.resolve('a.test'), /no answer/);
  });

  for (const [what, dns_valid_ttl, ttl, lifetime] of [
    ['at least a second', undefined, 0, 1],
    ['as long as its records say', undefined, 300, 300],
    ['as long as dns_valid_ttl says', 5, 300, 5],
  ] as const) {
    test(`keeps an answer ${what}`, async (t) => {
      let asked = 0;
      const { resolver, clock } = resolverOn(t, {
        dns_valid_ttl,
        lookup: async () => {
          asked += 1;
          return { ...found('10.0.0.1'), ttl };
        },
      });
      await resolver.resolve('a.test');
      clock.now += lifetime * 1000 - 1;
      await resolver.resolve('a.test');
      assert.equal(asked, 1);
      clock.now += 2;
      await resolver.resolve('a.test');
      assert.equal(asked, 2);
    });
  }

  test('remembers for dns_not_found_ttl that a name does not exist', async (t) => {
    let asked = 0;
    const { resolver, clock } = resolverOn(t, {
      lookup: async () => {
        asked += 1;
        return undefined;
      },
    });
    assert.deepEqual(await resolver.resolve('no.test'), []);
    clock.now += 29_000;
    assert.deepEqual(resolver.resolve('no.test'), []);
    assert.equal(asked, 1);
    clock.now += 2000;
    await resolver.resolve('no.test');
    assert.equal(asked, 2);
  });

  test('remembers for dns_error_ttl that nobody could tell', async (t) => {
    let asked = 0;
    const { resolver, clock } = resolverOn(t, {
      lookup: async () => {
        asked += 1;
        throw new Error('no answer');
      },
    });
    await assert.rejects(async () => await resolver.resolve('a.test'), /no answer/);
    clock.now += 900;
    await assert.rejects(async () => await resolver.resolve('a.test'), /no answer/);
    assert.equal(asked, 1);
    clock.now += 200;
    await assert.rejects(async () => await resolver.resolve('a.test'), /no answer/);
    assert.equal(asked, 2);
  });

  test('forgets the oldest name when there are more than dns_cache_size', async (t) => {
    const asked: string[] = [];
    const { resolver } = resolverOn(t, {
      dns_cache_size: 2,
      lookup: async (host) => {
        asked.push(host);
        return found('10.0.0.1');
      },
    });
    for (const host of ['a.test', 'b.test', 'c.test', 'c.test', 'b.test', 'a.test']) await resolver.resolve(host);
    assert.deepEqual(asked, ['a.test', 'b.test', 'c.test', 'a.test']);
  });

  test('asks in the order of dns_order, what it had last time first', async (t) => {
    const asked: (readonly AskedType[])[] = [];
    const { resolver, clock } = resolverOn(t, {
      dns_order: ['LAST', 'SRV', 'A', 'CNAME'],
      lookup: async (_host, types) => {
        asked.push(types);
        return found('10.0.0.1');
      },
    });
    await resolver.resolve('a.test');
    clock.now += 11_000;
    await resolver.resolve('a.test');
    assert.deepEqual(asked, [
      ['SRV', 'A'],
      ['A', 'SRV'],
    ]);
  });

  test('requests take turns among the addresses, by weight where there are weights', async (t) => {
    const { resolver } = resolverOn(t, {
      lookup: async (host) =>
        host === 'even.test'
          ? found('10.0.0.1', '10.0.0.2', '10.0.0.3')
          : {
              type: 'SRV',
              ttl: 10,
              endpoints: [9, 1].map((weight, i) => ({ ...plainEndpoint(`10.0.0.${i}`), weight, port: 1 })),
            },
    });
    const even = await resolver.answer('even.test');
    assert.deepEqual([even.start(), even.start(), even.start(), even.start()], [0, 1, 2, 0]);
    const uneven = await resolver.answer('uneven.test');
    const firsts = Array.from({ length: 5000 }, () => uneven.start()).filter((start) => start === 0).length;
    assert.ok(firsts > 4300 && firsts < 4700, `${firsts} of 5000 began with nine tenths of the weight`);
  });
});

describe('asking a name server', () => {
  test('for A, with the lifetime of its records', async (t) => {
    const { server, resolver, clock } = await networked(t);
    server.zone.set('two.test', [
      { type: 'A', value: '10.0.0.1', ttl: 30 },
      { type: 'A', value: '10.0.0.2', ttl: 20 },
    ]);
    assert.deepEqual(await resolver.resolve('two.test'), ['10.0.0.1', '10.0.0.2']);
    assert.deepEqual(server.questions, ['SRV two.test', 'A two.test']);
    clock.now += 19_000;
    await resolver.resolve('two.test');
    assert.equal(server.questions.length, 2);
    clock.now += 2000;
    await resolver.resolve('two.test');
    for (let i = 0; i < 100 && server.questions.length < 3; i++) await new Promise((next) => setTimeout(next, 5));
    assert.equal(server.questions[2], 'A two.test');
  });

  test('for AAAA only where dns_order names it, and there is no A', async (t) => {
    const { server, resolver } = await networked(t, { dns_order: ['LAST', 'SRV', 'A', 'AAAA', 'CNAME'] });
    server.zone.set('six.test', [{ type: 'AAAA', value: 'fd000000000000000000000000000001' }]);
    assert.deepEqual(await resolver.resolve('six.test'), ['fd00::1']);
    assert.deepEqual(server.questions, ['SRV six.test', 'A six.test', 'AAAA six.test']);
  });

  test('for nothing but what dns_order names', async (t) => {
    const { server, resolver } = await networked(t, { dns_order: ['A'] });
    server.zone.set('six.test', [{ type: 'AAAA', value: 'fd000000000000000000000000000001' }]);
    assert.deepEqual(await resolver.resolve('six.test'), []);
    assert.deepEqual(server.questions, ['A six.test']);
  });

  test('SRV: the best priority only, weight 0 as 1, port 0 as none, every target with its addresses', async (t) => {
    const { server, resolver } = await networked(t);
    server.zone.set('_web._tcp.test', [
      { type: 'SRV', value: 'one.test', port: 8001, weight: 5, priority: 1 },
      { type: 'SRV', value: 'two.test', port: 0, weight: 0, priority: 1 },
      { type: 'SRV', value: 'spare.test', port: 8003, weight: 9, priority: 2 },
    ]);
    server.zone.set('one.test', [
      { type: 'A', value: '10.0.0.1' },
      { type: 'A', value: '10.0.0.2' },
    ]);
    server.zone.set('two.test', [{ type: 'A', value: '10.0.0.3' }]);
    server.zone.set('spare.test', [{ type: 'A', value: '10.0.0.4' }]);
    const answer = await resolver.answer('_web._tcp.test');
    assert.equal(answer.kind, 'SRV');
    assert.deepEqual(answer.endpoints, [
      { address: '10.0.0.1', port: 8001, weight: 5, name: 'one.test' },
      { address: '10.0.0.2', port: 8001, weight: 5, name: 'one.test' },
      { address: '10.0.0.3', port: undefined, weight: 1, name: 'two.test' },
    ]);
  });

  test('aliases are followed; the shortest lifetime on the way counts', async (t) => {
    const { server, resolver, clock } = await networked(t, { dns_order: ['A'] });
    server.zone.set('www.test', [{ type: 'CNAME', value: 'lb.test', ttl: 5 }]);
    server.zone.set('lb.test', [{ type: 'A', value: '10.0.0.7', ttl: 100 }]);
    assert.deepEqual(await resolver.resolve('www.test'), ['10.0.0.7']);
    clock.now += 5001;
    await resolver.resolve('www.test');
    for (let i = 0; i < 100 && server.questions.length < 2; i++) await new Promise((next) => setTimeout(next, 5));
    assert.equal(server.questions.length, 2);
  });

  test('aliases that go around in a circle lead nowhere', async (t) => {
    const { server, resolver } = await networked(t, { dns_order: ['A'] });
    server.zone.set('a.test', [{ type: 'CNAME', value: 'b.test' }]);
    server.zone.set('b.test', [{ type: 'CNAME', value: 'a.test' }]);
    assert.deepEqual(await resolver.resolve('a.test'), []);
  });

  test('an answer that does not fit is fetched over TCP', async (t) => {
    const { server, resolver } = await networked(t, { dns_order: ['A'] });
    server.isTruncating = true;
    server.zone.set(
      'many.test',
      Array.from({ length: 100 }, (_, i) => ({ type: 'A', value: `10.0.1.${i}` }) as const),
    );
    assert.equal((await resolver.resolve('many.test')).length, 64, 'and at most 64 addresses are kept');
    assert.deepEqual(server.questions, ['A many.test', 'A many.test']);
  });

  test('what does not answer the question is not listened to', async (t) => {
    for (const spoil of [
      (question: Buffer) => {
        const wrong = Buffer.from(question);
        wrong.writeUInt16BE(wrong.readUInt16BE(0) ^ 1, 0);
        wrong[2] = 0x81;
        return wrong;
      },
      // The question itself, not marked as an answer.
      (question: Buffer) => question,
      () => Buffer.from('nonsense'),
      () => Buffer.alloc(0),
    ]) {
      const { server, resolver } = await networked(t, { dns_order: ['A'] });
      server.noise = spoil;
      server.zone.set('a.test', [{ type: 'A', value: '10.0.0.1' }]);
      assert.deepEqual(await resolver.resolve('a.test'), ['10.0.0.1']);
    }
  });

  test('a server that fails is passed over for the next one', async (t) => {
    const broken = await startNameServer(t);
    const { server, resolver } = await networked(t, {});
    const both = createResolver({ dns_resolver: [broken.address, server.address], dns_order: ['A'] });
    t.after(() => both.close());
    broken.trouble.set('a.test', 2);
    server.zone.set('a.test', [{ type: 'A', value: '10.0.0.1' }]);
    assert.deepEqual(await both.resolve('a.test'), ['10.0.0.1']);
    server.trouble.set('b.test', 5);
    await assert.rejects(async () => await resolver.resolve('b.test'), /cannot resolve b\.test/);
  });

  test('a server that is silent is passed over too, and none at all is an error', async (t) => {
    const silent = await startNameServer(t);
    const server = await startNameServer(t);
    silent.trouble.set('a.test', -1);
    silent.trouble.set('b.test', -1);
    server.zone.set('a.test', [{ type: 'A', value: '10.0.0.1' }]);
    const conf = { search: [], ndots: 1, timeoutMs: 50, attempts: 1 };
    const both = new DnsClient({ servers: nameServers([silent.address, server.address]), ...conf });
    assert.deepEqual((await lookUp(both, 'a.test', ['A'], conf))?.endpoints, [plainEndpoint('10.0.0.1')]);
    const none = new DnsClient({ servers: nameServers([silent.address]), ...conf });
    await assert.rejects(lookUp(none, 'b.test', ['A'], conf), /cannot resolve b\.test: no answer/);
  });

  test('a name that cannot be one is an error', async (t) => {
    const { resolver } = await networked(t);
    for (const name of ['a..test', `${'x'.repeat(64)}.test`, `${'abcdefgh.'.repeat(30)}test`]) {
      await assert.rejects(async () => await resolver.resolve(name), /no host name/);
    }
  });

  test('short names are completed by the search domains', async (t) => {
    const server = await startNameServer(t);
    server.zone.set('db.svc.test', [{ type: 'A', value: '10.0.0.1' }]);
    const conf = { search: ['ns.test', 'svc.test'], ndots: 2, timeoutMs: 500, attempts: 1 };
    const client = new DnsClient({ servers: nameServers([server.address]), ...conf });
    assert.deepEqual((await lookUp(client, 'db', ['A'], conf))?.endpoints, [plainEndpoint('10.0.0.1')]);
    assert.deepEqual(server.questions, ['A db.ns.test', 'A db.svc.test']);
  });
});

describe('resolv.conf', () => {
  test('search, domain and options are read, comments are not', () => {
    assert.deepEqual(
      parseResolvConf(
        'nameserver 10.0.0.2\ndomain x.test\nsearch a.test b.test ; c.test\noptions ndots:5 timeout:1 rotate\n',
      ),
      { search: ['a.test', 'b.test'], ndots: 5, timeoutMs: 1000, attempts: 2 },
    );
    assert.deepEqual(parseResolvConf(''), { search: [], ndots: 1, timeoutMs: 2000, attempts: 2 });
  });

  test('names with enough dots are tried as they are first, those with a dot at the end only so', () => {
    const conf = { search: ['a.test'], ndots: 1, timeoutMs: 1, attempts: 1 };
    assert.deepEqual(candidates('db', conf), ['db.a.test', 'db']);
    assert.deepEqual(candidates('db.prod', conf), ['db.prod', 'db.prod.a.test']);
    assert.deepEqual(candidates('db.', conf), ['db']);
  });
});

test('dns_resolver takes addresses with and without a port, and nothing else', () => {
  assert.deepEqual(nameServers(['10.0.0.2', '10.0.0.2:8600', 'fd00::2', '[fd00::2]:8600']), [
    { address: '10.0.0.2', port: 53 },
    { address: '10.0.0.2', port: 8600 },
    { address: 'fd00::2', port: 53 },
    { address: 'fd00::2', port: 8600 },
  ]);
  for (const wrong of ['dns.test', '10.0.0.2:0', '10.0.0.2:70000', ''])
    assert.throws(() => nameServers([wrong]), /no name server/);
});
