// The file of a SQLite store: opened by one process at a time, migrated, read, written. Everything here blocks, so a
// running gateway calls it in a thread of its own (writer.ts).
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { GwctlError } from '../../lib/errors.ts';
import { describeStatus, type MigrationStatus, pendingMigrations } from '../migrations.ts';
import type { Row } from '../rows.ts';
import type { Sqlite } from './load.ts';
import { sqliteMigrations } from './migrations.ts';

export const FILE_NAME = 'gwctl.db';
/** In the head of the file, so that somebody else's database is not taken for ours: `gwct`. */
const APPLICATION_ID = 0x67776374;
const WAIT_FOR_LOCK_MS = 1000;

export interface StoredRow extends Row {
  readonly body: string;
  readonly place: number;
}

/** Opens or makes the file, and holds it against other processes until it is closed. */
export function openDatabase(sqlite: Sqlite, directory: string): DatabaseSync {
  const file = prepareFile(directory);
  return translated(directory, () => {
    const database = new sqlite.DatabaseSync(file, { timeout: WAIT_FOR_LOCK_MS });
    try {
      // The lock lasts as long as the connection, and ends with the process, however that ends.
      database.exec('PRAGMA locking_mode = EXCLUSIVE');
      refuseForeignFile(database, directory);
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216');
      database.exec('BEGIN IMMEDIATE; COMMIT');
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function prepareFile(directory: string): string {
  const file = join(directory, FILE_NAME);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (!existsSync(file)) {
      closeSync(openSync(file, 'a', 0o600));
      const folder = openSync(directory, 'r');
      fsyncSync(folder);
      closeSync(folder);
    } else if ((statSync(file).mode & 0o077) !== 0) {
      // Credentials are in it; WAL files are made with the mode of this one.
      chmodSync(file, 0o600);
    }
  } catch (error) {
    throw new GwctlError('E_STORE', `cannot use ${directory}: ${(error as Error).message}`);
  }
  return file;
}

function refuseForeignFile(database: DatabaseSync, directory: string): void {
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get() as { count: number };
  const { application_id: owner } = database.prepare('PRAGMA application_id').get() as { application_id: number };
  if (owner === APPLICATION_ID || (owner === 0 && tables.count === 0)) return;
  throw new GwctlError('E_STORE', `${join(directory, FILE_NAME)} is a database of another program`);
}

export const versionOf = (database: DatabaseSync): number =>
  (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;

/** All pending steps, or none. */
export function migrateDatabase(database: DatabaseSync, directory: string): void {
  const pending = pendingMigrations(versionOf(database), sqliteMigrations, directory);
  if (pending.length === 0) return;
  translated(directory, () =>
    inTransaction(database, () => {
      for (const { version, sql } of pending) {
        database.exec(sql);
        database.exec(`PRAGMA user_version = ${version}`);
      }
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    }),
  );
}

export const databaseStatus = (database: DatabaseSync): MigrationStatus =>
  describeStatus(versionOf(database), sqliteMigrations);

/** Whether the pages of the file still fit together; a file that does not is better not written to. */
export function checkDatabase(database: DatabaseSync, directory: string): void {
  translated(directory, () => {
    const { quick_check: verdict } = database.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (verdict === 'ok') return;
    throw new GwctlError('E_STORE', `${join(directory, FILE_NAME)} is damaged: ${verdict}`, { hint: DAMAGE_HINT });
  });
}

/** In no particular order. */
export function* readRows(database: DatabaseSync): Generator<StoredRow> {
  const rows = database.prepare('SELECT kind, id, body, place FROM entities').iterate();
  for (const row of rows) yield row as unknown as StoredRow;
}

export function readHash(database: DatabaseSync): string | undefined {
  const row = database.prepare("SELECT value FROM meta WHERE key = 'configuration_hash'").get();
  return (row as { value: string } | undefined)?.value;
}

/** Answers the place of the last row that was ever written. */
export function lastPlace(database: DatabaseSync): number {
  const row = database.prepare("SELECT value FROM meta WHERE key = 'place'").get() as { value: string } | undefined;
  return Number(row?.value ?? 0);
}

/** Writes rows in one transaction, whose end is on the disk when this returns. */
export function createRowWriter(database: DatabaseSync): (rows: readonly Row[], hash: string | undefined) => void {
  const put = database.prepare('INSERT OR REPLACE INTO entities (kind, id, body, place) VALUES (?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM entities WHERE kind = ? AND id = ?');
  const note = database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  let place = lastPlace(database);
  return (rows, hash) => {
    let next = place;
    inTransaction(database, () => {
      for (const { kind, id, body } of rows) {
        next += 1;
        if (body === null) remove.run(kind, id);
        else put.run(kind, id, body, next);
      }
      note.run('place', String(next));
      if (hash !== undefined) note.run('configuration_hash', hash);
    });
    place = next;
  };
}

function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    try {
      database.exec('ROLLBACK');
    } catch {
      // Some errors, a full disk among them, have rolled back already.
    }
    throw error;
  }
}

const DAMAGE_HINT = 'Move it away and bring back a copy, or start without it and sync a state file.';
const BUSY = 5;
const CORRUPT = 11;
const NO_DATABASE = 26;

function translated<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof GwctlError) throw error;
    const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
    if (code === BUSY) {
      throw new GwctlError('E_STORE', `${directory} is in use by another process`, {
        hint: 'Stop the other gwctl, or give this one a directory of its own.',
      });
    }
    const file = join(directory, FILE_NAME);
    if (code === CORRUPT || code === NO_DATABASE) {
      throw new GwctlError('E_STORE', `${file} is damaged: ${(error as Error).message}`, {
        hint: DAMAGE_HINT,
      });
    }
    throw new GwctlError('E_STORE', `cannot open ${file}: ${(error as Error).message}`);
  }
}
