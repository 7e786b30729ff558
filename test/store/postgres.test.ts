// The store in PostgreSQL, on a real server: the contract, several nodes on one database, a database that goes away.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { GwctlError } from '../../src/lib/errors.ts';
import { deleteExpired } from '../../src/store/expire.ts';
import type { PostgresAddress } from '../../src/store/postgres/address.ts';
import { openPostgresStore } from '../../src/store/postgres/open.ts';
import type { PostgresStore } from '../../src/store/postgres/postgres-store.ts';
import { accept, testContract } from './contract.ts';
import {
  consumer,
  contents,
  create,
  empty,
  entity,
  names,
  remove,
  route,
  schemas,
  service,
  update,
} from './entities.ts';
import { findPostgres, type PostgresServer, startPostgres } from './postgres-server.ts';

const found = findPostgres();
if ('missing' in found) {
  test('the PostgreSQL store', (context) => context.skip(found.missing));
} else {
  const server = await startPostgres(found.binaries);
  const opened: PostgresStore[] = [];
  after(async () => {
    server.thaw();
    for (const store of opened) await store.close();
    await server.remove();
  });
  testEverything(server, opened);
}

function testEverything(server: PostgresServer, opened: PostgresStore[]): void {
  const addresses = new WeakMap<object, PostgresAddress>();
  /** Nobody hears of anything by looking for it, unless a test is about that. */
  const open = async (
    address: PostgresAddress,
    report?: (level: string, message: string) => void,
    pollMs = 60_000,
  ): Promise<PostgresStore> => {
    const store = await openPostgresStore({ address, schemas, pollMs, ...(report === undefined ? {} : { report }) });
    opened.push(store);
    addresses.set(store, address);
    return store;
  };
  const openTwo = async (): Promise<[PostgresStore, PostgresStore, PostgresAddress]> => {
    const address = await server.createDatabase();
    return [await open(address), await open(address), address];
  };
  const sql = async (address: PostgresAddress, statement: string): Promise<Record<string, unknown>[]> => {
    const { host, port, user, password, database } = address;
    const client = new pg.Client({ host, port, user, password: password!, database });
    await client.connect();
    const result = await client.query(statement).finally(() => client.end());
    return result.rows as Record<string, unknown>[];
  };
  const until = async (isReached: () => boolean, what: string, ms = 8000): Promise<void> => {
    for (const end = Date.now() + ms; Date.now() < end; await delay(10)) if (isReached()) return;
    assert.fail(`never happened: ${what}`);
  };
  const isUnavailable = (error: unknown): boolean => {
    assert.ok(error instanceof GwctlError, String(error));
    assert.equal(error.code, 'E_STORE_UNAVAILABLE');
    assert.doesNotMatch(`${error.message} ${error.details} ${error.stack} ${error.cause}`, /p@ss|p%40ss/);
    return true;
  };

  testContract('postgres', {
    open: async () => open(await server.createDatabase()),
    reopen: (store) => open(addresses.get(store)!),
  });

  test('a write on one node is heard of on the other, with its cascades', async () => {
    const [a, b] = await openTwo();
    const heard: string[][] = [];
    b.subscribe((state) => heard.push(names(state, 'consumers', 'username')));
    const one = consumer('one');
    const key = entity('keyauth_credentials', { key: 'k', consumer: { id: one.id } });
    await accept(a, create('consumers', one), create('keyauth_credentials', key));
    await until(() => b.state.count('keyauth_credentials') === 1, 'the key on the other node');
    assert.deepEqual(contents(b.state), contents(a.state));
    await accept(b, remove('consumers', one.id));
    await until(() => a.state.count('consumers') === 0, 'the deletion on the first node');
    assert.deepEqual(contents(a.state), {});
    assert.deepEqual(heard, [['one'], []]);
  });

  test('what did not change stays the same object on the node that hears of a write', async () => {
    const [a, b] = await openTwo();
    const kept = service('kept');
    await accept(a, create('services', kept));
    await until(() => b.state.count('services') === 1, 'the service');
    const before = [b.state.get('services', kept.id), b.state.generation('consumers')];
    await accept(a, create('services', service('other')));
    await until(() => b.state.count('services') === 2, 'the other service');
    assert.ok(b.state.get('services', kept.id) === before[0]);
    assert.ok(b.state.generation('consumers') === before[1]);
  });

  test('of two nodes that give one name at once, exactly one wins, and both agree', async () => {
    const [a, b] = await openTwo();
    for (let round = 0; round < 25; round++) {
      const results = await Promise.all([
        a.commit([create('services', service(`s${round}`))]),
        b.commit([create('services', service(`s${round}`))]),
      ]);
      assert.deepEqual(results.map((result) => result.ok).sort(), [false, true], `round ${round}`);
      const loser = results.find((result) => !result.ok)!;
      assert.ok(!loser.ok && loser.error.code === 'unique');
    }
    await until(() => a.state.count('services') === 25 && b.state.count('services') === 25, 'all services');
    assert.deepEqual(contents(a.state), contents(b.state));
  });

  test('a service that one node deletes cannot get a route on the other', async () => {
    const [a, b] = await openTwo();
    for (let round = 0; round < 10; round++) {
      const one = service(`s${round}`);
      await accept(a, create('services', one));
      const [deleted, routed] = await Promise.all([
        a.commit([remove('services', one.id)]),
        b.commit([create('routes', route(`r${round}`, one.id))]),
      ]);
      assert.notEqual(deleted.ok, routed.ok, `round ${round}`);
    }
  });

  test('many writers on two nodes: nothing is lost, and a counter counts them all', async () => {
    const [a, b] = await openTwo();
    const counter = service('counter');
    await accept(a, create('services', { ...counter, retries: 0 }));
    const raise = (store: PostgresStore) =>
      store.commit((latest) => {
        const now = latest.get('services', counter.id)!;
        return [update('services', { ...now, retries: Number(now['retries']) + 1 })];
      });
    for (let i = 0; i < 20; i++) await Promise.all([raise(a), raise(b), raise(a)]);
    await until(() => b.state.get('services', counter.id)!['retries'] === 60, 'all raises on b');
    await until(() => a.state.get('services', counter.id)!['retries'] === 60, 'all raises on a');
  });

  test('a whole replacement of many entities reaches the other node, and nodes that are behind read everything', async () => {
    const [a, b, address] = await openTwo();
    const kept = service('kept');
    await accept(a, create('services', service('gone')), create('services', kept));
    await until(() => b.state.count('services') === 2, 'the services');
    const before = b.state.get('services', kept.id);
    const made = Array.from({ length: 6000 }, (_, i) => create('services', service(`s${i}`)));
    const many = empty.with([...made, create('services', structuredClone(kept))]);
    assert.ok(many.ok);
    await a.replace(many.value, 'd'.repeat(32));
    await until(() => b.state.count('services') === 6001, 'the replacement');
    assert.ok(b.state.get('services', kept.id) === before, 'what did not change is the same object');
    assert.deepEqual(contents(b.state), contents(a.state));
    assert.equal(b.configurationHash, 'd'.repeat(32));
    assert.deepEqual(await sql(address, 'SELECT count(*)::int AS rows FROM gwctl_changes'), [{ rows: 0 }]);
  });

  test('two nodes that seed an empty database at once: one of them does', async () => {
    const [a, b] = await openTwo();
    const [first, second] = ['a', 'b'].map((name) => empty.with([create('services', service(name))]));
    assert.ok(first!.ok && second!.ok);
    const done = await Promise.all([a.fill(first!.value), b.fill(second!.value)]);
    assert.deepEqual(done.toSorted(), [false, true]);
    await until(() => a.state.count('services') === 1 && b.state.count('services') === 1, 'the seed');
    assert.deepEqual(contents(a.state), contents(b.state));
  });

  test('expired entities go once, and not where another node prolonged their life', async () => {
    const [a, b] = await openTwo();
    const one = consumer('c');
    const key = { ...entity('keyauth_credentials', { key: 'k', consumer: { id: one.id } }), ttl: 1000 };
    await accept(a, create('consumers', one), create('keyauth_credentials', key));
    await until(() => b.state.count('keyauth_credentials') === 1, 'the key');
    await accept(a, update('keyauth_credentials', { ...key, ttl: 3000 }));
    // The other node has not read this yet.
    assert.equal(b.state.get('keyauth_credentials', key.id)!['ttl'], 1000);
    await deleteExpired(b, 2_000_000);
    await until(() => b.state.get('keyauth_credentials', key.id)?.['ttl'] === 3000, 'the longer life');
    await Promise.all([deleteExpired(a, 3_000_000), deleteExpired(b, 3_000_000)]);
    await until(() => a.state.count('keyauth_credentials') + b.state.count('keyauth_credentials') === 0, 'the end');
  });

  test('while the database is down reads go on and writes fail soon; afterwards all nodes agree', async () => {
    const address = await server.createDatabase();
    const reports: string[] = [];
    const a = await open(address, (level, message) => reports.push(`${level} ${message}`));
    const b = await open(address);
    await accept(a, create('services', service('before')));
    await until(() => b.state.count('services') === 1, 'the service');
    await server.stop();
    await until(() => !a.isReachable && !b.isReachable, 'both nodes notice');
    const startedAt = Date.now();
    await assert.rejects(a.commit([create('services', service('lost'))]), isUnavailable);
    assert.ok(Date.now() - startedAt < 5000);
    assert.deepEqual(names(a.state, 'services'), ['before']);
    await delay(300);
    await server.start();
    await until(() => a.isReachable && b.isReachable, 'both nodes are back');
    await accept(b, create('services', service('after')));
    await until(() => a.state.count('services') === 2, 'the write after the outage');
    assert.deepEqual(contents(a.state), contents(b.state));
    assert.deepEqual(names(a.state, 'services'), ['after', 'before']);
    assert.match(reports.join('\n'), /warn PostgreSQL at 127\.0\.0\.1:\d+\/gwctl_\d+ is out of reach/);
    assert.match(reports.join('\n'), /info .* is within reach again/);
    assert.doesNotMatch(reports.join('\n'), /p@ss|p%40ss/);
  });

  test('a node that lost its connection catches up with what it missed', async () => {
    const [a, b, address] = await openTwo();
    const away = new Set<PostgresStore>();
    const watch = setInterval(
      () => [a, b].filter((node) => !node.isReachable).forEach((node) => void away.add(node)),
      1,
    );
    await sql(
      address,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
    );
    await until(() => away.size === 2, 'the loss');
    clearInterval(watch);
    await until(() => a.isReachable, 'the first node is back');
    await accept(a, create('services', service('missed')));
    await until(() => b.state.count('services') === 1, 'what was missed');
  });

  test('a node whose notifications are lost finds news by looking for them', async () => {
    const address = await server.createDatabase();
    const [a, b] = [await open(address, undefined, 50), await open(address, undefined, 50)];
    // What another node would write, and nobody is told.
    const one = consumer('silent');
    const body = JSON.stringify(one).replaceAll("'", "''");
    await sql(
      address,
      `BEGIN; INSERT INTO gwctl_entities VALUES ('consumers', '${one.id}', '${body}', 1);
       INSERT INTO gwctl_changes VALUES (1, 1, 'consumers', '${one.id}', '${body}');
       UPDATE gwctl_head SET version = 1, place = 1; COMMIT`,
    );
    await until(() => a.state.count('consumers') === 1 && b.state.count('consumers') === 1, 'the news');
  });

  test('a database that does not answer fails writes within five seconds', async () => {
    const [a, b, address] = await openTwo();
    server.freeze();
    const startedAt = Date.now();
    try {
      await assert.rejects(a.commit([create('services', service('x'))]), isUnavailable);
      assert.ok(Date.now() - startedAt <= 5000, `${Date.now() - startedAt} ms`);
      assert.equal(a.isReachable, false);
      // Long enough for attempts to connect that get no answer.
      await delay(3000);
    } finally {
      server.thaw();
    }
    await until(() => a.isReachable, 'the node is back');
    await accept(a, create('services', service('y')));
    await until(() => b.state.count('services') === 1, 'the write on the other node');
    const sessions = `SELECT count(*)::int AS sessions FROM pg_stat_activity
      WHERE application_name = 'gwctl' AND datname = current_database()`;
    await delay(500);
    assert.deepEqual(await sql(address, sessions), [{ sessions: 2 }]);
  });

  test('a writer that holds the lock and hangs makes others fail, not wait for ever', async () => {
    const [a, , address] = await openTwo();
    const { host, port, user, password, database } = address;
    const client = new pg.Client({ host, port, user, password: password!, database });
    await client.connect();
    await client.query('BEGIN; SELECT * FROM gwctl_head FOR UPDATE');
    const startedAt = Date.now();
    await assert.rejects(a.commit([create('services', service('x'))]), isUnavailable);
    assert.ok(Date.now() - startedAt <= 5000, `${Date.now() - startedAt} ms`);
    await client.query('ROLLBACK');
    await client.end();
    await until(() => a.isReachable, 'the node is back');
    await accept(a, create('services', service('x')));
  });

  test('a write that the database refuses changes nothing', async () => {
    const [a, b, address] = await openTwo();
    await sql(
      address,
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space'; END $$",
    );
    await sql(address, 'CREATE TRIGGER refuse BEFORE UPDATE ON gwctl_head EXECUTE FUNCTION refuse()');
    await assert.rejects(a.commit([create('services', service('x'))]), isUnavailable);
    assert.deepEqual([contents(a.state), a.isReachable], [{}, true]);
    await sql(address, 'DROP TRIGGER refuse ON gwctl_head');
    await accept(a, create('services', service('y')));
    await until(() => b.state.count('services') === 1, 'the write');
    assert.deepEqual(names(b.state, 'services'), ['y']);
  });

  test('tables of a newer program are refused, and so is a blank database in the place of ours', async () => {
    const address = await server.createDatabase();
    await (await open(address)).close();
    await sql(address, "INSERT INTO gwctl_migrations (version, name) VALUES (999, 'future')");
    await assert.rejects(open(address), /has tables of version 999; this gwctl knows versions up to \d+$/);
    await sql(address, 'DELETE FROM gwctl_migrations WHERE version = 999');
    const reports: string[] = [];
    const store = await open(address, (_level, message) => reports.push(message));
    await accept(store, create('services', service('kept')));
    await sql(address, 'DROP TABLE gwctl_entities, gwctl_changes, gwctl_head, gwctl_migrations');
    await sql(
      address,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
    );
    await until(() => reports.some((line) => line.includes('lacks 001_entities')), 'the report');
    assert.deepEqual(names(store.state, 'services'), ['kept']);
  });

  test('several nodes that start at once on an empty database make the tables once', async () => {
    const address = await server.createDatabase();
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(address)));
    await accept(stores[0]!, create('services', service('a')));
    await until(() => stores.every((store) => store.state.count('services') === 1), 'the service everywhere');
    assert.deepEqual(await sql(address, 'SELECT version, name FROM gwctl_migrations'), [
      { version: 1, name: 'entities' },
    ]);
  });

  test('the connection is encrypted when asked for, and a certificate of nobody known is refused when asked for', async () => {
    const pem = (name: string): string =>
      readFileSync(new URL(`../../fixtures/schema/${name}.pem`, import.meta.url), 'utf8');
    const address = await server.createDatabase();
    await server.offerTls(pem('cert-rsa'), pem('key-rsa'));
    const encrypted = `SELECT count(*)::int AS sessions FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
      WHERE ssl AND application_name = 'gwctl' AND datname = current_database()`;
    await open(address);
    assert.deepEqual(await sql(address, encrypted), [{ sessions: 0 }]);
    const store = await open({ ...address, tls: 'unverified' });
    await accept(store, create('services', service('secret')));
    assert.deepEqual(await sql(address, encrypted), [{ sessions: 1 }]);
    await assert.rejects(open({ ...address, tls: 'verified' }), (error: unknown) => {
      assert.match(String(error), /certificate/);
      return isUnavailable(error);
    });
  });

  test('a schema of its own keeps stores of one database apart', async () => {
    const address = await server.createDatabase();
    const a = await open({ ...address, schema: 'team "a"' });
    const b = await open({ ...address, schema: 'team b' });
    await accept(a, create('services', service('x')));
    await accept(b, create('services', service('x')), create('services', service('y')));
    assert.deepEqual([a.state.count('services'), b.state.count('services')], [1, 2]);
  });

  test('a wrong password is said without it, and nobody waits', async () => {
    const address = await server.createDatabase();
    const startedAt = Date.now();
    await assert.rejects(open({ ...address, password: 'wr0ng' }), (error: unknown) => {
      assert.ok(isUnavailable(error) && error instanceof GwctlError);
      assert.match(
        error.message,
        /^cannot use PostgreSQL at 127\.0\.0\.1:\d+\/gwctl_\d+: password authentication failed/,
      );
      assert.doesNotMatch(`${error.message}${error.stack}`, /wr0ng/);
      return true;
    });
    assert.ok(Date.now() - startedAt < 3000);
  });
}
