// One request and its answer on an HTTP/2 stream. The surprise is the same as in HTTP/1.1: an answer that cannot be finished
// resets its stream, so that it never looks whole; the connection lives on.
import type * as net from 'node:net';
import type { ClientCertificate } from '../../pdk/index.ts';
import type { ClientExchange, ConnectionNotes } from '../exchange.ts';
import { clearDeadline } from '../http1/deadlines.ts';
import { HeaderError, type HeaderList } from '../http1/headers.ts';
import { type BodySource, NO_BODY, RequestBody } from '../http1/request-body.ts';
import { requestTrailers } from '../http1/trailers.ts';
import { now } from '../http1/turn.ts';
import type { TlsSession } from '../tls/session.ts';
import { answerLines, trailerLines } from './answer-headers.ts';
import type { Http2Connection } from './connection.ts';
import { CODE } from './frames.ts';
import type { Http2Head } from './request-head.ts';
import { Http2Stream } from './stream.ts';

const MIN_BYTES_PER_SECOND = 500;
const DISCARD_BYTES = 65_536;
const CONTINUE: readonly string[] = [':status', '100'];

export class Http2Exchange extends Http2Stream implements ClientExchange, BodySource {
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
  readonly #headBytes: number;
  readonly #declared: number | undefined;
  /** Of the answer's body; undefined when nobody knows. */
  #left: number | undefined = undefined;
  #isBodyless = false;
  #waiting: 'body' | 'send' | 'linger' = 'body';
  /** Bytes when the current deadline began: received, or still to be sent. */
  #mark = 0;
  /** And those sent: by the connection, or of an answer to gRPC. */
  #sentMark = 0;
  #continued = false;
  #isReading = false;
  #discarded = 0;

  constructor(connection: Http2Connection, id: number, head: Http2Head, hasBody: boolean) {
    super(connection, id, !hasBody);
    this.#headBytes = head.bytes;
    this.#declared = head.length;
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
  }

