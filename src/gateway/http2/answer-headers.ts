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

/** Names and values in turn. @param length to be declared. */
export function answerLines(status: number, headers: HeaderList, length: number | undefined, date: string): string[] {
  const lines = [':status', String(status)];
  let isDated = false;
  headers.forEach((written, value) => {
    const { name, isLeftOut, isSingle } = formOf(written);
    if (isLeftOut || isOtherCoding(name, value)) return;
    if (isSingle) {
      if (name === 'date') isDated = true;
      const earlier = indexOfName(lines, name);
      if (earlier >= 0) {
        lines[earlier + 1] = value;
        return;
      }
    }
    lines.push(name, value);
  });
  if (length !== undefined) lines.push('content-length', String(length));
  if (!isDated) lines.push('date', date);
  return lines;
}

function indexOfName(lines: readonly string[], name: string): number {
  for (let i = 0; i < lines.length; i += 2) if (lines[i] === name) return i;
  return -1;
}

/** Of trailers: names and values in turn. */
export function trailerLines(headers: HeaderList): string[] {
  const lines: string[] = [];
  headers.forEach((written, value) => {
    const { name, isLeftOut } = formOf(written);
    if (!isLeftOut && !isOtherCoding(name, value)) lines.push(name, value);
  });
  return lines;
}

/** For the runtime's own client. Without prototype; repeated lines are a list. */
export function headerLines(headers: HeaderList): Record<string, string | string[]> {
  const lines: Record<string, string | string[]> = Object.create(null);
  headers.forEach((written, value) => {
    const { name, isLeftOut } = formOf(written);
    if (!isLeftOut && !isOtherCoding(name, value)) addLine(lines, name, value);
  });
  return lines;
}

/** Trailers are all that HTTP/2 lets anybody say of transfer codings. */
const isOtherCoding = (name: string, value: string): boolean => name === 'te' && value !== 'trailers';

/** What HTTP/2 makes of a name. */
interface NameForm {
  readonly name: string;
  readonly isLeftOut: boolean;
  readonly isSingle: boolean;
}

const MOST_NAMES = 512;
const forms = new Map<string, NameForm>();

/** Made once a name, as far as upstreams keep to a few. */
function formOf(written: string): NameForm {
  let form = forms.get(written);
  if (form === undefined) {
    const name = written.toLowerCase();
    form = { name, isLeftOut: OF_CONNECTIONS.has(name), isSingle: SINGLE.has(name) };
    if (forms.size >= MOST_NAMES) forms.clear();
    forms.set(written, form);
  }
  return form;
}

function addLine(lines: OutgoingHttpHeaders | Record<string, string | string[]>, name: string, value: string): void {
  const current = lines[name];
  if (current === undefined || SINGLE.has(name)) lines[name] = value;
  else if (Array.isArray(current)) current.push(value);
  else lines[name] = [String(current), value];
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
