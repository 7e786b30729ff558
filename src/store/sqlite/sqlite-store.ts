// The configuration in one SQLite file of this process: a commit is on the disk before it is answered, and what was
// answered survives the end of the process at any moment.
import { Worker } from 'node:worker_threads';
import { GwctlError } from '../../lib/errors.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import type { State } from '../../state/state.ts';
import { NO_HASH } from '../hash.ts';
import { JobQueue, rejectJobs, runJobs } from '../jobs.ts';
import { Publisher } from '../publisher.ts';
import { type Row, stateOfRows } from '../rows.ts';
import type { Changes, Committed, Store, Unsubscribe } from '../store.ts';
import type { StoredRow } from './database.ts';
import type { FromWriter, ToWriter } from './messages.ts';

export interface SqliteStoreOptions {
  /** The directory of the file; made when it is missing. */
  readonly directory: string;
  readonly schemas: SchemaSet;
}

export async function openSqliteStore({ directory, schemas }: SqliteStoreOptions): Promise<SqliteStore> {
  const writer = new Writer(directory);
  try {
    const { rows, hash } = await writer.load();
    rows.sort((a, b) => a.place - b.place);
    return new SqliteStore(stateOfRows(schemas, rows, directory), hash, directory, writer);
  } catch (error) {
    await writer.close();
    throw error;
  }
}

export class SqliteStore implements Store {
  readonly kind = 'sqlite';
  readonly isReadOnly = false;
  readonly #publisher: Publisher;
  readonly #jobs = new JobQueue(() => this.#wake());
  readonly #writer: Writer;
  readonly #directory: string;
  #hash: string;
  #isReachable = true;
  #work: Promise<void> | undefined;

  constructor(state: State, hash: string | undefined, directory: string, writer: Writer) {
    this.#publisher = new Publisher(state);
    this.#hash = hash ?? NO_HASH;
    this.#directory = directory;
    this.#writer = writer;
  }

  get state(): State {
    return this.#publisher.state;
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  get configurationHash(): string {
    return this.#hash;
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

  /** What is being written is written; what waits is rejected. */
  async close(): Promise<void> {
    this.#jobs.close();
    await this.#work;
    this.#publisher.close();
    await this.#writer.close();
  }

  #wake(): void {
    this.#work ??= this.#workOff();
  }

  async #workOff(): Promise<void> {
    // Jobs that are given in the same turn share a transaction.
    await Promise.resolve();
    try {
      for (let jobs = this.#jobs.take(); jobs.length > 0; jobs = this.#jobs.take()) {
        const batch = runJobs(this.state, jobs);
        try {
          if (batch.rows.length > 0 || batch.hash !== undefined) await this.#writer.write(batch.rows, batch.hash);
        } catch (error) {
          this.#isReachable = false;
          const reason = error instanceof Error ? error.message : String(error);
          const message = `cannot write to ${this.#directory}: ${reason}`;
          rejectJobs(jobs, new GwctlError('E_STORE_UNAVAILABLE', message));
          continue;
        }
        this.#isReachable = true;
        this.#hash = batch.hash ?? this.#hash;
        this.#publisher.publish(batch.state);
        batch.settle();
      }
    } finally {
      // Here and not later: who comes after the last look at the queue has to start anew.
      this.#work = undefined;
    }
  }
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

/** The thread, seen from outside. */
class Writer {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #rows: StoredRow[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #loaded: Promise<string | undefined>;
  #failure: Error | undefined;

  constructor(directory: string) {
    // The same file as this one, compiled or not.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
    const file = new URL(`./writer${extension}`, import.meta.url);
    // Flags of the main thread's own entry, such as --input-type, do not fit this one.
    this.#worker = new Worker(file, { workerData: { directory }, execArgv: [] });
    this.#ended = new Promise((resolve) => this.#worker.on('exit', () => resolve()));
    this.#loaded = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromWriter) => {
        if (message.type === 'rows') for (const row of message.rows) this.#rows.push(row);
        else if (message.type === 'ready') resolve(message.hash);
        else if (message.type === 'failed') reject(new GwctlError('E_STORE', message.message, { hint: message.hint }));
        else if (message.type === 'written') this.#waiting.shift()?.resolve();
        else if (message.type === 'refused') this.#waiting.shift()?.reject(new Error(message.reason));
      });
      this.#worker.on('error', (error) => this.#fail(error as Error, reject));
      this.#worker.on('exit', () => this.#fail(new Error('the thread that writes has ended'), reject));
    });
    // Whoever loads hears of it; nobody else has to.
    this.#loaded.catch(() => {});
  }

  async load(): Promise<{ rows: StoredRow[]; hash: string | undefined }> {
    const hash = await this.#loaded;
    return { rows: this.#rows.splice(0), hash };
  }

  write(rows: readonly Row[], hash: string | undefined): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage({ type: 'write', rows, hash } satisfies ToWriter);
    });
  }

  async close(): Promise<void> {
    if (this.#failure === undefined) this.#worker.postMessage({ type: 'close' } satisfies ToWriter);
    await this.#ended;
  }

  #fail(error: Error, rejectLoad: (error: Error) => void): void {
    this.#failure ??= error;
    rejectLoad(error);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }
}
