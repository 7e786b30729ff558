// The store in a SQLite file: the contract, who may open the file, and what happens to files that are not ours.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { GwctlError } from '../../src/lib/errors.ts';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { accept, testContract } from './contract.ts';
import { create, names, schemas, service } from './entities.ts';

const folder = mkdtempSync(join(tmpdir(), 'gwctl-sqlite-'));
const opened: SqliteStore[] = [];
after(async () => {
  for (const store of opened) await store.close();
  rmSync(folder, { recursive: true });
});

let count = 0;
const newDirectory = (): string => join(folder, `store ${count++}`);
const open = async (directory: string): Promise<SqliteStore> => {
  const store = await openSqliteStore({ directory, schemas });
  opened.push(store);
  return store;
};
const directories = new WeakMap<object, string>();

testContract('sqlite', {
  open: async () => {
    const directory = newDirectory();
    const store = await open(directory);
    directories.set(store, directory);
    return store;
  },
  reopen: (store) => open(directories.get(store)!),
});

const storeError = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GwctlError, String(error));
  assert.equal(error.code, 'E_STORE');
  assert.match(error.message, pattern);
  return true;
};

test('nobody else can read the files', async () => {
  const directory = newDirectory();
  const store = await open(directory);
  await accept(store, create('services', service('a')));
  const modes = ['', 'gwctl.db', 'gwctl.db-wal'].map((name) => statSync(join(directory, name)).mode & 0o777);
  assert.deepEqual(modes, [0o700, 0o600, 0o600]);
  await store.close();
  chmodSync(join(directory, 'gwctl.db'), 0o644);
  await (await open(directory)).close();
  assert.equal(statSync(join(directory, 'gwctl.db')).mode & 0o777, 0o600);
});

test('a second store over the same directory is refused until the first is closed', async () => {
  const directory = newDirectory();
  const first = await open(directory);
  await assert.rejects(open(directory), storeError(/^.*store \d+ is in use by another process$/));
  const script = `
    import { openSqliteStore } from ${JSON.stringify(new URL('../../src/store/sqlite/sqlite-store.ts', import.meta.url).href)};
    import { schemas } from ${JSON.stringify(new URL('./entities.ts', import.meta.url).href)};
    const directory = ${JSON.stringify(directory)};
    await openSqliteStore({ directory, schemas }).catch((error) => console.log(error.message));
  `;
  const other = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], { encoding: 'utf8' });
  assert.match(other.stdout, /is in use by another process/, other.stderr);
  await accept(first, create('services', service('a')));
  await first.close();
  const second = await open(directory);
  assert.deepEqual(names(second.state, 'services'), ['a']);
  await second.close();
});

test('tables of a newer program are left alone', async () => {
  const directory = newDirectory();
  await (await open(directory)).close();
  const database = new DatabaseSync(join(directory, 'gwctl.db'));
  database.exec('PRAGMA user_version = 999');
  database.close();
  await assert.rejects(open(directory), storeError(/has tables of version 999; this gwctl knows versions up to \d+$/));
});

test('a database of another program, a file that is none and a damaged file are refused', async () => {
  const foreign = newDirectory();
  await (await open(foreign)).close();
  const database = new DatabaseSync(join(foreign, 'gwctl.db'));
  database.exec('PRAGMA application_id = 7');
  database.close();
  await assert.rejects(open(foreign), storeError(/is a database of another program$/));

  const text = newDirectory();
  await (await open(text)).close();
  writeFileSync(join(text, 'gwctl.db'), 'no database at all, but long enough to look like one\n'.repeat(200));
  await assert.rejects(open(text), storeError(/gwctl\.db is damaged: /));

  const damaged = newDirectory();
  const store = await open(damaged);
  await accept(store, ...Array.from({ length: 500 }, (_, i) => create('services', service(`s${i}`))));
  await store.close();
  truncateSync(join(damaged, 'gwctl.db'), 64 * 1024);
  await assert.rejects(open(damaged), storeError(/gwctl\.db is damaged: /));
});

test('a copy of the file and its log, taken at any moment, opens with whole commits', async () => {
  const directory = newDirectory();
  const store = await open(directory);
  const copies: { directory: string; acknowledged: number }[] = [];
  for (let i = 0; i < 6; i++) {
    await accept(store, create('services', service(`a${i}`)), create('services', service(`b${i}`)));
    const copy = newDirectory();
    await (await open(copy)).close();
    for (const name of ['gwctl.db', 'gwctl.db-wal']) copyFileSync(join(directory, name), join(copy, name));
    copies.push({ directory: copy, acknowledged: i + 1 });
  }
  await store.close();
  for (const { directory: copy, acknowledged } of copies) {
    const again = await open(copy);
    assert.equal(again.state.count('services'), acknowledged * 2);
    await again.close();
  }
});

test('rows of a kind that nobody knows are named, and nothing is opened', async () => {
  const directory = newDirectory();
  await (await open(directory)).close();
  const database = new DatabaseSync(join(directory, 'gwctl.db'));
  database.exec("INSERT INTO entities VALUES ('widgets', 'x', '{\"id\":\"x\"}', 1)");
  database.close();
  await assert.rejects(open(directory), storeError(/holds entities of kinds that are unknown here: widgets \(1\)$/));
});

test('a file that cannot grow refuses writes, keeps what it has, and goes on when there is room again', async () => {
  const directory = newDirectory();
  const script = `
    import { openSqliteStore } from ${JSON.stringify(new URL('../../src/store/sqlite/sqlite-store.ts', import.meta.url).href)};
    import { create, schemas, service } from ${JSON.stringify(new URL('./entities.ts', import.meta.url).href)};
    const store = await openSqliteStore({ directory: ${JSON.stringify(directory)}, schemas });
    let kept = 0;
    let refusal;
    for (let i = 0; i < 2000 && refusal === undefined; i++) {
      const pair = ['a', 'b'].map((name) => create('services', service(name + i)));
      await store.commit(pair).then(() => (kept += 1), (error) => (refusal = error));
    }
    const { code, message } = refusal ?? {};
    console.log(JSON.stringify({ code, message, kept, count: store.state.count('services'), isReachable: store.isReachable }));
    await store.close();
  `;
  // A limit on the size of files stands for a full disk: both let a write fail in the middle.
  const limited = spawnSync(
    'sh',
    ['-c', 'ulimit -f 1000 && exec "$@"', 'sh', process.execPath, '--input-type=module-typescript', '-e', script],
    {
      encoding: 'utf8',
    },
  );
  assert.equal(limited.status, 0, limited.stderr);
  const seen = JSON.parse(limited.stdout) as Record<string, unknown>;
  assert.deepEqual([seen['code'], seen['isReachable']], ['E_STORE_UNAVAILABLE', false]);
  assert.match(String(seen['message']), /^cannot write to .*store \d+: /);
  assert.equal(seen['count'], Number(seen['kept']) * 2);
  const store = await open(directory);
  assert.equal(store.state.count('services'), seen['count']);
  await accept(store, create('services', service('more')));
});

test('a directory that cannot be made is an error in one sentence', async () => {
  const file = join(folder, 'a file');
  writeFileSync(file, '');
  await assert.rejects(open(join(file, 'below')), storeError(/^cannot use .*: ENOTDIR/));
});
