// One connection to PostgreSQL, ready for work. When it is lost, whoever opened it hears of it once, and every query that
// runs on it fails.
import { Socket } from 'node:net';
import type { Client, QueryResultRow } from 'pg';
import type { PostgresAddress } from './address.ts';

export interface Session {
  readonly isLost: boolean;
  query<R extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Takes the connection down whatever it is doing. */
  destroy(): void;
  close(): Promise<void>;
}

export interface SessionEvents {
  lost(error: Error): void;
  notified(payload: string): void;
}

/** A transaction that nobody ends must not keep other nodes from writing. */
const SETTINGS =
  "SET statement_timeout = '60s'; SET lock_timeout = '4s'; SET idle_in_transaction_session_timeout = '10s'";

export async function openSession(address: PostgresAddress, events: SessionEvents): Promise<Session> {
  const { default: pg } = await import('pg');
  const socket = new Socket();
  const client: Client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user,
    database: address.database,
    ...(address.password === undefined ? {} : { password: address.password }),
    ssl: address.tls === 'off' ? false : { rejectUnauthorized: address.tls === 'verified' },
    connectionTimeoutMillis: address.timeoutMs,
    keepAlive: true,
    application_name: 'gwctl',
    stream: () => socket,
  });
  let isOpen = false;
  let isLost = false;
  const lose = (error: Error): void => {
    if (isLost) return;
    isLost = true;
    socket.destroy();
    if (isOpen) events.lost(error);
  };
  client.on('error', lose);
  client.on('end', () => lose(new Error('the connection was closed')));
  client.on('notification', ({ payload }) => events.notified(payload ?? ''));
  // The driver limits the time for connecting, but not that of the first answers.
  const timer = setTimeout(() => socket.destroy(new Error('timeout expired')), address.timeoutMs);
  try {
    await client.connect();
    await client.query(SETTINGS);
    if (address.schema !== undefined) await client.query(`SET search_path TO ${pg.escapeIdentifier(address.schema)}`);
  } catch (error) {
    isLost = true;
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  isOpen = true;
  return {
    get isLost() {
      return isLost;
    },
    async query<R extends QueryResultRow>(text: string, values?: readonly unknown[]) {
      const result = await client.query<R>(text, values === undefined ? undefined : [...values]);
      // Several statements in one text answer several results; the last one is what was asked for.
      return (Array.isArray(result) ? result.at(-1).rows : result.rows) as R[];
    },
    destroy: () => lose(new Error('the database did not answer in time')),
    async close() {
      isOpen = false;
      if (isLost) return;
      const timer = setTimeout(() => socket.destroy(), 1000);
      await client.end().catch(() => {});
      clearTimeout(timer);
    },
  };
}

/** Runs `work`; when it takes longer than `ms`, the connection goes down and with it the transaction. */
export async function withDeadline<T>(session: Session, ms: number, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => session.destroy(), Math.max(1, ms));
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
