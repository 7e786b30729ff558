// The configuration in a PostgreSQL database that several nodes share. One connection does everything, one thing after the
// other: it hears of other nodes' writes, reads them, and writes. While the database is away the last state stays in use,
// writes are refused at once, and connecting is tried again and again.
import { performance } from 'node:perf_hooks';
import { GwctlError } from '../../lib/errors.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import type { State } from '../../state/state.ts';
import { NO_HASH } from '../hash.ts';
import { type Job, JobQueue, rejectJobs, runJobs } from '../jobs.ts';
import { Publisher } from '../publisher.ts';
import { adoptRows, stateOfRows } from '../rows.ts';
import type { Changes, Committed, Store, StoreReport, Unsubscribe } from '../store.ts';
import { describeFailure, type PostgresAddress, showAddress } from './address.ts';
import { backOffMs, connectAgain } from './connect.ts';
import { PostgresCounters } from './counters.ts';
import { type Session, withDeadline } from './session.ts';
import { beginWriting, type Head, type News, readConsistently, readHead, readNews, writeVersion } from './tables.ts';

export interface PostgresStoreOptions {
  readonly address: PostgresAddress;
  readonly schemas: SchemaSet;
  /** Milliseconds between looks for news, in case a notification was lost. */
  readonly pollMs?: number;
  readonly report?: StoreReport;
}

export const CHANNEL = 'gwctl_changes';
const COMMIT_LIMIT_MS = 4500;
const REPLACE_LIMIT_MS = 60_000;
const READ_LIMIT_MS = 30_000;
const POLL_MS = 5000;

export class PostgresStore implements Store {
  readonly kind = 'postgres';
  readonly isReadOnly = false;
  readonly counters: PostgresCounters;
  readonly #options: PostgresStoreOptions;
  readonly #publisher: Publisher;
  readonly #jobs = new JobQueue(() => this.#wake());
  readonly #poll: NodeJS.Timeout;
  #head: Head;
  #session: Session | undefined;
  #hasNews = false;
  #isClosed = false;
  #lastFailure = '';
  #work: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #connecting: Promise<void> | undefined;

  /** Use openPostgresStore. */
  constructor(options: PostgresStoreOptions, state: State, head: Head, session: Session) {
    this.#options = options;
    this.#publisher = new Publisher(state);
    this.#head = head;
    this.#session = session;
    this.counters = new PostgresCounters(options.address);
    this.#poll = setInterval(() => this.#noticeNews(), options.pollMs ?? POLL_MS);
    this.#poll.unref();
  }

  get state(): State {
    return this.#publisher.state;
  }

  get isReachable(): boolean {
    return this.#session !== undefined;
  }

  get configurationHash(): string {
    return this.#head.hash ?? NO_HASH;
  }

  commit(changes: Changes): Promise<Committed> {
    return this.#jobs.commit(changes);
  }

  replace(state: State, hash?: string): Promise<void> {
    return this.#jobs.replace(state, hash);
  }

  fill(state: State, hash?: string): Promise<boolean> {
    return this.#jobs.fill(state, hash);
  }

  subscribe(listener: (state: State) => void): Unsubscribe {
    return this.#publisher.subscribe(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#retry);
    this.#jobs.close();
    await this.#work;
    await this.#connecting;
    this.#publisher.close();
    await this.counters.close();
    await this.#session?.close();
    this.#session = undefined;
  }

  /** A notification; `payload` is the version that was written. */
  notified(payload: string): void {
    if (Number(payload) !== this.#head.version) this.#noticeNews();
  }

  lost(error: Error): void {
    this.#session = undefined;
    if (this.#isClosed) return;
    this.#report('warn', `${this.#place} is out of reach: ${describeFailure(this.#options.address, error)}`);
    this.#wake();
    this.#reconnectLater(0);
  }

  #noticeNews(): void {
    this.#hasNews = true;
    this.#wake();
  }

  #wake(): void {
    this.#work ??= this.#workOff();
  }

