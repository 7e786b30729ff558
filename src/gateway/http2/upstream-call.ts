// One request on its way to an upstream over HTTP/2: the body streams up while the answer streams down, with trailers on
// both. Its deadlines are those of HTTP/1.1: for connecting, for a write that is stuck, and between two reads.
import { type ClientHttp2Session, type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from 'node:http2';
import { clearDeadline, type Deadlines, Expiring } from '../http1/deadlines.ts';
import { HeaderError, HeaderList } from '../http1/headers.ts';
import type { BodySink, RequestBody } from '../http1/request-body.ts';
import { readTrailers } from '../http1/trailers.ts';
import {
  bodyLength,
  streamedBody,
  type UpstreamCall,
  UpstreamError,
  type UpstreamFault,
  type UpstreamHandler,
  type UpstreamHead,
  type UpstreamRequest,
} from '../http1/upstream.ts';
import { headerLines } from './answer-headers.ts';
import type { UpstreamSession } from './upstream-session.ts';

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_FLAG_END_STREAM } = constants;

export class Http2Call extends Expiring implements UpstreamCall, BodySink {
  readonly request: UpstreamRequest;
  session: UpstreamSession | undefined = undefined;
  readonly #deadlines: Deadlines;
  readonly #handler: UpstreamHandler;
  #stream: ClientHttp2Stream | undefined = undefined;
  #waiting: 'connect' | 'send' | 'read' = 'connect';
  #isOver = false;
  #isPaused = false;
  #isBodySent = false;
  #headSeen = false;
  #trailers: HeaderList | undefined = undefined;

  constructor(deadlines: Deadlines, request: UpstreamRequest, handler: UpstreamHandler) {
    super();
    this.#deadlines = deadlines;
    this.request = request;
    this.#handler = handler;
  }

  get address(): string | undefined {
    return this.session?.address;
  }

  waitForConnection(): void {
    this.#wait('connect');
  }

