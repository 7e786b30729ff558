// The tables of a PostgreSQL store, step by step. A table of its own says which steps were made, by name and time; nodes
// that start at once wait for each other.
import { GwctlError } from '../../lib/errors.ts';
import { describeStatus, type Migration, type MigrationStatus, nameOf, pendingMigrations } from '../migrations.ts';
import type { PostgresAddress } from './address.ts';
import { showAddress } from './address.ts';
import type { Session } from './session.ts';

export const postgresMigrations: readonly Migration[] = [
  {
    version: 1,
    name: 'entities',
    // json, not jsonb: it keeps the order of keys, and \u0000 inside of texts.
    sql: `
      CREATE TABLE gwctl_entities (
        kind text NOT NULL,
        id text NOT NULL,
        body json NOT NULL,
        place bigint NOT NULL,
        PRIMARY KEY (kind, id)
      );
      CREATE TABLE gwctl_changes (
        version bigint NOT NULL,
        place bigint NOT NULL,
        kind text NOT NULL,
        id text NOT NULL,
        body json,
        PRIMARY KEY (version, place)
      );
      CREATE TABLE gwctl_head (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        store text NOT NULL,
        version bigint NOT NULL,
        floor bigint NOT NULL,
        place bigint NOT NULL,
        hash text
      );
      INSERT INTO gwctl_head (store, version, floor, place)
        VALUES (md5(random()::text || clock_timestamp()::text), 0, 0, 0);
    `,
  },
];

/** Any number, the same for every gwctl. */
const LOCK = 0x67776374;

export async function readSchemaVersion(session: Session): Promise<number> {
  const [table] = await session.query<{ name: string | null }>("SELECT to_regclass('gwctl_migrations')::text AS name");
  if (table?.name == null) return 0;
  const [row] = await session.query<{ version: number | null }>('SELECT max(version) AS version FROM gwctl_migrations');
  return row?.version ?? 0;
}

export async function readStatus(session: Session): Promise<MigrationStatus> {
  return describeStatus(await readSchemaVersion(session), postgresMigrations);
}

/** Refuses a database whose tables are missing, behind or ahead. */
export async function requireTables(session: Session, address: PostgresAddress): Promise<void> {
  const place = showAddress(address);
  const pending = pendingMigrations(await readSchemaVersion(session), postgresMigrations, place);
  if (pending.length === 0) return;
  throw new GwctlError('E_STORE', `${place} lacks ${pending.map(nameOf).join(', ')}`, {
    hint: 'Run `gwctl migrations up`.',
  });
}

/** Makes all pending steps, or none; answers their names. */
export async function migrate(session: Session, address: PostgresAddress): Promise<string[]> {
  const place = showAddress(address);
  if (pendingMigrations(await readSchemaVersion(session), postgresMigrations, place).length === 0) return [];
  await session.query('BEGIN');
  try {
    await session.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    if (address.schema !== undefined) {
      const name = `"${address.schema.replaceAll('"', '""')}"`;
      const [found] = await session.query<{ oid: string | null }>('SELECT to_regnamespace($1)::text AS oid', [name]);
      // IF NOT EXISTS would ask for the right to make schemas even where nothing is to be made.
      if (found?.oid == null) await session.query(`CREATE SCHEMA ${name}`);
    }
    await session.query(`CREATE TABLE IF NOT EXISTS gwctl_migrations (
      version integer PRIMARY KEY, name text NOT NULL, executed_at timestamptz NOT NULL DEFAULT now())`);
    // Another node may have made them meanwhile.
    const pending = pendingMigrations(await readSchemaVersion(session), postgresMigrations, place);
    for (const step of pending) {
      await session.query(step.sql);
      await session.query('INSERT INTO gwctl_migrations (version, name) VALUES ($1, $2)', [step.version, step.name]);
    }
    await session.query('COMMIT');
    return pending.map(nameOf);
  } catch (error) {
    await session.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
