// What plugins measure within one request. Times are those of the wall clock where a span begins, and lengths those of the
// clock that never jumps. The number of spans is bounded: a plugin may measure in a loop.
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

  startSpan(name: string, options: SpanOptions = {}): TraceSpan {
    return this.begin(name, options, undefined);
  }

  begin(
    name: string,
    { kind = 'internal', attributes = {} }: SpanOptions,
    parent: RecordedSpan | undefined,
  ): TraceSpan {
    const span = new RunningSpan(this, name, kind, attributes, parent);
    if (this.all.length < MAX_SPANS) this.all.push(span);
    return span;
  }
}

class RunningSpan implements TraceSpan, RecordedSpan {
  readonly #spans: RequestSpans;
  readonly #startMark = performance.now();
  readonly name: string;
  readonly kind: 'internal' | 'client';
  readonly parent: RecordedSpan | undefined;
  readonly start = Date.now();
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
    if (this.events.length < MAX_EVENTS) this.events.push({ name, time: this.#now(), attributes });
  }
  recordError(error: unknown): void {
    this.isError = true;
    const text = error instanceof Error ? error.message : String(error);
    this.addEvent('exception', { 'exception.message': text });
  }
  finish(): void {
    this.end ??= this.#now();
  }

  #now(): number {
    return this.start + (performance.now() - this.#startMark);
  }
}
