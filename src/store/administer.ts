// Looking after the tables of a database without running a gateway on it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { GwctlError } from '../lib/errors.ts';
import { describeStatus, type MigrationStatus } from './migrations.ts';
import { describeFailure, type PostgresAddress, showAddress } from './postgres/address.ts';

export type LastingPlace =
  | { readonly kind: 'sqlite'; readonly directory: string }
  | { readonly kind: 'postgres'; readonly address: PostgresAddress };

export const showPlace = (place: LastingPlace): string =>
  place.kind === 'sqlite' ? place.directory : showAddress(place.address);

/** Says how far the tables are; makes nothing. */
export async function readMigrationStatus(place: LastingPlace): Promise<MigrationStatus> {
  if (place.kind === 'postgres') {
    const { readStatus } = await import('./postgres/migrations.ts');
    return withSession(place.address, readStatus);
  }
  const { databaseStatus, FILE_NAME, openDatabase } = await import('./sqlite/database.ts');
  const { sqliteMigrations } = await import('./sqlite/migrations.ts');
  if (!existsSync(join(place.directory, FILE_NAME))) return describeStatus(0, sqliteMigrations);
  const { loadSqlite } = await import('./sqlite/load.ts');
  const database = openDatabase(await loadSqlite(), place.directory);
  try {
    return databaseStatus(database);
  } finally {
    database.close();
  }
}

/** Makes all pending steps, or none; answers their names. */
export async function migratePlace(place: LastingPlace): Promise<readonly string[]> {
  if (place.kind === 'postgres') {
    const { migrate } = await import('./postgres/migrations.ts');
    return withSession(place.address, (session) => migrate(session, place.address));
  }
  const { databaseStatus, migrateDatabase, openDatabase } = await import('./sqlite/database.ts');
  const { loadSqlite } = await import('./sqlite/load.ts');
  const database = openDatabase(await loadSqlite(), place.directory);
  try {
    const { pending } = databaseStatus(database);
    migrateDatabase(database, place.directory);
    return pending;
  } finally {
    database.close();
  }
}

async function withSession<T>(
  address: PostgresAddress,
  work: (session: import('./postgres/session.ts').Session) => Promise<T>,
): Promise<T> {
  const { openSession } = await import('./postgres/session.ts');
  try {
    const session = await openSession(address, { lost: () => {}, notified: () => {} });
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof GwctlError) throw error;
    throw new GwctlError(
      'E_STORE_UNAVAILABLE',
      `cannot use ${showAddress(address)}: ${describeFailure(address, error)}`,
      {
        hint: 'Check the address, the user and the password, and that the server is running.',
      },
    );
  }
}
