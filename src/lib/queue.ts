// A bounded queue that sends its entries in batches, one batch after the other, and tries again what could not be sent.
// Adding never fails and never waits: when the queue is full, the oldest waiting entries are lost, and that is told.

export interface QueueLimits {
  /** Most entries of a batch. */
  readonly maxBatchSize: number;
  /** Seconds to wait for more after the first entry of a batch; without meaning for batches of one. */
  readonly maxCoalescingDelay: number;
  /** Most entries waiting; the batch that is being sent does not count. */
  readonly maxEntries: number;
  /** Most bytes waiting; undefined for any number. */
  readonly maxBytes: number | undefined;
  /** Seconds since the first attempt after which a batch is given up; negative: after one attempt. */
  readonly maxRetryTime: number;
  /** Seconds before the second attempt; doubled for each further one, up to `maxRetryDelay`. */
  readonly initialRetryDelay: number;
  readonly maxRetryDelay: number;
  /** -1 sends every entry at once, alone and only once; at most `maxEntries` are under way. */
  readonly concurrencyLimit: 1 | -1;
}

export interface QueueOptions<E> {
  readonly limits: QueueLimits;
  /** Rejects when the batch could not be sent. */
  readonly send: (batch: readonly E[]) => Promise<void>;
  /** Bytes of an entry; asked only where bytes are limited. */
  readonly sizeOf: (entry: E) => number;
  /** Losses and failed attempts, each at once and then at most once a minute. */
  readonly report: (level: 'warn' | 'error', message: string) => void;
}