  start(session: ClientHttp2Session, scheme: 'http' | 'https', isReused: boolean): void {
    if (this.#isOver) return;
    if (session.destroyed || session.closed) {
      this.fail('connect', 'the connection is closing');
      return;
    }
    clearDeadline(this);
    this.#handler.onConnected?.(isReused);
    if (this.#isOver) return;
    const { body } = this.request;
    const streamed = this.#streamedBody();
    let stream: ClientHttp2Stream;
    try {
      stream = session.request(this.#head(scheme), {
        endStream: body === undefined,
        waitForTrailers: streamed !== undefined,
      });
    } catch (error) {
      this.fail('aborted', 'the request cannot be written', error);
      return;
    }
    this.#stream = stream;
    this.#listen(stream);
    if (streamed !== undefined) {
      stream.on('wantTrailers', () => {
        if (!stream.destroyed)
          stream.sendTrailers(streamed.trailers === undefined ? {} : headerLines(streamed.trailers));
      });
      streamed.stream(this);
      return;
    }
    this.#isBodySent = true;
    if (body !== undefined) stream.end(body instanceof Uint8Array ? body : (body.bytes as Buffer));
    this.#waitForAnswer();
  }

  pause(): void {
    this.#isPaused = true;
    clearDeadline(this);
    this.#stream?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream?.resume();
    this.#waitForAnswer();
  }

  abort(): void {
    if (this.#isOver) return;
    this.#end();
  }

  fail(kind: UpstreamFault, message: string, cause?: unknown): void {
    if (this.#isOver) return;
    const wasSent = this.#stream !== undefined;
    this.#end();
    this.#handler.onError(new UpstreamError(kind, message, wasSent, this.#headSeen, cause));
  }

  override onDeadline(): void {
    switch (this.#waiting) {
      case 'connect':
        this.fail('connect_timeout', 'connecting took too long');
        return;
      case 'send':
        this.fail('send_timeout', 'the upstream does not take the request');
        return;
      default:
        this.fail('read_timeout', 'the upstream does not answer');
    }
  }

  /** BodySink: a piece of the client's body. */
  onChunk(chunk: Buffer): boolean {
    const stream = this.#stream as ClientHttp2Stream;
    if (this.#isOver || stream.destroyed || stream.writableEnded) return true;
    if (stream.write(chunk)) return true;
    this.#wait('send');
    return false;
  }

  /** BodySink: the client's body is complete. */
  onEnd(): void {
    const stream = this.#stream as ClientHttp2Stream;
    if (this.#isOver) return;
    this.#isBodySent = true;
    if (!stream.destroyed && !stream.writableEnded) stream.end();
    this.#waitForAnswer();
  }

  /** BodySink: the client went away in the middle of its body. */
  onError(): void {
    this.fail('aborted', 'the client did not send its whole body');
  }

  #streamedBody(): RequestBody | undefined {
    return streamedBody(this.request.body);
  }

  #head(scheme: string): OutgoingHttpHeaders {
    const { method, path, hostHeader, headers, body } = this.request;
    const lines: OutgoingHttpHeaders = Object.assign(Object.create(null), {
      ':method': method,
      ':scheme': scheme,
      ':authority': hostHeader,
      ':path': path,
      ...headerLines(headers),
    });
    const length = body === undefined ? undefined : bodyLength(body);
    if (length !== undefined) lines['content-length'] = String(length);
    return lines;
  }

  #listen(stream: ClientHttp2Stream): void {
    stream.on('response', (_lines, flags, raw) => this.#answered(flags, raw as unknown as readonly string[]));
    stream.on('data', (chunk: Buffer) => {
      if (this.#isOver) return;
      if (this.#handler.onData(chunk) === false && !this.#isOver) this.pause();
      else this.#waitForAnswer();
    });
    stream.on('trailers', (_lines, _flags, raw: string[]) => {
      this.#trailers = readTrailers(raw);
    });
    stream.on('drain', () => {
      if (this.#isOver) return;
      if (this.#waiting === 'send') clearDeadline(this);
      this.#streamedBody()?.resume();
      this.#waitForAnswer();
    });
    stream.on('end', () => this.#complete(stream));
    stream.on('error', (error) => this.#failed(stream, error));
    stream.on('aborted', () => this.#failed(stream, undefined));
    stream.on('close', () => this.#failed(stream, undefined));
  }

  #answered(flags: number, raw: readonly string[]): void {
    if (this.#isOver) return;
    const head = readAnswer(raw, (flags & NGHTTP2_FLAG_END_STREAM) !== 0, this.request.method);
    if (head === undefined) {
      this.fail('invalid_response', 'malformed response head');
      return;
    }
    this.#headSeen = true;
    this.#waitForAnswer();
    this.#handler.onHead(head);
  }

  #complete(stream: ClientHttp2Stream): void {
    if (this.#isOver) return;
    if (!this.#headSeen || (stream.rstCode !== NGHTTP2_NO_ERROR && stream.closed)) {
      this.#failed(stream, undefined);
      return;
    }
    this.#end();
    this.#handler.onEnd(this.#trailers);
  }

  #failed(stream: ClientHttp2Stream, error: Error | undefined): void {
    if (this.#isOver) return;
    const isRefused = stream.rstCode === NGHTTP2_REFUSED_STREAM && !this.#headSeen;
    this.fail(isRefused ? 'refused' : 'reset', error?.message ?? 'the upstream reset the stream', error);
  }

  /** The stream is given up if it is still running; no event follows. */
  #end(): void {
    this.#isOver = true;
    clearDeadline(this);
    const stream = this.#stream;
    this.#streamedBody()?.detach(this);
    if (stream !== undefined && !stream.closed && !(stream.readableEnded && stream.writableFinished)) {
      stream.close(stream.readableEnded ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
    }
    const { session } = this;
    session?.release(this);
  }

  #waitForAnswer(): void {
    if (this.#isOver || this.#isPaused) return;
    if (this.#stream?.writableNeedDrain === true && !this.#headSeen) this.#wait('send');
    else if (this.#isBodySent || this.#headSeen) this.#wait('read');
  }

  #wait(what: 'connect' | 'send' | 'read'): void {
    this.#waiting = what;
    const { connectTimeoutMs, sendTimeoutMs, readTimeoutMs } = this.request;
    const ms = what === 'connect' ? connectTimeoutMs : what === 'send' ? sendTimeoutMs : readTimeoutMs;
    this.#deadlines.list(ms).add(this);
  }
}

/**
 * Undefined for what is no answer. A declared length is not kept where a body follows: the end of the stream says more, and
 * leaves room for trailers.
 */
function readAnswer(raw: readonly string[], isWhole: boolean, method: string): UpstreamHead | undefined {
  const headers = new HeaderList();
  let status = 0;
  let length = isWhole && method !== 'HEAD' ? 0 : undefined;
  try {
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i] as string;
      const value = raw[i + 1] as string;
      if (name === ':status') status = Number(value);
      else if (name === 'content-length') length = method === 'HEAD' ? Number(value) : length;
      else if (!name.startsWith(':')) headers.add(name, value);
    }
  } catch (error) {
    if (error instanceof HeaderError) return undefined;
    throw error;
  }
  return status >= 200 && status <= 599 ? { status, reason: '', headers, length } : undefined;
}
