// One request and its answer on a client connection. The answer's head waits for the first bytes of its body in the same turn,
// so that a small answer is one write. The surprise: an answer that ends short of its length kills the connection, because a
// truncated answer must never look whole.
import type * as net from 'node:net';
import { STATUS_CODES } from '../../lib/node-http.ts';
import type { ClientCertificate } from '../../pdk/index.ts';
import type { ClientExchange, ConnectionNotes } from '../exchange.ts';
import type { TlsSession } from '../tls/session.ts';
import { checkValue, type HeaderList } from './headers.ts';
import { latin1Of } from './latin1.ts';
import { type Sender, sendSoon } from './outbox.ts';
import { flat, NumberLines } from './own-lines.ts';
import type { RequestBody } from './request-body.ts';
import type { RequestHead } from './request-head.ts';
import type { ServerConnection } from './server-connection.ts';
import { lastChunk } from './trailers.ts';
import { now } from './turn.ts';

export type { RequestBody } from './request-body.ts';

const SMALL = 8_192;
const UPGRADE_REQUIRED = 426;
const KEEP_ALIVE = 'Connection: keep-alive\r\n\r\n';
const CLOSE = 'Connection: close\r\n\r\n';

const CONTENT_LENGTH = new NumberLines('Content-Length');

const BODYLESS = 0;
const LENGTH = 1;
const CHUNKED = 2;
const UNTIL_CLOSE = 3;

export class Exchange implements ClientExchange, Sender {
  readonly method: string;
  /** Path and query as received (of an absolute-form target only these), or `*`. */
  readonly target: string;
  readonly httpMinor: 0 | 1;
  /** The authority as sent, port included; empty for HTTP/1.0 without Host. */
  readonly host: string;
  /** Without Host and without anything hop-by-hop. The same list may be edited and sent upstream. */
  readonly headers: HeaderList;
  /** Of the Upgrade header, when Connection names it. */
  readonly upgrade: string | undefined;
  /** The client sent `TE: trailers`. */
  readonly teTrailers: boolean;
  readonly expectsContinue: boolean;
  /** The client sent Content-Length, be it 0. */
  readonly hasLength: boolean;
  readonly body: RequestBody;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** As sent to the client; 0 before. */
  status = 0;
  bytesOut = 0;
  ownLines = '';
  /** The head was handed over: no other answer can be given. */
  answered = false;
  /** Nothing more can be sent: the answer is complete, or the exchange was aborted. */
  finished = false;
  aborted = false;
  userData: unknown = undefined;
  onDrain: (() => void) | undefined = undefined;
  /** The client went away, or its body turned out faulty; onFinish follows. */
  onAbort: (() => void) | undefined = undefined;
  /** Exactly once, after the last byte was handed to the socket or after an abort. */
  onFinish: (() => void) | undefined = undefined;
  /** For the connection: may it be used again after this answer? */
  keepAlive: boolean;
  private readonly connection: ServerConnection;
  private readonly headBytes: number;
  private mode = BODYLESS;
  private left = 0;
  private pending = '';
  private flushIsDue = false;

