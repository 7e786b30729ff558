// From an address to a session whose tables fit this program and that hears of other nodes' writes.
import { setTimeout as delay } from 'node:timers/promises';
import { GwctlError } from '../../lib/errors.ts';
import type { StoreReport } from '../store.ts';
import { describeFailure, type PostgresAddress, showAddress } from './address.ts';
import { migrate, requireTables } from './migrations.ts';
import { openSession, type Session, type SessionEvents, withDeadline } from './session.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;
const START_LIMIT_MS = 10_000;
/** Another node may be making the tables, and this one waits for it. */
const MIGRATION_LIMIT_MS = 60_000;

/** Grows with every attempt, and differs between nodes that lost the database at the same moment. */
export const backOffMs = (attempt: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);

export const connectAndMigrate = (address: PostgresAddress, channel: string, events: SessionEvents): Promise<Session> =>
  open(address, channel, events, MIGRATION_LIMIT_MS, async (session) => {
    await migrate(session, address);
  });

/**
 * Later on no tables are made: a database without them that stands in the place of ours is a mistake, and following it
 * would empty the gateway.
 */
export const connectAgain = (address: PostgresAddress, channel: string, events: SessionEvents): Promise<Session> =>
  open(address, channel, events, address.timeoutMs, (session) => requireTables(session, address));

async function open(
  address: PostgresAddress,
  channel: string,
  events: SessionEvents,
  limitMs: number,
  prepare: (session: Session) => Promise<void>,
): Promise<Session> {
  const session = await openSession(address, events);
  try {
    await withDeadline(session, limitMs, async () => {
      await prepare(session);
      await session.query(`LISTEN ${channel}`);
    });
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Nobody listens yet, the name is not known yet, or the server is still starting: what passes when services start at once. */
const PASSING = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ECONNRESET', 'ENOENT', '57P03']);

/** At the start: waits a little for a database that is starting too. */
export async function connectPatiently(
  address: PostgresAddress,
  connect: () => Promise<Session>,
  report: StoreReport | undefined,
): Promise<Session> {
  const giveUpAt = performance.now() + START_LIMIT_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      return await connect();
    } catch (error) {
      if (error instanceof GwctlError) throw error;
      const code = (error as { code?: string }).code ?? '';
      const reason = describeFailure(address, error);
      if (!PASSING.has(code) || performance.now() > giveUpAt) {
        throw new GwctlError('E_STORE_UNAVAILABLE', `cannot use ${showAddress(address)}: ${reason}`, {
          hint: 'Check the address, the user and the password, and that the server is running.',
        });
      }
      if (attempt === 0) report?.('warn', `${showAddress(address)} is out of reach, waiting for it: ${reason}`);
      await delay(backOffMs(attempt));
    }
  }
}
