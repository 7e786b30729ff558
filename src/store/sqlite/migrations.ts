// The tables of a SQLite store, step by step; `PRAGMA user_version` says how far a file is.
import type { Migration } from '../migrations.ts';

export const sqliteMigrations: readonly Migration[] = [
  {
    version: 1,
    name: 'entities',
    sql: `
      CREATE TABLE entities (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        place INTEGER NOT NULL,
        PRIMARY KEY (kind, id)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `,
  },
];
