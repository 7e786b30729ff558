// One request head of HTTP/2. nghttp2 has judged frames and compression; these are the gates behind it, for what would mean
// something else once it is written as HTTP/1.1, and for limits that deserve an answer.
import { METHODS } from '../../lib/node-http.ts';
import { isAuthority } from '../http1/authority.ts';
import { HeaderError, HeaderList } from '../http1/headers.ts';
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

/** @param raw names and values in turn, as they came. */
export function readHttp2Head(raw: readonly string[], limits: Http2HeadLimits): ReadHead {
  const pseudo: Record<string, string | undefined> = Object.create(null);
  const headers = new HeaderList();
  const hosts: string[] = [];
  const cookies: string[] = [];
  let length: number | undefined;
  let teTrailers = false;
  let expectsContinue = false;
  let fault: HeadFault | undefined;
  let bytes = 0;
  try {
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i] as string;
      const value = raw[i + 1] as string;
      bytes += name.length + value.length + LINE_OVERHEAD;
      if (name.length + value.length > limits.lineBytes) fault ??= name === ':path' ? URI_TOO_LONG : FIELDS_TOO_LARGE;
      if (name.charCodeAt(0) === 0x3a) {
        if (pseudo[name] !== undefined) return MALFORMED;
        pseudo[name] = value;
        continue;
      }
      if (OF_CONNECTIONS.has(name)) return MALFORMED;
      switch (name) {
        case 'host':
          hosts.push(value);
          break;
        case 'cookie':
          cookies.push(value);
          break;
        case 'te':
          if (value.trim().toLowerCase() === 'trailers') teTrailers = true;
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
          headers.add(name, value);
      }
    }
    // A cookie may come in pieces, one a line; HTTP/1.1 knows only one line (RFC 9113 section 8.2.3).
    if (cookies.length > 0) headers.add('cookie', cookies.join('; '));
  } catch (error) {
    if (error instanceof HeaderError) return MALFORMED;
    throw error;
  }
  if (raw.length / 2 > limits.headerCount || bytes > limits.headBytes) fault = FIELDS_TOO_LARGE;

  const { ':method': method = '', ':path': target = '', ':scheme': scheme, ':authority': authority } = pseudo;
  const host = authority ?? hosts[0] ?? '';
  if (hosts.length > 1 || (hosts.length === 1 && hosts[0]!.toLowerCase() !== host.toLowerCase())) return MALFORMED;
  if (method === 'CONNECT' || method === 'TRACE') fault ??= NOT_ALLOWED;
  else if (scheme !== 'http' && scheme !== 'https') fault ??= BAD_REQUEST;
  if (!KNOWN_METHODS.has(method) || !isAuthority(host)) fault ??= BAD_REQUEST;
  const isTarget = target === '*' ? method === 'OPTIONS' : target.startsWith('/') && isOriginForm(target);
  if (!isTarget) fault ??= BAD_REQUEST;
  if (fault !== undefined) return { ok: false, fault, headers };
  return { ok: true, head: { method, target, host, headers, length, teTrailers, expectsContinue, bytes } };
}
