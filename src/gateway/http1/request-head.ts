// One request head: llhttp's verdict, then the gates that llhttp leaves to a gateway (RFC 9112, and stricter where two readers
// could differ). Hop-by-hop headers leave the list here, before anybody sees it, so that nothing added later can be named away.
import { isAuthority } from './authority.ts';
import { type ConnectionTokens, readConnectionTokens } from './connection-tokens.ts';
import { HeaderList } from './headers.ts';
import type { HeadParser } from './llhttp.ts';
import { isName, letterBit, nameBytes } from './name-bytes.ts';
import { isOriginForm, readTarget } from './request-target.ts';

export interface HeadFault {
  status: number;
  message: string;
}

export interface HeadLimits {
  lineBytes: number;
  headerCount: number;
  connectionTokens: number;
}

export const BAD_REQUEST: HeadFault = { status: 400, message: 'Bad request' };
export const HEAD_TOO_LARGE: HeadFault = { status: 400, message: 'Request header or cookie too large' };
export const URI_TOO_LONG: HeadFault = { status: 414, message: 'URI too long' };
const NOT_ALLOWED: HeadFault = { status: 405, message: 'Method not allowed' };
const EXPECTATION_FAILED: HeadFault = { status: 417, message: 'Expectation failed' };
const VERSION_NOT_SUPPORTED: HeadFault = { status: 505, message: 'HTTP version not supported' };

const CONNECTION = nameBytes('connection');
const CONTENT_LENGTH = nameBytes('content-length');
const EXPECT = nameBytes('expect');
const HOST = nameBytes('host');
const HTTP2_SETTINGS = nameBytes('http2-settings');
const KEEP_ALIVE = nameBytes('keep-alive');
const PROXY = nameBytes('proxy');
const PROXY_CONNECTION = nameBytes('proxy-connection');
const TE = nameBytes('te');
const TRANSFER_ENCODING = nameBytes('transfer-encoding');
const UPGRADE = nameBytes('upgrade');

export type BodyKind = 'none' | 'length' | 'chunked';

/** A reader to be used again and again: read() fills its fields, which the caller copies. */
export class RequestHead {
  method = '';
  target = '';
  host = '';
  minor: 0 | 1 = 1;
  headers = new HeaderList();
  bodyKind: BodyKind = 'none';
  bodyLength = 0;
  /** There is a Content-Length, be it 0. */
  hasLength = false;
  keepAlive = true;
  upgrade: string | undefined = undefined;
  teTrailers = false;
  expectsContinue = false;
  private readonly parser: HeadParser;
  private readonly limits: HeadLimits;
  /** The last good one: most requests of a server name the same. */
  private lastHost = NO_AUTHORITY;

  constructor(parser: HeadParser, limits: HeadLimits) {
    this.parser = parser;
    this.limits = limits;
  }

  /** Reads bytes[start, end), a head with its empty line; text is the same in latin1 (it may go on behind the head). */
  read(bytes: Buffer, start: number, end: number, text: string): HeadFault | undefined {
    const { parser } = this;
    this.clear();
    if (!parser.parse(bytes, start, end)) return this.explainRefusal(text, end - start);
    const lastLineEnd = end - start - 2;
    const fault = this.readRequestLine(text, parser.used > 0 ? (parser.spans[0] as number) : lastLineEnd);
    if (fault !== undefined) return fault;
    return this.readLines(bytes, start, text, lastLineEnd) ?? this.readTarget();
  }

  private clear(): void {
    this.host = '';
    this.minor = 1;
    this.headers = NO_HEADERS;
    this.bodyKind = 'none';
    this.bodyLength = 0;
    this.keepAlive = true;
    this.upgrade = undefined;
    this.teTrailers = false;
    this.expectsContinue = false;
  }

  private explainRefusal(text: string, length: number): HeadFault {
    if (this.parser.tooManyLines) return HEAD_TOO_LARGE;
    const line = text.slice(0, Math.min(length, text.indexOf('\r\n')));
    if (line.length > this.limits.lineBytes) return URI_TOO_LONG;
    const version = /^[A-Z]+ \/[^ ]* HTTP\/(\d\.\d)$/.exec(line)?.[1];
    return version === undefined || version === '1.0' || version === '1.1' ? BAD_REQUEST : VERSION_NOT_SUPPORTED;
  }

  /** Exactly `METHOD SP target SP HTTP/1.x CRLF`. */
  private readRequestLine(text: string, lineEnd: number): HeadFault | undefined {
    const { urlStart, urlEnd } = this.parser;
    if (lineEnd - 2 > this.limits.lineBytes) return URI_TOO_LONG;
    this.method = text.startsWith('GET ') ? 'GET' : text.slice(0, text.indexOf(' '));
    // llhttp skips line breaks in front of the method.
    const first = text.charCodeAt(0);
    if (first < 0x41 || first > 0x5a) return BAD_REQUEST;
    if (urlStart !== this.method.length + 1 || urlEnd <= urlStart) return BAD_REQUEST;
    this.target = text.slice(urlStart, urlEnd);
    if (lineEnd !== urlEnd + 11 || !text.startsWith(' HTTP/', urlEnd)) return BAD_REQUEST;
    const minor = text.charCodeAt(urlEnd + 8) - 48;
    if (text.charCodeAt(urlEnd + 6) !== 0x31 || text.charCodeAt(urlEnd + 7) !== 0x2e || minor < 0 || minor > 1) {
      return VERSION_NOT_SUPPORTED;
    }
    if (this.parser.major !== 1 || this.parser.minor !== minor) return BAD_REQUEST;
    this.minor = minor as 0 | 1;
    this.keepAlive = minor === 1;
    return undefined;
  }

