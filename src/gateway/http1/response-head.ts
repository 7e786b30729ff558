// One response head of an upstream: llhttp's verdict, then our gates on version, status and framing. What frames the message
// and what belongs to the connection leaves the list here.
import { type ConnectionTokens, readConnectionTokens } from './connection-tokens.ts';
import { HeaderList } from './headers.ts';
import type { HeadParser } from './llhttp.ts';
import { isName, letterBit, nameBytes } from './name-bytes.ts';
import { readLength } from './request-head.ts';
import type { UpstreamHead } from './upstream.ts';

export type ResponseFraming = 'none' | 'length' | 'chunked' | 'until-close';

const MAX_CONNECTION_TOKENS = 64;
const CONNECTION = nameBytes('connection');
const CONTENT_LENGTH = nameBytes('content-length');
const KEEP_ALIVE = nameBytes('keep-alive');
const PROXY_CONNECTION = nameBytes('proxy-connection');
const TRANSFER_ENCODING = nameBytes('transfer-encoding');
const UPGRADE = nameBytes('upgrade');

/** A reader to be used again and again: read() fills its fields, which the caller copies. */
export class ResponseHead {
  status = 0;
  reason = '';
  headers = new HeaderList();
  framing: ResponseFraming = 'none';
  /** As declared, also where no body follows (HEAD). */
  length: number | undefined = undefined;
  keepAlive = true;
  upgrade: string | undefined = undefined;
  private readonly parser: HeadParser;

  constructor(parser: HeadParser) {
    this.parser = parser;
  }

  /** Undefined when the head is good, else what is wrong with it. */
  read(bytes: Buffer, start: number, end: number, text: string, method: string): string | undefined {
    const { parser } = this;
    if (!parser.parse(bytes, start, end)) return 'malformed response head';
    const lastLineEnd = end - start - 2;
    const lineEnd = parser.used > 0 ? (parser.spans[0] as number) : lastLineEnd;
    if (!this.readStatusLine(text, lineEnd - 2)) return 'malformed status line';
    this.length = undefined;
    this.upgrade = undefined;
    this.keepAlive = parser.minor === 1;
    return this.readLines(bytes, start, text, lastLineEnd, method);
  }

  /** For the one who goes on with it while the next head is read. */
  copy(): UpstreamHead {
    const { status, reason, headers, length } = this;
    return { status, reason, headers, length };
  }

  /** `HTTP/1.x SP 3DIGIT [SP reason] CRLF`. */
  private readStatusLine(text: string, end: number): boolean {
    const { parser } = this;
    const minor = text.charCodeAt(7) - 48;
    if (!text.startsWith('HTTP/1.') || parser.major !== 1 || parser.minor !== minor || minor < 0 || minor > 1)
      return false;
    if (text.charCodeAt(8) !== 0x20 || (end > 12 ? text.charCodeAt(12) !== 0x20 : end !== 12)) return false;
    const status = readLength(text, 9, 12);
    if (status < 100 || status > 599 || status !== parser.status) return false;
    this.status = status;
    this.reason = end === 15 && text.startsWith('OK', 13) ? 'OK' : text.slice(13, end);
    return true;
  }

  private readLines(
    bytes: Buffer,
    from: number,
    text: string,
    lastLineEnd: number,
    method: string,
  ): string | undefined {
    const { spans, used } = this.parser;
    const lines = new Array<number>(used);
    let lengths = 0;
    let codings = 0;
    let letters = 0;
    let tokens: ConnectionTokens | undefined;
    for (let i = 0; i < used; i += 4) {
      const start = spans[i] as number;
      const at = from + start;
      const end = spans[i + 1] as number;
      const valueStart = spans[i + 2] as number;
      const valueEnd = spans[i + 3] as number;
      let keep = true;
      switch (end - start) {
        case 7:
          if (isName(bytes, at, UPGRADE)) {
            keep = false;
            this.upgrade = text.slice(valueStart, valueEnd);
          }
          break;
        case 10:
          if (isName(bytes, at, CONNECTION)) {
            keep = false;
            tokens ??= { close: false, keepAlive: false, upgrade: false, named: [] };
            const value = text.slice(valueStart, valueEnd);
            if (!readConnectionTokens(value, tokens, MAX_CONNECTION_TOKENS)) return 'malformed Connection header';
          } else keep = !isName(bytes, at, KEEP_ALIVE);
          break;
        case 14:
          if (isName(bytes, at, CONTENT_LENGTH)) {
            keep = false;
            lengths++;
            this.length = readLength(text, valueStart, valueEnd);
            if (this.length < 0) return 'malformed Content-Length';
          }
          break;
        case 16:
          keep = !isName(bytes, at, PROXY_CONNECTION);
          break;
        case 17:
          if (isName(bytes, at, TRANSFER_ENCODING)) {
            keep = false;
            codings++;
            if (text.slice(valueStart, valueEnd).toLowerCase() !== 'chunked') return 'unsupported Transfer-Encoding';
          }
          break;
      }
      if (keep) letters |= letterBit(bytes[at] as number);
      lines[i] = start;
      lines[i + 1] = keep ? end : 0;
      lines[i + 2] = valueStart;
      lines[i + 3] = valueEnd;
    }
    if (lengths + codings > 1) return 'more than one body length';
    if (codings > 0 && this.parser.minor === 0) return 'Transfer-Encoding in an HTTP/1.0 response';
    this.headers = new HeaderList(text, lines, lastLineEnd, letters);
    if (tokens !== undefined) {
      if (tokens.close) this.keepAlive = false;
      else if (tokens.keepAlive) this.keepAlive = true;
      for (const name of tokens.named) this.headers.remove(name);
    }
    this.framing = this.bodyFraming(method, codings);
    return undefined;
  }

  private bodyFraming(method: string, codings: number): ResponseFraming {
    if (method === 'HEAD' || this.status < 200 || this.status === 204 || this.status === 304) return 'none';
    if (codings > 0) return 'chunked';
    if (this.length === undefined) return 'until-close';
    return this.length === 0 ? 'none' : 'length';
  }
}
