// One request and its answer on an HTTP/2 stream. The surprise is the same as in HTTP/1.1: an answer that cannot be finished
// resets its stream, so that it never looks whole; the connection lives on.
import { constants, type ServerHttp2Stream } from 'node:http2';
import type * as net from 'node:net';
import type { ClientCertificate } from '../../pdk/index.ts';
import type { ClientExchange, ConnectionNotes } from '../exchange.ts';
import { clearDeadline, Expiring } from '../http1/deadlines.ts';
import type { HeaderList } from '../http1/headers.ts';
import { keepBytes } from '../http1/lent-bytes.ts';
import { type BodySource, NO_BODY, RequestBody } from '../http1/request-body.ts';
import { requestTrailers } from '../http1/trailers.ts';
import { now } from '../http1/turn.ts';
import type { TlsSession } from '../tls/session.ts';
import { answerHead, answerLines, headerLines } from './answer-headers.ts';
import type { Http2Connection } from './connection.ts';
import type { Http2Head } from './request-head.ts';

const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = constants;
const MIN_BYTES_PER_SECOND = 500;
const DISCARD_BYTES = 65_536;

export class Http2Exchange extends Expiring implements ClientExchange, BodySource {
  readonly method: string;
  readonly target: string;
  readonly httpVersion = 2;
  readonly host: string;
  readonly headers: HeaderList;
  readonly upgrade = undefined;
  readonly teTrailers: boolean;
  readonly expectsContinue: boolean;
  readonly hasLength: boolean;
  readonly body: RequestBody;
  readonly startedAt = now();
  readonly connectionRequests: number;
  status = 0;
  bytesOut = 0;
  ownLines = '';
  answered = false;
  finished = false;
  aborted = false;
  onDrain: (() => void) | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;
  onFinish: (() => void) | undefined = undefined;
  readonly #connection: Http2Connection;
  readonly #stream: ServerHttp2Stream;
  readonly #headBytes: number;
  /** Of the answer's body; undefined when nobody knows. */
  #left: number | undefined = undefined;
  #isBodyless = false;
  #waiting: 'body' | 'send' | 'linger' = 'body';
  #mark = 0;
  #continued = false;
  #hearsDrain = false;
  #trailers: HeaderList | undefined = undefined;
  #discarded = 0;

  constructor(connection: Http2Connection, stream: ServerHttp2Stream, head: Http2Head, hasBody: boolean) {
    super();
    this.#connection = connection;
    this.#stream = stream;
    this.#headBytes = head.bytes;
    this.method = head.method;
    this.target = head.target;
    this.host = head.host;
    this.headers = head.headers;
    this.teTrailers = head.teTrailers;
    this.expectsContinue = head.expectsContinue;
    this.hasLength = head.length !== undefined;
    this.connectionRequests = connection.requests;
    if (!hasBody) this.body = NO_BODY;
    else this.body = new RequestBody(head.length === undefined ? 'chunked' : 'length', head.length, this);
    if (hasBody) this.#listen();
  }

