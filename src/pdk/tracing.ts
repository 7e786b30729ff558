// Measured pieces of work within one request. Whoever sends traces reads them in `log`; without such a plugin nobody does,
// and they cost little.

export type SpanValue = string | number | boolean;
export type SpanValues = Readonly<Record<string, SpanValue>>;

export interface SpanOptions {
  /** client: it waits for somebody else's answer. `internal` when absent. */
  readonly kind?: 'internal' | 'client';
  readonly attributes?: SpanValues;
}

export interface Tracing {
  /** Begins a piece of work below the active span. */
  startSpan(name: string, options?: SpanOptions): TraceSpan;
  /** Undefined stands for the request itself, as in the beginning. */
  readonly active: TraceSpan | undefined;
  setActive(span: TraceSpan | undefined): void;
  /** What a plugin decided; undefined while those who send traces follow the caller's decision or their own rate. */
  readonly isSampled: boolean | undefined;
  /**
   * Whether traces of this request are sent. Decided before a tracing plugin's turn in `access`, the upstream is told the same;
   * decided later, until its turn in `log`, it still counts for what is sent.
   */
  setSampled(isSampled: boolean): void;
}

/** One that is not finished when the request ends lasts as long as the request. */
export interface TraceSpan {
  /** Begins a part of it. */
  startSpan(name: string, options?: SpanOptions): TraceSpan;
  setAttribute(name: string, value: SpanValue): void;
  addEvent(name: string, attributes?: SpanValues): void;
  /** It failed; why is an event of its own. */
  recordError(error: unknown): void;
  /** Only the first call counts. */
  finish(): void;
}

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the epoch, with fractions. */
  readonly time: number;
  readonly attributes: SpanValues;
}

/** As `log` sees it. */
export interface RecordedSpan {
  readonly name: string;
  readonly kind: 'internal' | 'client';
  readonly parent: RecordedSpan | undefined;
  /** Milliseconds since the epoch, with fractions; no end while it is not finished. */
  readonly start: number;
  readonly end: number | undefined;
  readonly attributes: SpanValues;
  readonly events: readonly SpanEvent[];
  readonly isError: boolean;
}