  async #workOff(): Promise<void> {
    // Jobs that are given in the same turn share a transaction.
    await Promise.resolve();
    try {
      for (;;) {
        const session = this.#session;
        if (session === undefined) {
          rejectJobs(this.#jobs.take(), this.#unavailable('it is out of reach'));
          return;
        }
        if (this.#jobs.length > 0) await this.#write(session, this.#jobs.take());
        else if (this.#hasNews && !this.#isClosed) await this.#catchUp(session);
        else return;
      }
    } finally {
      // Here and not later: who comes after the last look at the queue has to start anew.
      this.#work = undefined;
    }
  }

  async #write(session: Session, jobs: readonly Job[]): Promise<void> {
    const isCommit = jobs.every(({ task }) => task.type === 'commit');
    const waited = performance.now() - Math.min(...jobs.map(({ since }) => since));
    let isCommitting = false;
    try {
      const batch = await withDeadline(session, (isCommit ? COMMIT_LIMIT_MS : REPLACE_LIMIT_MS) - waited, async () => {
        const head = await beginWriting(session);
        this.#accept(await readNews(session, this.#head, head), head);
        const made = runJobs(this.state, jobs);
        if (made.rows.length === 0 && made.hash === undefined) {
          await session.query('ROLLBACK');
          return { ...made, head };
        }
        const next = await writeVersion(session, head, made.rows, made.hash, CHANNEL);
        isCommitting = true;
        await session.query('COMMIT');
        return { ...made, head: next };
      });
      this.#head = batch.head;
      this.#publisher.publish(batch.state);
      batch.settle();
    } catch (error) {
      const reason = describeFailure(this.#options.address, error);
      const doubt = isCommitting
        ? 'The connection broke while committing: look whether the change was made.'
        : undefined;
      rejectJobs(jobs, this.#unavailable(reason, doubt));
      await this.#rollBack(session);
    }
  }

  async #catchUp(session: Session): Promise<void> {
    this.#hasNews = false;
    try {
      await withDeadline(session, READ_LIMIT_MS, async () => {
        const seen = await withDeadline(session, COMMIT_LIMIT_MS, () => readHead(session));
        if (seen.store === this.#head.store && seen.version === this.#head.version) return;
        const { head, news } = await readConsistently(session, this.#head);
        this.#accept(news, head);
      });
    } catch (error) {
      if (session.isLost) return;
      // The last good state stays in use; the next look for news tries again.
      this.#report('error', `cannot follow ${this.#place}: ${describeFailure(this.#options.address, error)}`);
      await this.#rollBack(session);
    }
  }

  /** Makes other nodes' writes ours. Entities that did not change stay the same objects. */
  #accept(news: News, head: Head): void {
    let state = this.state;
    if (news.isWhole) state = stateOfRows(this.#options.schemas, news.rows, this.#place, state);
    else if (news.rows.length > 0) state = adoptRows(state, news.rows, this.#place);
    this.#head = head;
    this.#publisher.publish(state);
  }

  async #rollBack(session: Session): Promise<void> {
    if (session.isLost) return;
    await withDeadline(session, COMMIT_LIMIT_MS, () => session.query('ROLLBACK')).catch(() => session.destroy());
  }

  #reconnectLater(attempt: number): void {
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#connecting = this.#reconnect(attempt).finally(() => {
        this.#connecting = undefined;
      });
    }, backOffMs(attempt));
    this.#retry.unref();
  }

  async #reconnect(attempt: number): Promise<void> {
    let session: Session | undefined;
    try {
      session = await connectAgain(this.#options.address, CHANNEL, {
        // What ends before it is in use is a failed attempt, which the next lines see.
        lost: (error) => (session !== undefined && this.#session === session ? this.lost(error) : undefined),
        notified: (payload) => this.notified(payload),
      });
      if (this.#isClosed) return await session.close();
      if (session.isLost) throw new Error('the connection was closed');
      this.#session = session;
      this.#lastFailure = '';
      this.#report('info', `${this.#place} is within reach again`);
      this.#noticeNews();
    } catch (error) {
      const failure = describeFailure(this.#options.address, error);
      if (failure !== this.#lastFailure) this.#report('warn', `${this.#place} is still out of reach: ${failure}`);
      this.#lastFailure = failure;
      this.#reconnectLater(attempt + 1);
    }
  }

  get #place(): string {
    return showAddress(this.#options.address);
  }

  #report(...[level, message]: Parameters<StoreReport>): void {
    this.#options.report?.(level, message);
  }

  #unavailable(reason: string, hint?: string): GwctlError {
    const doubt = hint === undefined ? '' : ' (the change may have been made)';
    return new GwctlError('E_STORE_UNAVAILABLE', `cannot write to ${this.#place}: ${reason}${doubt}`, { hint });
  }
}
