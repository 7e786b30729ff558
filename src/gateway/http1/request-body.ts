// The body of a request: read whole (and then replayable for another try), or streamed with backpressure. Nothing is read from
// the client ahead of a reader but what came along with the head; "100 Continue" goes out when somebody starts to read.
import { CRUMB_BYTES, Crumbs } from './crumbs.ts';
import type { HeaderList } from './headers.ts';
import type { BodyKind } from './request-head.ts';

/** The connection that the bytes come from. */
export interface BodySource {
  pauseReading(): void;
  resumeReading(): void;
  /** Somebody wants the body. */
  bodyWanted(): void;
}

export interface BodySink {
  /** The chunk is the sink's to keep. False pauses until resume(). */
  onChunk(chunk: Buffer): boolean;
  onEnd(): void;
  /** The client went away, or the body turned out faulty. */
  onError(): void;
}

const NOTHING = Buffer.alloc(0);

export class RequestBody {
  readonly kind: BodyKind;
  /** Declared; undefined for a chunked body. */
  readonly length: number | undefined;
  bytesRead = 0;
  /** Every byte has arrived. */
  complete: boolean;
  /** Lines behind the body, once it is complete. */
  trailers: HeaderList | undefined = undefined;
  /** The whole body, when it came with the head or was read: then it can be sent any number of times. */
  bytes: Buffer | undefined;
  /** A part of it was given to a reader, and is not kept. */
  delivered = false;
  private readonly source: BodySource | undefined;
  private pieces: Buffer[] = [];
  private crumbs: Crumbs | undefined = undefined;
  private held = 0;
  private failed = false;
  private discarding = false;
  private paused = false;
  private sink: BodySink | undefined = undefined;
  private limit = 0;
  private answer: ((bytes: Buffer | undefined) => void) | undefined = undefined;

  constructor(kind: BodyKind, length: number | undefined, source: BodySource | undefined) {
    this.kind = kind;
    this.length = length;
    this.source = source;
    this.complete = kind === 'none';
    this.bytes = kind === 'none' ? NOTHING : undefined;
  }

  /** Can it be sent (again) from the first byte on? */
  get replayable(): boolean {
    return this.bytes !== undefined;
  }

  /** Somebody will use `bytes` or stream: a client that waits for "100 Continue" gets it. */
  announce(): void {
    this.source?.bodyWanted();
  }

  /** The whole body; undefined when it is larger than `limit` bytes or the client went away. One reader at a time. */
  read(limit: number): Promise<Buffer | undefined> {
    this.announce();
    if (this.bytes !== undefined) return Promise.resolve(this.bytes.length > limit ? undefined : this.bytes);
    if (this.failed || this.delivered || this.held > limit || (this.length ?? 0) > limit)
      return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.limit = limit;
      this.answer = resolve;
      this.source?.resumeReading();
    });
  }

  /** Hands every byte to the sink, those already here in this call. */
  stream(sink: BodySink): void {
    if (this.failed) {
      sink.onError();
      return;
    }
    this.announce();
    if (this.bytes !== undefined) {
      if (this.bytes.length > 0) sink.onChunk(this.bytes);
      sink.onEnd();
      return;
    }
    this.sink = sink;
    this.paused = false;
    this.flow();
  }

  pause(): void {
    if (this.paused || this.sink === undefined) return;
    this.paused = true;
    if (!this.complete) this.source?.pauseReading();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.flow();
  }

  /** The sink wants no more; what still comes waits for the next one. */
  detach(sink: BodySink): void {
    if (this.sink !== sink) return;
    this.sink = undefined;
    this.paused = false;
    if (!this.complete && !this.discarding && !this.failed) this.source?.pauseReading();
  }

  /** For the connection: bytes arrived. Behind the last ones there is nothing to hold back; finish() follows. */
  push(chunk: Buffer, isLast: boolean): void {
    this.bytesRead += chunk.length;
    if (this.discarding) return;
    if (this.sink !== undefined && !this.paused) {
      this.deliver(this.sink, chunk);
      return;
    }
    if (chunk.length >= CRUMB_BYTES || this.pieces.length === 0) this.pieces.push(chunk);
    else (this.crumbs ??= new Crumbs()).append(this.pieces, chunk);
    this.held += chunk.length;
    if (this.answer !== undefined) {
      if (this.held <= this.limit) return;
      this.settle(undefined);
    }
    if (!isLast) this.source?.pauseReading();
  }

  /** For the connection: that was the last byte. */
  finish(): void {
    this.complete = true;
    if (!this.delivered && !this.discarding) {
      this.bytes = this.pieces.length === 1 ? this.pieces[0] : Buffer.concat(this.pieces, this.held);
      this.pieces = [];
    }
    this.settle(this.bytes);
    if (this.sink !== undefined && !this.paused) this.flow();
  }

  /** For the connection: there will be no more, and what came is not to be used. */
  fail(): void {
    if (this.failed || (this.complete && this.sink === undefined)) return;
    this.failed = true;
    this.settle(undefined);
    const { sink } = this;
    this.sink = undefined;
    sink?.onError();
  }

  /** For the connection: nobody will read the rest. */
  discard(): void {
    this.discarding = true;
    this.sink = undefined;
    this.pieces = [];
    this.settle(undefined);
  }

  private flow(): void {
    const { sink } = this;
    if (sink === undefined) return;
    if (this.bytes !== undefined && !this.delivered) {
      this.sink = undefined;
      if (this.bytes.length > 0) sink.onChunk(this.bytes);
      sink.onEnd();
      return;
    }
    while (this.pieces.length > 0 && !this.paused && this.sink === sink)
      this.deliver(sink, this.pieces.shift() as Buffer);
    if (this.paused || this.sink !== sink || this.pieces.length > 0) return;
    this.held = 0;
    if (this.complete) {
      this.sink = undefined;
      sink.onEnd();
    } else this.source?.resumeReading();
  }

  private deliver(sink: BodySink, chunk: Buffer): void {
    this.delivered = true;
    if (!sink.onChunk(chunk)) this.pause();
  }

  private settle(bytes: Buffer | undefined): void {
    const { answer } = this;
    if (answer === undefined) return;
    this.answer = undefined;
    answer(bytes);
  }
}

/** Shared by all requests without a body: it has no state that changes. */
export const NO_BODY = new RequestBody('none', 0, undefined);