/** Share of `maxEntries` from which on the fill is told. */
const NEARLY_FULL = 0.8;
const REPORT_MS = 60_000;
/** The longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class BatchQueue<E> {
  #options: QueueOptions<E>;
  #waiting: E[] = [];
  /** Entries before this position are gone; moving it is cheaper than shifting the list. */
  #head = 0;
  #bytes = 0;
  /** Entries taken out and not yet sent or lost. */
  #underWay = 0;
  #running: Promise<void> | undefined = undefined;
  #idle: (() => void)[] = [];
  /** Ends the current pause. */
  #wake: (() => void) | undefined = undefined;
  #isCoalescing = false;
  #isClosing = false;
  #isAbandoned = false;
  #wasNearlyFull = false;
  /** Room was made for new entries, and nothing could be sent since. */
  #isDropping = false;
  /** Not told yet, and why the last of them was. */
  #lost = 0;
  #lossReason = '';
  #lossCause = '';
  #lossToldAt = Number.NEGATIVE_INFINITY;
  #failureToldAt = Number.NEGATIVE_INFINITY;

  constructor(options: QueueOptions<E>) {
    this.#options = options;
  }

  /** From now on, for what waits as well: other limits, or another way to send. */
  use(options: QueueOptions<E>): void {
    if (options === this.#options) return;
    const { maxBytes } = options.limits;
    if (maxBytes !== undefined && this.#options.limits.maxBytes === undefined) {
      this.#bytes = this.#waiting.slice(this.#head).reduce((sum, entry) => sum + options.sizeOf(entry), 0);
    } else if (maxBytes === undefined) this.#bytes = 0;
    this.#options = options;
  }

  /** Entries that wait. */
  get length(): number {
    return this.#waiting.length - this.#head;
  }

  /** One more, and the oldest is lost. */
  get isFull(): boolean {
    return this.length >= this.#options.limits.maxEntries;
  }

  push(entry: E): void {
    const { concurrencyLimit, maxBatchSize } = this.#options.limits;
    if (this.#isClosing) return this.#lose(1, 'the queue is closed');
    if (concurrencyLimit === -1) return this.#sendAlone(entry);
    if (!this.#makeRoom(entry)) return;
    this.#waiting.push(entry);
    this.#running ??= this.#run();
    if (this.#isCoalescing && this.length >= maxBatchSize) this.#wake?.();
  }

  /**
   * Takes no more entries and resolves when what it has is sent or given up, at the latest after `withinMs`: then the rest
   * is lost. May be called again with less time.
   */
  async close(withinMs = Number.POSITIVE_INFINITY): Promise<void> {
    this.#isClosing = true;
    if (this.#isCoalescing) this.#wake?.();
    if (withinMs === Number.POSITIVE_INFINITY) {
      await this.#ended();
    } else {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      await Promise.race([this.#ended(), late]);
      clearTimeout(timer);
      this.#abandon();
    }
    this.#tellLost();
  }

  #ended(): Promise<void> {
    if (this.#running !== undefined) return this.#running;
    return this.#underWay === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #abandon(): void {
    this.#isAbandoned = true;
    const left = this.length + this.#underWay;
    if (left === 0) return;
    this.#lost += left;
    this.#lossReason = 'no time left to send';
    this.#lossCause = '';
    this.#waiting = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#underWay = 0;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    // The caller goes on first: what it adds in the same turn belongs to the same batch.
    await undefined;
    while (this.length > 0) {
      await this.#coalesce();
      if (this.length > 0) await this.#sendUntilDone(this.#take());
    }
    this.#running = undefined;
    this.#wasNearlyFull = false;
  }

  /** Waits until a batch is full, its time is over or the queue closes. */
  async #coalesce(): Promise<void> {
    const { maxBatchSize, maxCoalescingDelay } = this.#options.limits;
    if (maxBatchSize === 1 || maxCoalescingDelay <= 0 || this.#isClosing || this.length >= maxBatchSize) return;
    this.#isCoalescing = true;
    await this.#pause(maxCoalescingDelay);
    this.#isCoalescing = false;
  }

  async #sendUntilDone(batch: readonly E[]): Promise<void> {
    const { maxRetryTime, initialRetryDelay, maxRetryDelay } = this.#options.limits;
    const startedAt = performance.now();
    this.#underWay = batch.length;
    for (let attempt = 0; !this.#isAbandoned; attempt++) {
      try {
        await this.#options.send(batch);
        this.#tellResumed();
        break;
      } catch (error) {
        if (this.#isAbandoned) break;
        if (performance.now() - startedAt > maxRetryTime * 1000) {
          this.#lose(batch.length, 'could not send entries due to max_retry_time exceeded', textOf(error));
          break;
        }
        this.#tellFailure(error);
      }
      await this.#pause(Math.min(maxRetryDelay, initialRetryDelay * 2 ** attempt));
    }
    this.#underWay = 0;
  }

  #pause(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(end, Math.min(seconds * 1000, MAX_TIMER_MS));
      this.#wake = end;
    });
  }

  #take(): E[] {
    const end = Math.min(this.#head + this.#options.limits.maxBatchSize, this.#waiting.length);
    const batch = this.#waiting.slice(this.#head, end);
    this.#advance(end);
    return batch;
  }

  /** Forgets the entries before `position`. */
  #advance(position: number): void {
    if (this.#options.limits.maxBytes !== undefined) {
      for (let i = this.#head; i < position; i++) this.#bytes -= this.#options.sizeOf(this.#waiting[i]!);
    }
    this.#head = position;
    if (this.#head * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#head);
    this.#head = 0;
  }

  /** Drops the oldest entries for a new one; false when it can never fit. */
  #makeRoom(entry: E): boolean {
    const { maxEntries, maxBytes } = this.#options.limits;
    let dropped = 0;
    if (maxBytes !== undefined) {
      const size = this.#options.sizeOf(entry);
      if (size > maxBytes) {
        this.#lose(1, `an entry is larger than max_bytes, ${maxBytes}`);
        return false;
      }
      for (; this.#bytes + size > maxBytes; dropped++) this.#advance(this.#head + 1);
      this.#bytes += size;
    }
    for (; this.length >= maxEntries; dropped++) this.#advance(this.#head + 1);
    if (dropped > 0) {
      this.#isDropping = true;
      this.#lose(dropped, 'the queue is full');
    }
    if (dropped === 0 && !this.#wasNearlyFull && this.length + 1 >= maxEntries * NEARLY_FULL && maxEntries > 1) {
      this.#wasNearlyFull = true;
      this.#options.report('warn', `the queue is nearly full: ${this.length + 1} of ${maxEntries} entries`);
    }
    return true;
  }

  #sendAlone(entry: E): void {
    if (this.#underWay >= this.#options.limits.maxEntries) return this.#lose(1, 'too many entries are under way');
    this.#underWay += 1;
    const end = (): void => {
      if (this.#isAbandoned) return;
      this.#underWay -= 1;
      if (this.#underWay === 0) for (const resolve of this.#idle.splice(0)) resolve();
    };
    this.#options.send([entry]).then(end, (error) => {
      if (!this.#isAbandoned) this.#lose(1, 'could not send', textOf(error));
      end();
    });
  }

  #lose(entries: number, reason: string, cause = ''): void {
    this.#lost += entries;
    this.#lossReason = reason;
    this.#lossCause = cause;
    if (performance.now() - this.#lossToldAt >= REPORT_MS) this.#tellLost();
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    this.#lossToldAt = performance.now();
    const cause = this.#lossCause === '' ? '' : `: ${this.#lossCause}`;
    this.#options.report('error', `${this.#lossReason}. ${this.#lost} queue entries were lost${cause}`);
    this.#lost = 0;
  }

  /** After a time in which entries were dropped. */
  #tellResumed(): void {
    if (!this.#isDropping) return;
    this.#isDropping = false;
    this.#tellLost();
    this.#options.report('warn', 'queue resumed processing');
  }

  #tellFailure(error: unknown): void {
    const now = performance.now();
    if (now - this.#failureToldAt < REPORT_MS) return;
    this.#failureToldAt = now;
    this.#options.report('warn', `could not send, will try again: ${textOf(error)}`);
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