  get notes(): ConnectionNotes {
    return this.#connection.notes;
  }
  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }
  get remotePort(): number {
    return this.#connection.remotePort;
  }
  get localAddress(): string {
    return this.#connection.localAddress;
  }
  get localPort(): number {
    return this.#connection.localPort;
  }
  get connectionSerial(): number {
    return this.#connection.serial;
  }
  get encrypted(): boolean {
    return this.#connection.encrypted;
  }
  get tlsSession(): TlsSession | undefined {
    return this.#connection.tlsSession;
  }
  get serverName(): string | undefined {
    return this.#connection.serverName;
  }
  get clientCertificate(): ClientCertificate | undefined {
    return this.#connection.clientCertificate;
  }
  get announcedAddress(): string | undefined {
    return this.#connection.announcedAddress;
  }
  get bytesIn(): number {
    return this.#headBytes + this.body.bytesRead;
  }

  respond(status: number, reason: string | undefined, headers: HeaderList, body?: string | Uint8Array): void {
    if (this.answered || this.aborted) return;
    const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? NOTHING);
    this.startResponse(status, reason, headers, bytes.length);
    if (bytes.length > 0) this.write(bytes);
    this.end();
  }

  startResponse(status: number, _reason: string | undefined, headers: HeaderList, length: number | undefined): void {
    if (this.answered || this.aborted) return;
    this.answered = true;
    this.status = status;
    const isBodyless = this.method === 'HEAD' || status === 204 || status === 304;
    // gRPC answers that are only a head say so by ending the stream, not by a length.
    const isGrpc = length === 0 && headers.get('content-type')?.startsWith('application/grpc') === true;
    const declared = isGrpc || (isBodyless && status !== 200) ? undefined : length;
    this.#isBodyless = isBodyless || length === 0;
    this.#left = length;
    const date = this.#connection.httpDate();
    const lines = answerLines(status, headers, declared, date);
    if (declared !== undefined) this.ownLines = `content-length: ${declared}\r\n`;
    if (!headers.has('date')) this.ownLines += `date: ${date}\r\n`;
    for (const text of lines) this.bytesOut += text.length;
    const waitForTrailers = length === undefined && !isBodyless;
    if (this.#stream.destroyed || this.#stream.closed) return;
    try {
      this.#stream.respond(answerHead(lines), { endStream: this.#isBodyless, waitForTrailers });
      // The stream keeps the list, and with it all the text that its lines are cut from.
      lines.length = 0;
    } catch {
      // A line that HTTP/2 does not carry. Nothing of it may go out.
      this.abort();
      return;
    }
    if (waitForTrailers) this.#stream.once('wantTrailers', () => this.#sendTrailers());
  }

  write(chunk: Uint8Array): boolean {
    if (this.finished || !this.answered || this.#isBodyless || chunk.length === 0) return true;
    if (this.#left !== undefined) {
      if (chunk.length > this.#left) {
        this.abort();
        return true;
      }
      this.#left -= chunk.length;
    }
    if (this.#stream.destroyed || this.#stream.writableEnded) return true;
    this.bytesOut += chunk.length;
    if (this.#stream.write(lasting(chunk))) return true;
    if (!this.#hearsDrain) this.#hearDrain();
    this.#waitForSending();
    return false;
  }

  /** Few answers ever need it. */
  #hearDrain(): void {
    this.#hearsDrain = true;
    this.#stream.on('drain', () => {
      if (this.#waiting === 'send') clearDeadline(this);
      this.onDrain?.();
    });
  }

  end(trailers?: HeaderList): void {
    if (this.finished || !this.answered) return;
    if (!this.#isBodyless && this.#left !== undefined && this.#left > 0) {
      this.abort();
      return;
    }
    this.finished = true;
    this.#trailers = trailers;
    if (!this.#isBodyless) this.#stream.end();
    if (!this.body.complete) this.#discardBody();
    // A client may still be slow to take the rest.
    else if (this.#stream.writableLength > 0) this.#waitForSending();
    else clearDeadline(this);
    this.#settle();
  }

  abort(): void {
    if (this.finished) return;
    this.aborted = true;
    this.finished = true;
    this.#connection.resetsOurselves(this.#stream);
    this.#reset(NGHTTP2_INTERNAL_ERROR);
    this.body.fail();
    this.#settle();
  }

  switchProtocols(_headers: HeaderList): { socket: net.Socket; bytes: Buffer } {
    throw new Error('HTTP/2 has no upgrade');
  }

  pauseReading(): void {
    this.#stream.pause();
    if (this.#waiting === 'body') clearDeadline(this);
  }

  resumeReading(): void {
    if (this.body.complete || this.finished) return;
    this.#stream.resume();
    this.#mark = this.body.bytesRead;
    this.#wait('body');
  }

  bodyWanted(): void {
    if (!this.expectsContinue || this.#continued || this.answered || this.#stream.destroyed) return;
    this.#continued = true;
    this.#stream.additionalHeaders({ ':status': 100 });
  }

  override onDeadline(): void {
    if (this.#waiting === 'linger') {
      this.#stopBody();
      return;
    }
    if (this.#waiting === 'send') {
      const { sendStallTimeoutMs } = this.#connection.limits;
      if (this.#stream.writableLength < this.#mark - (MIN_BYTES_PER_SECOND * sendStallTimeoutMs) / 1000)
        this.#waitForSending();
      else this.#reset(NGHTTP2_CANCEL);
      return;
    }
    const { bodyStallTimeoutMs } = this.#connection.limits;
    if (this.body.bytesRead - this.#mark >= (MIN_BYTES_PER_SECOND * bodyStallTimeoutMs) / 1000) this.resumeReading();
    else this.#refuse(408, 'Request timeout');
  }

  #listen(): void {
    const stream = this.#stream;
    const { body } = this;
    const { bodyBytes } = this.#connection.limits;
    stream.on('data', (chunk: Buffer) => {
      if (this.finished) {
        this.#discarded += chunk.length;
        if (this.#discarded > DISCARD_BYTES) this.#stopBody();
        return;
      }
      if (bodyBytes > 0 && body.bytesRead + chunk.length > bodyBytes) this.#refuse(413, 'Payload too large');
      else body.push(chunk, false);
    });
    stream.on('trailers', (_lines, _flags, raw: string[]) => {
      body.trailers = requestTrailers(raw);
    });
    stream.on('end', () => {
      if (this.#waiting !== 'send') clearDeadline(this);
      if (!stream.aborted) body.finish();
    });
    stream.pause();
  }

  /** Nobody reads what the client still sends. Most are done soon; to stop one at once could cost it the answer. */
  #discardBody(): void {
    this.body.discard();
    this.#stream.resume();
    this.#wait('linger');
  }

  /** The runtime ends a stream before it resets it: half an answer would look whole. Here nothing is said but the reset. */
  #reset(code: number): void {
    this.#stream._final = (done) => done();
    this.#stream.close(code);
  }

  /** The client need not go on (RFC 9113 section 8.1). Takes effect when the answer is out. */
  #stopBody(): void {
    if (!this.#stream.closed) this.#stream.close(NGHTTP2_NO_ERROR);
    if (this.#stream.writableLength > 0) this.#waitForSending();
  }

  /** The body turned out too large or too slow. */
  #refuse(status: number, message: string): void {
    if (this.finished) return;
    if (this.answered) {
      this.#reset(NGHTTP2_CANCEL);
      return;
    }
    const page = this.#connection.renderError(status, message, this.headers);
    // Whoever sends the body on must not take its end for a fault of the upstream.
    const { onAbort } = this;
    this.onAbort = undefined;
    onAbort?.();
    this.body.fail();
    if (!this.finished) this.respond(status, undefined, page.headers, page.body);
  }

  #sendTrailers(): void {
    if (this.#stream.destroyed || this.#stream.closed) return;
    this.#stream.sendTrailers(this.#trailers === undefined ? {} : headerLines(this.#trailers));
  }

  #waitForSending(): void {
    this.#mark = this.#stream.writableLength;
    this.#wait('send');
  }

  #wait(what: 'body' | 'send' | 'linger'): void {
    this.#waiting = what;
    this.#connection.waits[what].add(this);
  }

  /** For the connection: the stream is gone. */
  streamClosed(): void {
    clearDeadline(this);
    if (this.finished) return;
    this.aborted = true;
    this.finished = true;
    this.body.fail();
    this.onAbort?.();
    this.#settle();
  }

  #settle(): void {
    const { onFinish } = this;
    this.onFinish = undefined;
    this.onAbort = undefined;
    this.onDrain = undefined;
    onFinish?.();
  }
}

const NOTHING = new Uint8Array(0);
/** To copy so much costs less than fresh memory for whoever lent it. */
const COPIED_BYTES = 4096;

/** The stream sends a chunk later than in this turn. */
function lasting(chunk: Uint8Array): Uint8Array {
  if (chunk.length <= COPIED_BYTES) return Buffer.from(chunk);
  keepBytes(chunk);
  return chunk;
}
