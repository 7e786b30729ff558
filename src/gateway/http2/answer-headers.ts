// An answer's header lines as HTTP/2 writes them: names in lower case, nothing that speaks of a connection. Lines of an
// upstream that HTTP/2 could not carry were refused when they were read.
import type { OutgoingHttpHeaders } from 'node:http2';
import type { HeaderList } from '../http1/headers.ts';

const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'content-length',
]);

/** @param length to be declared. */
export function answerHeaders(
  status: number,
  headers: HeaderList,
  length: number | undefined,
  date: string,
): OutgoingHttpHeaders {
  const lines = headerLines(headers);
  const result: OutgoingHttpHeaders = Object.assign(Object.create(null), { ':status': status }, lines);
  if (length !== undefined) result['content-length'] = String(length);
  result['date'] ??= date;
  return result;
}

/** Without prototype; repeated lines are a list. */
export function headerLines(headers: HeaderList): Record<string, string | string[]> {
  const lines: Record<string, string | string[]> = Object.create(null);
  headers.forEach((written, value) => {
    const name = written.toLowerCase();
    // All that HTTP/2 lets anybody say of transfer codings.
    if (OF_CONNECTIONS.has(name) || (name === 'te' && value !== 'trailers')) return;
    const current = lines[name];
    if (current === undefined) lines[name] = value;
    else if (Array.isArray(current)) current.push(value);
    else if (SINGLE.has(name)) lines[name] = value;
    else lines[name] = [current, value];
  });
  return lines;
}

/** The runtime throws when one of these is there twice. The last line counts. */
const SINGLE: ReadonlySet<string> = new Set([
  'access-control-allow-credentials',
  'access-control-max-age',
  'access-control-request-method',
  'age',
  'authorization',
  'content-encoding',
  'content-language',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'dnt',
  'etag',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'location',
  'max-forwards',
  'proxy-authorization',
  'range',
  'referer',
  'retry-after',
  'tk',
  'upgrade-insecure-requests',
  'user-agent',
  'x-content-type-options',
]);