  constructor(connection: ServerConnection, head: RequestHead, body: RequestBody, headBytes: number) {
    this.connection = connection;
    this.method = head.method;
    this.target = head.target;
    this.httpMinor = head.minor;
    this.host = head.host;
    this.headers = head.headers;
    this.upgrade = head.upgrade;
    this.teTrailers = head.teTrailers;
    this.expectsContinue = head.expectsContinue;
    this.hasLength = head.hasLength;
    this.body = body;
    this.startedAt = now();
    this.keepAlive = head.keepAlive;
    this.headBytes = headBytes;
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
  get connectionRequests(): number {
    return this.connection.requests;
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
  get httpVersion(): 1 | 1.1 {
    return this.httpMinor === 1 ? 1.1 : 1;
  }
  /** Head and body as far as read, without chunk framing. */
  get bytesIn(): number {
    return this.headBytes + this.body.bytesRead;
  }

  /** The complete answer. Framing headers in the list are ignored; ours are right. Throws HeaderError for a bad reason. */
  respond(status: number, reason: string | undefined, headers: HeaderList, body?: string | Uint8Array): void {
    if (this.answered || this.aborted) return;
    const bytes =
      body === undefined || body.length === 0 ? undefined : typeof body === 'string' ? Buffer.from(body) : body;
    this.startResponse(status, reason, headers, bytes === undefined ? 0 : bytes.length);
    if (bytes !== undefined) this.write(bytes);
    this.end();
  }

  /** An answer in pieces: `length` bytes, or chunked (until close for HTTP/1.0) when it is undefined. */
  startResponse(status: number, reason: string | undefined, headers: HeaderList, length: number | undefined): void {
    if (this.answered || this.aborted) return;
    const text = headers.appendTo(statusLine(status, reason));
    this.answered = true;
    this.status = status;
    const isHead = this.method === 'HEAD';
    let framing = '';
    if (isHead || status < 200 || status === 204 || status === 304) {
      this.mode = BODYLESS;
      if (isHead && length !== undefined && status !== 204 && status !== 304) framing = `Content-Length: ${length}\r\n`;
    } else if (length !== undefined) {
      this.mode = LENGTH;
      this.left = length;
      framing = CONTENT_LENGTH.of(length).text;
    } else if (this.httpMinor === 1) {
      this.mode = CHUNKED;
      framing = 'Transfer-Encoding: chunked\r\n';
    } else {
      this.mode = UNTIL_CLOSE;
      this.keepAlive = false;
    }
    this.keepAlive = this.connection.mayKeepAlive(this);
    const date = headers.has('date') ? '' : this.connection.dateLine();
    const offers = status === UPGRADE_REQUIRED && headers.has('upgrade');
    const persistence = offers ? this.offering() : this.keepAlive ? KEEP_ALIVE : CLOSE;
    this.ownLines = lastLines(date, framing, persistence);
    this.pending = text + this.ownLines;
    this.bytesOut += this.pending.length;
    if (this.mode !== BODYLESS) this.flushSoon();
  }

  /** Other protocols are named in Upgrade: Connection has to say so (RFC 9110 section 7.8). */
  private offering(): string {
    const rest = this.keepAlive ? (this.httpMinor === 1 ? '' : ', keep-alive') : ', close';
    return `Connection: Upgrade${rest}\r\n\r\n`;
  }

  /** False: wait for onDrain before the next write. The chunk's memory may be lent: it is kept when it cannot go out at once. */
  write(chunk: Uint8Array): boolean {
    if (this.finished || !this.answered || this.mode === BODYLESS || chunk.length === 0) return true;
    if (this.mode === LENGTH) {
      if (chunk.length > this.left) {
        this.abort();
        return true;
      }
      this.left -= chunk.length;
    }
    const open = this.mode === CHUNKED ? `${chunk.length.toString(16)}\r\n` : '';
    const close = this.mode === CHUNKED ? '\r\n' : '';
    this.bytesOut += open.length + chunk.length + close.length;
    if (this.pending.length + chunk.length <= SMALL) {
      this.pending += open + latin1Of(chunk) + close;
      if (this.mode === LENGTH && this.left === 0) return this.flush();
      this.flushSoon();
      return true;
    }
    const text = this.pending + open;
    this.pending = '';
    return this.connection.writeParts(text, chunk, close);
  }

  /** Trailers go to clients that said they read them: other readers could take them for headers. */
  end(trailers?: HeaderList): void {
    if (this.finished || !this.answered) return;
    if (this.mode === LENGTH && this.left > 0) {
      this.abort();
      return;
    }
    if (this.mode === CHUNKED) {
      const last = lastChunk(this.teTrailers ? trailers : undefined);
      this.pending += last;
      this.bytesOut += last.length;
    }
    this.flush();
    this.finished = true;
    this.connection.exchangeEnded(this);
  }

  /** Breaks the client connection: what was sent so far does not look like a whole answer. */
  abort(): void {
    if (this.finished) return;
    this.flush();
    this.aborted = true;
    this.finished = true;
    this.connection.breakOff(this.mode === UNTIL_CLOSE);
    this.body.fail();
    this.settle();
  }

  /**
   * Answers 101 and hands the socket over, paused, with the bytes that the client sent already. onFinish comes when it closes.
   */
  switchProtocols(headers: HeaderList): { socket: net.Socket; bytes: Buffer } {
    this.answered = true;
    this.status = 101;
    const text = headers.appendTo('HTTP/1.1 101 Switching Protocols\r\n');
    this.ownLines = `Connection: Upgrade\r\nUpgrade: ${checkValue('Upgrade', this.upgrade ?? '')}\r\n\r\n`;
    this.pending = text + this.ownLines;
    this.bytesOut += this.pending.length;
    this.flush();
    return this.connection.detach();
  }

  /** For the connection: the client is gone, or its body faulty. */
  lose(): void {
    if (this.finished) return;
    this.aborted = true;
    this.finished = true;
    this.body.fail();
    this.onAbort?.();
    this.settle();
  }

  /** For the connection: exactly once. */
  settle(): void {
    const { onFinish } = this;
    this.onFinish = undefined;
    this.onAbort = undefined;
    this.onDrain = undefined;
    onFinish?.();
  }

  private flushSoon(): void {
    if (this.flushIsDue) return;
    this.flushIsDue = true;
    sendSoon(this);
  }

  sendNow(): void {
    this.flushIsDue = false;
    if (!this.finished) this.flush();
  }

  private flush(): boolean {
    if (this.pending === '') return true;
    const text = this.pending;
    this.pending = '';
    return this.connection.writeText(text);
  }
}

const lately = { date: '', framing: '', persistence: '', text: '' };

/** What the engine adds to a head: most of the heads of a second end in the same text. */
function lastLines(date: string, framing: string, persistence: string): string {
  if (date !== lately.date || framing !== lately.framing || persistence !== lately.persistence) {
    lately.date = date;
    lately.framing = framing;
    lately.persistence = persistence;
    lately.text = date + framing + persistence;
  }
  return lately.text;
}

const STATUS_LINES: (string | undefined)[] = [];

/** The status line. An upstream's reason is kept, ours is the registered one. */
function statusLine(status: number, reason: string | undefined): string {
  if (!(Number.isInteger(status) && status >= 100 && status <= 599)) throw new RangeError(`status ${status}`);
  const registered = STATUS_CODES[status] ?? '';
  if (reason !== undefined && reason !== registered) return `HTTP/1.1 ${status} ${checkValue('reason', reason)}\r\n`;
  return (STATUS_LINES[status] ??= flat(`HTTP/1.1 ${status} ${registered}\r\n`));
}
