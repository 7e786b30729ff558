// The thread that holds the file of a SQLite store. A disk may take its time to say that something is on it, and the
// thread that serves requests must not wait for that.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { GwctlError } from '../../lib/errors.ts';
import {
  checkDatabase,
  createRowWriter,
  migrateDatabase,
  openDatabase,
  readHash,
  readRows,
  type StoredRow,
} from './database.ts';
import { loadSqlite } from './load.ts';
import type { FromWriter, ToWriter } from './messages.ts';

const ROWS_PER_MESSAGE = 2000;

async function start(port: MessagePort, directory: string): Promise<void> {
  const send = (message: FromWriter): void => port.postMessage(message);
  try {
    const database = openDatabase(await loadSqlite(), directory);
    try {
      migrateDatabase(database, directory);
      checkDatabase(database, directory);
      let rows: StoredRow[] = [];
      for (const row of readRows(database)) {
        if (rows.push(row) < ROWS_PER_MESSAGE) continue;
        send({ type: 'rows', rows });
        rows = [];
      }
      send({ type: 'rows', rows });
      const write = createRowWriter(database);
      send({ type: 'ready', hash: readHash(database) });
      port.on('message', (message: ToWriter) => {
        if (message.type === 'close') {
          database.close();
          send({ type: 'closed' });
          port.close();
          return;
        }
        try {
          write(message.rows, message.hash);
          send({ type: 'written' });
        } catch (error) {
          send({ type: 'refused', reason: (error as Error).message });
        }
      });
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    const hint = error instanceof GwctlError ? error.hint : '';
    send({ type: 'failed', message: (error as Error).message, hint });
    port.close();
  }
}

if (parentPort !== null) await start(parentPort, (workerData as { directory: string }).directory);
