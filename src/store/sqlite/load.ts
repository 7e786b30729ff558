// node:sqlite, loaded when a store needs it. Node 22 calls it experimental on standard error; of the few functions used
// here that says nothing a user could act on.
import process from 'node:process';

export type Sqlite = typeof import('node:sqlite');

export async function loadSqlite(): Promise<Sqlite> {
  const emit = process.emitWarning;
  const filtered = (warning: string | Error, ...rest: unknown[]): void => {
    if (String(warning).includes('SQLite')) return;
    (emit as (...all: unknown[]) => void).call(process, warning, ...rest);
  };
  process.emitWarning = filtered as typeof emit;
  try {
    return await import('node:sqlite');
  } finally {
    process.emitWarning = emit;
  }
}
