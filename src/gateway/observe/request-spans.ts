// What plugins measure within one request. The first span begins by the clock on the wall; from there the clock that never jumps
// counts, so that no part seems longer than its whole. The number of spans is bounded: a plugin may measure in a loop.
import type {
  RecordedSpan,
  SpanEvent,
  SpanOptions,
  SpanValue,
  SpanValues,
  TraceSpan,
  Tracing,
} from '../../pdk/index.ts';

const MAX_SPANS = 200;
const MAX_EVENTS = 100;

export class RequestSpans implements Tracing {
  readonly all: RecordedSpan[] = [];
  #active: RunningSpan | undefined = undefined;
  #origin: number | undefined = undefined;
  isSampled: boolean | undefined = undefined;

  get active(): TraceSpan | undefined {
    return this.#active;
  }
  setActive(span: TraceSpan | undefined): void {
    this.#active = span as RunningSpan | undefined;
  }
  setSampled(isSampled: boolean): void {
    this.isSampled = isSampled;
  }
  startSpan(name: string, options: SpanOptions = {}): TraceSpan {
    return this.begin(name, options, this.#active);
  }

  begin(
    name: string,
    { kind = 'internal', attributes = {} }: SpanOptions,
    parent: RecordedSpan | undefined,
  ): TraceSpan {
    this.#origin ??= Date.now() - performance.now();
    const span = new RunningSpan(this, name, kind, attributes, parent);
    if (this.all.length < MAX_SPANS) this.all.push(span);
    return span;
  }

  /** Milliseconds since the epoch, with fractions. */
  now(): number {
    return this.#origin! + performance.now();
  }
}

class RunningSpan implements TraceSpan, RecordedSpan {
  readonly #spans: RequestSpans;
  readonly name: string;
  readonly kind: 'internal' | 'client';
  readonly parent: RecordedSpan | undefined;
  readonly start: number;
  end: number | undefined = undefined;
  readonly attributes: Record<string, SpanValue>;
  readonly events: SpanEvent[] = [];
  isError = false;

  constructor(
    spans: RequestSpans,
    name: string,
    kind: 'internal' | 'client',
    attributes: SpanValues,
    parent: RecordedSpan | undefined,
  ) {
    this.#spans = spans;
    this.start = spans.now();
    this.name = name;
    this.kind = kind;
    this.parent = parent;
    this.attributes = { ...attributes };
  }

  startSpan(name: string, options: SpanOptions = {}): TraceSpan {
    return this.#spans.begin(name, options, this);
  }
  setAttribute(name: string, value: SpanValue): void {
    this.attributes[name] = value;
  }
  addEvent(name: string, attributes: SpanValues = {}): void {
    if (this.events.length < MAX_EVENTS) this.events.push({ name, time: this.#spans.now(), attributes });
  }
  recordError(error: unknown): void {
    this.isError = true;
    const text = error instanceof Error ? error.message : String(error);
    this.addEvent('exception', { 'exception.message': text });
  }
  finish(): void {
    this.end ??= this.#spans.now();
  }
}
