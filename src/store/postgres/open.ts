// Opens a PostgreSQL store: connects, brings the tables up to date, reads everything.
import { stateOfRows } from '../rows.ts';
import { showAddress } from './address.ts';
import { connectAndMigrate, connectPatiently } from './connect.ts';
import { CHANNEL, PostgresStore, type PostgresStoreOptions } from './postgres-store.ts';
import type { SessionEvents } from './session.ts';
import { readConsistently } from './tables.ts';

export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { address, schemas, report } = options;
  let store: PostgresStore | undefined;
  let missed: string | undefined;
  const events: SessionEvents = {
    lost: (error) => store?.lost(error),
    notified: (payload) => {
      if (store === undefined) missed = payload;
      else store.notified(payload);
    },
  };
  const session = await connectPatiently(address, () => connectAndMigrate(address, CHANNEL, events), report);
  try {
    const { head, news } = await readConsistently(session, undefined);
    store = new PostgresStore(options, stateOfRows(schemas, news.rows, showAddress(address)), head, session);
    if (missed !== undefined) store.notified(missed);
    if (session.isLost) store.lost(new Error('the connection was closed'));
    return store;
  } catch (error) {
    await session.close();
    throw error;
  }
}