  /** One pass: each line is told by its length first; special ones leave the list. */
  private readLines(bytes: Buffer, from: number, text: string, lastLineEnd: number): HeadFault | undefined {
    const { spans, used } = this.parser;
    const { lineBytes, headerCount } = this.limits;
    if (used > 4 * headerCount) return HEAD_TOO_LARGE;
    const lines = new Array<number>(used);
    let hosts = 0;
    let lengths = 0;
    let codings = 0;
    let letters = 0;
    let upgrade: string | undefined;
    let tokens: ConnectionTokens | undefined;
    let fault: HeadFault | undefined;
    for (let i = 0; i < used; i += 4) {
      const start = spans[i] as number;
      const at = from + start;
      const end = spans[i + 1] as number;
      const valueStart = spans[i + 2] as number;
      const valueEnd = spans[i + 3] as number;
      if (valueEnd - start > lineBytes) return HEAD_TOO_LARGE;
      let keep = true;
      switch (end - start) {
        case 2:
          if (isName(bytes, at, TE)) {
            keep = false;
            if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|;|$)/i.test(text.slice(valueStart, valueEnd))) this.teTrailers = true;
          }
          break;
        case 4:
          if (isName(bytes, at, HOST)) {
            keep = false;
            hosts++;
            this.host = this.hostIn(text, valueStart, valueEnd);
          }
          break;
        case 5:
          keep = !isName(bytes, at, PROXY);
          break;
        case 6:
          if (isName(bytes, at, EXPECT)) {
            keep = false;
            if (text.slice(valueStart, valueEnd).toLowerCase() === '100-continue') this.expectsContinue = true;
            else fault ??= EXPECTATION_FAILED;
          }
          break;
        case 7:
          if (isName(bytes, at, UPGRADE)) {
            keep = false;
            upgrade = upgrade === undefined ? text.slice(valueStart, valueEnd) : `${upgrade}, `;
          }
          break;
        case 10:
          if (isName(bytes, at, CONNECTION)) {
            keep = false;
            tokens ??= { close: false, keepAlive: false, upgrade: false, named: [] };
            const value = text.slice(valueStart, valueEnd);
            if (!readConnectionTokens(value, tokens, this.limits.connectionTokens)) return BAD_REQUEST;
          } else keep = !isName(bytes, at, KEEP_ALIVE);
          break;
        case 14:
          if (isName(bytes, at, CONTENT_LENGTH)) {
            keep = false;
            lengths++;
            this.bodyLength = readLength(text, valueStart, valueEnd);
            if (this.bodyLength < 0) return BAD_REQUEST;
            this.bodyKind = this.bodyLength === 0 ? 'none' : 'length';
          } else keep = !isName(bytes, at, HTTP2_SETTINGS);
          break;
        case 16:
          keep = !isName(bytes, at, PROXY_CONNECTION);
          break;
        case 17:
          if (isName(bytes, at, TRANSFER_ENCODING)) {
            keep = false;
            codings++;
            if (text.slice(valueStart, valueEnd).toLowerCase() !== 'chunked') return BAD_REQUEST;
            this.bodyKind = 'chunked';
          }
          break;
      }
      if (keep) letters |= letterBit(bytes[at] as number);
      lines[i] = start;
      lines[i + 1] = keep ? end : 0;
      lines[i + 2] = valueStart;
      lines[i + 3] = valueEnd;
    }
    this.headers = new HeaderList(text, lines, lastLineEnd, letters);
    this.hasLength = lengths > 0;
    if (lengths + codings > 1 || (codings === 1 && this.minor === 0)) return BAD_REQUEST;
    if (hosts > 1 || (hosts === 0 && this.minor === 1)) return BAD_REQUEST;
    if (hosts === 1 && this.host !== this.lastHost) {
      if (!isAuthority(this.host)) return BAD_REQUEST;
      this.lastHost = this.host;
    }
    if (tokens !== undefined) this.applyTokens(tokens, upgrade);
    if (this.minor === 0) this.expectsContinue = false;
    if (this.upgrade?.toLowerCase() === 'websocket' && (this.method !== 'GET' || this.bodyKind !== 'none')) {
      return BAD_REQUEST;
    }
    return fault;
  }

  /** The last good one itself, where it is the same: it is known to be good, and maps know its hash. */
  private hostIn(text: string, start: number, end: number): string {
    const { lastHost } = this;
    const host = text.slice(start, end);
    return host === lastHost ? lastHost : host;
  }

  private applyTokens(tokens: ConnectionTokens, upgrade: string | undefined): void {
    if (tokens.close) this.keepAlive = false;
    else if (tokens.keepAlive) this.keepAlive = true;
    if (tokens.upgrade && this.minor === 1) this.upgrade = upgrade;
    for (const name of tokens.named) this.headers.remove(name);
  }

  private readTarget(): HeadFault | undefined {
    if (this.method === 'TRACE' || this.method === 'CONNECT') return NOT_ALLOWED;
    if (this.target.charCodeAt(0) === 0x2f) return isOriginForm(this.target) ? undefined : BAD_REQUEST;
    const target = readTarget(this.target, this.method);
    if (target === undefined) return BAD_REQUEST;
    this.target = target.path;
    if (target.authority !== undefined) this.host = target.authority;
    return undefined;
  }
}

const NO_HEADERS = new HeaderList();
/** Blanks are no part of a value. */
const NO_AUTHORITY = ' ';

/** Digits only, at most 2^53 - 1; -1 otherwise. */
export function readLength(text: string, start: number, end: number): number {
  if (start === end) return -1;
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
    if (length > Number.MAX_SAFE_INTEGER) return -1;
  }
  return length;
}
