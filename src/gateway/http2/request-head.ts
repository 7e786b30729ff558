// One request head of HTTP/2: what RFC 9113 section 8 calls malformed, what would mean something else once it is written as
// HTTP/1.1, and limits that deserve an answer.
import { METHODS } from '../../lib/node-http.ts';
import { isAuthority } from '../http1/authority.ts';
import { HeaderList, isToken } from '../http1/headers.ts';
import type { HeadFault } from '../http1/request-head.ts';
import { isOriginForm } from '../http1/request-target.ts';

export interface Http2Head {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly headers: HeaderList;
  readonly length: number | undefined;
  readonly teTrailers: boolean;
  readonly expectsContinue: boolean;
  /** Of names and values, as HTTP/1.1 would write them. */
  readonly bytes: number;
}

export interface Http2HeadLimits {
  /** Of one header line, and of the path. */
  readonly lineBytes: number;
  readonly headBytes: number;
  readonly headerCount: number;
}

export type ReadHead =
  | { readonly ok: true; readonly head: Http2Head }
  /** An answer; what is known of the request is in the headers. */
  | { readonly ok: false; readonly fault: HeadFault; readonly headers: HeaderList }
  /** Not HTTP: the stream is reset. */
  | { readonly ok: false; readonly fault: undefined };

const MALFORMED: ReadHead = { ok: false, fault: undefined };
const BAD_REQUEST: HeadFault = { status: 400, message: 'Bad request' };
const NOT_ALLOWED: HeadFault = { status: 405, message: 'Method not allowed' };
const URI_TOO_LONG: HeadFault = { status: 414, message: 'URI too long' };
const EXPECTATION_FAILED: HeadFault = { status: 417, message: 'Expectation failed' };
const FIELDS_TOO_LARGE: HeadFault = { status: 431, message: 'Request header fields too large' };

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);
/** They speak of a connection, which is not the upstream's. RFC 9113 section 8.2.2 has them refused. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);
/** `: ` and the line break, in HTTP/1.1. */
const LINE_OVERHEAD = 4;
const COLON = 0x3a;
const SLASH = 0x2f;

/** @param raw names and values in turn, as they came. */
export function readHttp2Head(raw: readonly string[], limits: Http2HeadLimits): ReadHead {
  const headers = new HeaderList();
  let method: string | undefined;
  let target: string | undefined;
  let scheme: string | undefined;
  let authority: string | undefined;
  let host: string | undefined;
  let cookie: string | undefined;
  let length: number | undefined;
  let teTrailers = false;
  let expectsContinue = false;
  let fault: HeadFault | undefined;
  let bytes = 0;
  let isBehindPseudo = false;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    bytes += name.length + value.length + LINE_OVERHEAD;
    if (name.length + value.length > limits.lineBytes) fault ??= name === ':path' ? URI_TOO_LONG : FIELDS_TOO_LARGE;
    if (name.charCodeAt(0) === COLON) {
      if (isBehindPseudo) return MALFORMED;
      if (name === ':method' && method === undefined) method = value;
      else if (name === ':path' && target === undefined) target = value;
      else if (name === ':scheme' && scheme === undefined) scheme = value;
      else if (name === ':authority' && authority === undefined) authority = value;
      else return MALFORMED;
      continue;
    }
    isBehindPseudo = true;
    switch (name) {
      case 'host':
        if (host !== undefined) return MALFORMED;
        host = value;
        break;
      case 'cookie':
        // It may come in pieces, one a line; HTTP/1.1 knows only one line (RFC 9113 section 8.2.3).
        if (!isValue(value)) return MALFORMED;
        cookie = cookie === undefined ? value : `${cookie}; ${value}`;
        break;
      case 'te':
        if (value.toLowerCase() !== 'trailers') return MALFORMED;
        teTrailers = true;
        break;
      case 'expect':
        if (value.toLowerCase() === '100-continue') expectsContinue = true;
        else fault ??= EXPECTATION_FAILED;
        break;
      case 'content-length':
        if (length !== undefined || !/^\d{1,15}$/.test(value)) return MALFORMED;
        length = Number(value);
        break;
      case 'proxy':
        break;
      default:
        if (!isFieldName(name) || OF_CONNECTIONS.has(name) || !isValue(value)) return MALFORMED;
        headers.append(name, value);
    }
  }
  if (cookie !== undefined) headers.append('cookie', cookie);
  if (raw.length / 2 > limits.headerCount || bytes > limits.headBytes) fault = FIELDS_TOO_LARGE;

  if (method === undefined || !isToken(method)) return MALFORMED;
  const wanted = authority ?? host ?? '';
  if (authority !== undefined && host !== undefined && host.toLowerCase() !== authority.toLowerCase()) return MALFORMED;
  if (wanted !== '' && !isAuthority(wanted)) return MALFORMED;
  if (method === 'CONNECT') return { ok: false, fault: NOT_ALLOWED, headers };
  if (target === undefined || scheme === undefined || !isTarget(method, target)) return MALFORMED;
  if (method === 'TRACE') fault ??= NOT_ALLOWED;
  else if (wanted === '' || (scheme !== 'http' && scheme !== 'https')) fault ??= BAD_REQUEST;
  if (!KNOWN_METHODS.has(method) || (target !== '*' && !isOriginForm(target))) fault ??= BAD_REQUEST;
  if (fault !== undefined) return { ok: false, fault, headers };
  return { ok: true, head: { method, target, host: wanted, headers, length, teTrailers, expectsContinue, bytes } };
}

/** Are these trailers at all? Lines without a name in lower case, or with one of a head, are not. */
export function areTrailers(raw: readonly string[]): boolean {
  for (let i = 0; i < raw.length; i += 2) if (!isFieldName(raw[i] as string)) return false;
  return true;
}

/** Whether it looks like what it should be; what it says is judged later. */
const isTarget = (method: string, target: string): boolean =>
  target === '*' ? method === 'OPTIONS' : target.charCodeAt(0) === SLASH && !/[\0-\x20\x7f]/.test(target);

/** No space in front or behind either: HTTP/1.1 would drop it (RFC 9113 section 8.2.1). */
function isValue(value: string): boolean {
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1))) return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 ? code !== 9 : code === 0x7f) return false;
  }
  return true;
}

const isBlank = (code: number): boolean => code === 0x20 || code === 9;

const MOST_NAMES = 512;
const goodNames = new Set<string>();

/** A token without capitals. Most names come again and again. */
function isFieldName(name: string): boolean {
  if (goodNames.has(name)) return true;
  if (!isToken(name) || /[A-Z]/.test(name)) return false;
  if (goodNames.size >= MOST_NAMES) goodNames.clear();
  if (name.length <= 64) goodNames.add(name);
  return true;
}
