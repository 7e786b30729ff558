// Counters that all nodes of one database share, in a table and over a connection of their own. What is asked while a
// transaction runs waits and shares the next one, so that a busy node does not pay a transaction for each request.
import type { Addition, SharedCounters, Wanted } from '../../pdk/shared-counters.ts';
import type { PostgresAddress } from './address.ts';
import { openSession, type Session, withDeadline } from './session.ts';

const LIMIT_MS = 2000;
/** After a failure nobody tries again for this long. */
const REST_MS = 500;
const SWEEP_MS = 60_000;
/** Any number, the same for every gwctl. */
const LOCK = 0x67776375;

// Counters may be lost in a crash of the server: UNLOGGED costs a fraction.
const TABLE = `CREATE UNLOGGED TABLE IF NOT EXISTS gwctl_counters (
  key text PRIMARY KEY, value double precision NOT NULL, expires_at timestamptz NOT NULL)`;

/** Makes what is missing, empties what is over, locks all of it in one order, and answers what is there. */
const LOCK_ROWS = `
  INSERT INTO gwctl_counters AS c (key, value, expires_at)
    SELECT key, 0, now() + seconds * interval '1 second'
    FROM unnest($1::text[], $2::double precision[]) AS asked (key, seconds) ORDER BY key
  ON CONFLICT (key) DO UPDATE SET
    value = CASE WHEN c.expires_at <= now() THEN 0 ELSE c.value END,
    expires_at = CASE WHEN c.expires_at <= now() THEN excluded.expires_at ELSE c.expires_at END
  RETURNING key, value`;
const WRITE_ROWS = `
  UPDATE gwctl_counters AS c SET value = made.value
  FROM unnest($1::text[], $2::double precision[]) AS made (key, value) WHERE c.key = made.key`;
const READ_ROWS = 'SELECT key, value FROM gwctl_counters WHERE key = ANY($1::text[]) AND expires_at > now()';

interface Job {
  /** Key → seconds to live. */
  readonly keys: ReadonlyMap<string, number>;
  /** Works on the values of all keys of the transaction, changes them, and answers for its own. */
  run(values: Map<string, number>): readonly number[];
  resolve(counts: readonly number[]): void;
  reject(error: unknown): void;
}

type Row = { readonly key: string; readonly value: number };

export class PostgresCounters implements SharedCounters {
  readonly #address: PostgresAddress;
  #session: Session | undefined;
  #jobs: Job[] = [];
  #work: Promise<void> | undefined;
  #restsUntil = 0;
  #lastError: unknown;
  #sweptAt = 0;
  #isClosed = false;

  constructor(address: PostgresAddress) {
    this.#address = address;
  }

  takeOne(wanted: readonly Wanted[]): Promise<readonly number[]> {
    const keys = new Map(wanted.map(({ key, seconds }) => [key, seconds]));
    return this.#do(keys, (values) => {
      const counts = wanted.map(({ key }) => values.get(key)!);
      const isFull = wanted.some(({ limit }, index) => counts[index]! >= limit);
      if (!isFull) for (const { key, amount = 1 } of wanted) values.set(key, values.get(key)! + amount);
      return counts;
    });
  }

  add(additions: readonly Addition[]): Promise<readonly number[]> {
    const keys = new Map(additions.map(({ key, seconds }) => [key, seconds]));
    return this.#do(keys, (values) => {
      for (const { key, amount } of additions) values.set(key, values.get(key)! + amount);
      return additions.map(({ key }) => values.get(key)!);
    });
  }

  async read(keys: readonly string[]): Promise<readonly number[]> {
    const session = await this.#open();
    const rows = await withDeadline(session, LIMIT_MS, () => session.query<Row>(READ_ROWS, [keys]));
    const values = new Map(rows.map(({ key, value }) => [key, value]));
    return keys.map((key) => values.get(key) ?? 0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
    await this.#session?.close();
    this.#session = undefined;
  }

  #do(keys: ReadonlyMap<string, number>, run: Job['run']): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      this.#jobs.push({ keys, run, resolve, reject });
      this.#work ??= this.#workOff();
    });
  }

  async #workOff(): Promise<void> {
    // Jobs that are given in the same turn share a transaction.
    await Promise.resolve();
    while (this.#jobs.length > 0) {
      const jobs = this.#jobs;
      this.#jobs = [];
      try {
        const session = await this.#open();
        const answers = await withDeadline(session, LIMIT_MS, () => this.#transact(session, jobs));
        for (const [index, job] of jobs.entries()) job.resolve(answers[index]!);
      } catch (error) {
        this.#fail(error);
        for (const job of jobs) job.reject(error);
      }
    }
    this.#work = undefined;
  }

  async #transact(session: Session, jobs: readonly Job[]): Promise<(readonly number[])[]> {
    const keys = new Map(jobs.flatMap((job) => [...job.keys]));
    await session.query('BEGIN');
    const rows = await session.query<Row>(LOCK_ROWS, [[...keys.keys()], [...keys.values()]]);
    const before = new Map(rows.map(({ key, value }) => [key, value]));
    const values = new Map(before);
    const answers = jobs.map((job) => job.run(values));
    const changed = [...values].filter(([key, value]) => before.get(key) !== value);
    if (changed.length > 0) {
      await session.query(WRITE_ROWS, [changed.map(([key]) => key), changed.map(([, value]) => value)]);
    }
    await session.query('COMMIT');
    await this.#sweep(session);
    return answers;
  }

  async #sweep(session: Session): Promise<void> {
    const now = performance.now();
    if (now - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = now;
    await session.query('DELETE FROM gwctl_counters WHERE expires_at <= now()');
  }

  async #open(): Promise<Session> {
    if (this.#isClosed) throw new Error('the store is closed');
    if (this.#session !== undefined) return this.#session;
    if (performance.now() < this.#restsUntil) throw this.#lastError;
    const session = await openSession(this.#address, {
      lost: () => {
        if (this.#session === session) this.#session = undefined;
      },
      notified: () => undefined,
    });
    try {
      await withDeadline(session, LIMIT_MS, () =>
        session.query(`BEGIN; SELECT pg_advisory_xact_lock(${LOCK}); ${TABLE}; COMMIT`),
      );
    } catch (error) {
      await session.close();
      throw error;
    }
    this.#session = session;
    return session;
  }

  /** Whatever state the connection is in: the next job gets a new one. */
  #fail(error: unknown): void {
    this.#lastError = error;
    this.#restsUntil = performance.now() + REST_MS;
    this.#session?.destroy();
    this.#session = undefined;
  }
}
