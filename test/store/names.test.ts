// What names a configuration, a database and its tables: hashes of files, --database, steps of migrations.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseFlags } from '../../src/config/database.ts';
import { hashState } from '../../src/store/hash.ts';
import { describeStatus, type Migration, pendingMigrations } from '../../src/store/migrations.ts';
import { describeFailure, type PostgresAddress, showAddress } from '../../src/store/postgres/address.ts';
import { create, empty, service } from './entities.ts';

test('a hash names the content of files, not the moment at which they were read', () => {
  const one = service('a');
  const hashOf = (entity: typeof one): string => {
    const state = empty.with([create('services', entity)]);
    assert.ok(state.ok);
    return hashState(state.value);
  };
  assert.equal(hashOf(one), hashOf({ ...one, created_at: 1, updated_at: 2 }));
  assert.equal(hashOf(one), hashOf(Object.fromEntries(Object.entries(one).reverse()) as typeof one));
  assert.notEqual(hashOf(one), hashOf({ ...one, host: 'other.test' }));
  assert.notEqual(hashOf(one), hashState(empty));
  assert.match(hashOf(one), /^[0-9a-f]{32}$/);
});

test('--database becomes the properties that KONG_PG_* set', () => {
  assert.deepEqual(databaseFlags(undefined), {});
  assert.deepEqual(databaseFlags('off'), { database: 'off' });
  assert.deepEqual(databaseFlags('postgres'), { database: 'postgres' });
  const given = (url: string) =>
    Object.fromEntries(Object.entries(databaseFlags(url)).filter(([, value]) => value !== undefined));
  assert.deepEqual(given('postgres://u%40x:p%2Fw@db.test:6543/the%20db?schema=s&sslmode=verify-full'), {
    database: 'postgres',
    pg_host: 'db.test',
    pg_port: '6543',
    pg_user: 'u@x',
    pg_password: 'p/w',
    pg_database: 'the db',
    pg_schema: 's',
    pg_ssl: 'on',
    pg_ssl_verify: 'on',
  });
  assert.deepEqual(given('postgresql://[::1]/db'), { database: 'postgres', pg_host: '::1', pg_database: 'db' });
  assert.deepEqual(given('postgres:///db?host=/run/postgresql'), {
    database: 'postgres',
    pg_host: '/run/postgresql',
    pg_database: 'db',
  });
});

test('a message about a database repeats no password, in whatever spelling', () => {
  const address: PostgresAddress = {
    host: '::1',
    port: 5432,
    user: 'me',
    password: 'a/b c',
    database: 'db',
    schema: undefined,
    tls: 'off',
    timeoutMs: 1000,
  };
  assert.equal(showAddress(address), 'PostgreSQL at [::1]:5432/db');
  const error = new Error('no login for postgres://me:a%2Fb%20c@h with a/b c');
  assert.equal(describeFailure(address, error), 'no login for postgres://me:***@h with ***');
  const several = new AggregateError([new Error('first'), new Error('second')], '');
  assert.equal(describeFailure(address, several), 'first; second');
});

test('pending steps are those after the version of the tables; what is ahead or too old is refused', () => {
  const step = (version: number): Migration => ({ version, name: `step_${version}`, sql: '' });
  const known = [step(3), step(4), step(5)];
  const pending = (current: number) => pendingMigrations(current, known, 'DB').map(({ version }) => version);
  assert.deepEqual([pending(0), pending(2), pending(4), pending(5)], [[3, 4, 5], [3, 4, 5], [5], []]);
  assert.throws(() => pending(6), /^GwctlError: DB has tables of version 6; this gwctl knows versions up to 5$/);
  assert.throws(
    () => pending(1),
    /^GwctlError: DB has tables of version 1; this gwctl can bring only version 2 and later/,
  );
  assert.deepEqual(describeStatus(4, known), {
    current: 4,
    newest: 5,
    executed: ['003_step_3', '004_step_4'],
    pending: ['005_step_5'],
  });
});