  get notes(): ConnectionNotes {
    return this.connection.notes;
  }
  get remoteAddress(): string {
    return this.connection.remoteAddress;
  }
  get remotePort(): number {
    return this.connection.remotePort;
  }
  get localAddress(): string {
    return this.connection.localAddress;
  }
  get localPort(): number {
    return this.connection.localPort;
  }
  get connectionSerial(): number {
    return this.connection.serial;
  }
  get encrypted(): boolean {
    return this.connection.encrypted;
  }
  get tlsSession(): TlsSession | undefined {
    return this.connection.tlsSession;
  }
  get serverName(): string | undefined {
    return this.connection.serverName;
  }
  get clientCertificate(): ClientCertificate | undefined {
    return this.connection.clientCertificate;
  }
  get announcedAddress(): string | undefined {
    return this.connection.announcedAddress;
  }
  /** Its streams may be silent for a while, as connections may. */
  get #isGrpc(): boolean {
    return this.headers.get('content-type')?.startsWith('application/grpc') === true;
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
    const date = this.connection.httpDate();
    const lines = answerLines(status, headers, declared, date);
    if (declared !== undefined) this.ownLines = `content-length: ${declared}\r\n`;
    if (!headers.has('date')) this.ownLines += `date: ${date}\r\n`;
    for (let i = 0; i < lines.length; i++) this.bytesOut += (lines[i] as string).length;
    this.sendHead(lines, this.#isBodyless);
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
    if (this.localClosed) return true;
    this.bytesOut += chunk.length;
    if (this.sendData(chunk, this.#left === 0)) return true;
    this.#waitForSending();
    return false;
  }

  protected override onSent(): void {
    if (this.#waiting === 'send') clearDeadline(this);
    if (!this.remoteClosed) {
      if (this.finished) this.#wait('linger');
      else if (this.#isReading) this.#waitForBody();
    }
    this.onDrain?.();
  }

  end(trailers?: HeaderList): void {
    if (this.finished || !this.answered) return;
    if (!this.#isBodyless && this.#left !== undefined && this.#left > 0) {
      this.abort();
      return;
    }
    this.finished = true;
    if (!this.#isBodyless && this.#left === undefined) {
      this.sendEnd(trailers === undefined ? undefined : trailerLines(trailers));
    }
    if (!this.body.complete) this.#discardBody();
    // A client may still be slow to take the rest.
    else if (this.unsent > 0) this.#waitForSending();
    else clearDeadline(this);
    this.#settle();
  }

  abort(): void {
    if (this.finished) return;
    this.aborted = true;
    this.finished = true;
    this.reset(CODE.internalError);
    this.body.fail();
    this.#settle();
  }

  switchProtocols(_headers: HeaderList): { socket: net.Socket; bytes: Buffer } {
    throw new Error('HTTP/2 has no upgrade');
  }

  pauseReading(): void {
    this.#isReading = false;
    if (this.#waiting === 'body') clearDeadline(this);
  }

  resumeReading(): void {
    if (this.body.complete || this.finished) return;
    this.#isReading = true;
    this.grant();
    // The answer comes first; then the body gets its time.
    if (!this.#isSending) this.#waitForBody();
  }

  bodyWanted(): void {
    if (!this.expectsContinue || this.#continued || this.answered) return;
    this.#continued = true;
    this.sendHead(CONTINUE, false);
  }

  override onDeadline(): void {
    if (this.#waiting === 'linger') {
      this.#stopBody();
      return;
    }
    if (this.#waiting === 'send') {
      if (this.#isTaken()) this.#waitForSending();
      else this.#giveUp();
    } else if (this.#isComing()) this.resumeReading();
    else this.#refuse(408, 'Request timeout');
  }

  /** The answer leaves fast enough, or what it waits for is the connection, which goes on. */
  #isTaken(): boolean {
    const least = leastBytes(this.connection.limits.sendStallTimeoutMs);
    if (this.#mark - this.unsent > least) return true;
    // A connection that is stuck has a deadline of its own.
    return this.hasWindow && (this.connection.isFull || this.connection.sent - this.#sentMark > least);
  }

  /** The body comes fast enough, or cannot come. */
  #isComing(): boolean {
    const { connection } = this;
    const moved = this.#arrived - this.#mark;
    if (this.#isGrpc) return moved > 0 || this.bytesOut > this.#sentMark;
    return moved >= leastBytes(connection.limits.bodyStallTimeoutMs) || !connection.hasRoomToReceive;
  }

  override onData(chunk: Buffer, isLent: boolean, isLast: boolean): void {
    const { body } = this;
    if (this.finished) {
      this.#discarded += chunk.length;
      if (this.#discarded > DISCARD_BYTES && !isLast) this.#stopBody();
      else this.grant();
      if (isLast) this.#bodyEnded();
      return;
    }
    const size = body.bytesRead + chunk.length;
    const { bodyBytes } = this.connection.limits;
    if (bodyBytes > 0 && size > bodyBytes) {
      this.#refuse(413, 'Payload too large');
      return;
    }
    // Who says how much it is must keep to it (RFC 9113 section 8.1.1).
    if (this.#declared !== undefined && (isLast ? size !== this.#declared : size > this.#declared)) {
      this.connection.resetProvoked(this, CODE.protocolError);
      return;
    }
    if (chunk.length > 0) body.push(isLent ? Buffer.from(chunk) : chunk, isLast);
    if (this.#isReading) this.grant();
    if (isLast) this.#bodyEnded();
  }

  override onTrailers(lines: readonly string[]): void {
    if (this.finished) return;
    if (this.#declared !== undefined && this.body.bytesRead !== this.#declared) {
      this.connection.resetProvoked(this, CODE.protocolError);
      return;
    }
    try {
      this.body.trailers = requestTrailers(lines);
    } catch (error) {
      if (!(error instanceof HeaderError)) throw error;
      this.connection.resetProvoked(this, CODE.protocolError);
      return;
    }
    this.#bodyEnded();
  }

  #bodyEnded(): void {
    if (this.#waiting !== 'send') clearDeadline(this);
    if (!this.finished) this.body.finish();
    else if (this.unsent > 0) this.#waitForSending();
  }

  /** Nobody reads what the client still sends. Most are done soon; to stop one at once could cost it the answer. */
  #discardBody(): void {
    this.body.discard();
    this.grant();
    if (!this.remoteClosed) this.#wait('linger');
    else if (this.unsent > 0) this.#waitForSending();
  }

  /** The client need not go on (RFC 9113 section 8.1). Takes effect when the answer is out. */
  #stopBody(): void {
    if (this.unsent === 0) this.reset(CODE.noError);
    else if (!this.#isSending) this.#waitForSending();
  }

  /** The client is to blame, for what it takes too slowly. */
  #giveUp(): void {
    this.connection.resetProvoked(this, CODE.cancel);
  }

  /** The body turned out too large or too slow. */
  #refuse(status: number, message: string): void {
    this.connection.begin(this);
    if (this.finished) return;
    if (this.answered) {
      this.#giveUp();
      return;
    }
    const page = this.connection.renderError(status, message, this.headers);
    // Whoever sends the body on must not take its end for a fault of the upstream.
    const { onAbort } = this;
    this.onAbort = undefined;
    onAbort?.();
    this.body.fail();
    if (!this.finished) this.respond(status, undefined, page.headers, page.body);
  }

  get #isSending(): boolean {
    return this.#waiting === 'send' && this.deadlineList !== undefined;
  }

  #waitForSending(): void {
    this.#mark = this.unsent;
    this.#sentMark = this.connection.sent;
    this.#wait('send');
  }

  /** Of its body, the piece that is still coming included. */
  get #arrived(): number {
    return this.body.bytesRead + this.connection.partOf(this.id);
  }

  #waitForBody(): void {
    this.#mark = this.#arrived;
    this.#sentMark = this.bytesOut;
    this.#wait('body');
  }

  #wait(what: 'body' | 'send' | 'linger'): void {
    this.#waiting = what;
    this.connection.waits[what === 'body' && this.#isGrpc ? 'idle' : what].add(this);
  }

  protected override onDropped(): void {
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
const leastBytes = (ms: number): number => (MIN_BYTES_PER_SECOND * ms) / 1000;
