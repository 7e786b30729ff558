// Lines behind a body. They come when everything is decided, so they may decide nothing: what frames, routes, asks for
// conditions, authenticates or names somebody is left out.
import { removeClaims } from '../trust.ts';
import { HeaderList } from './headers.ts';

/** More than so many lines are a flood. */
export const MAX_TRAILERS = 100;

const NEVER: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'location',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'www-authenticate',
  'x-real-ip',
]);

/** What ends a chunked body. */
export const lastChunk = (trailers: HeaderList | undefined): string =>
  trailers === undefined ? '0\r\n\r\n' : `${trailers.appendTo('0\r\n')}\r\n`;

/** @param raw names and values in turn, as they came. Undefined when nothing is left. */
export function readTrailers(raw: readonly string[]): HeaderList | undefined {
  if (raw.length > 2 * MAX_TRAILERS) return undefined;
  const list = new HeaderList();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!name.startsWith(':') && !NEVER.has(name.toLowerCase())) list.add(name, raw[i + 1] as string);
  }
  return list.size === 0 ? undefined : list;
}

/** Of a client, who may not say either who he is or whom he comes from. */
export function requestTrailers(raw: readonly string[]): HeaderList | undefined {
  const list = readTrailers(raw);
  if (list === undefined) return undefined;
  removeClaims(list, false);
  for (const [name] of [...list.entries()]) if (/^x-(?:forwarded|kong)-/i.test(name)) list.remove(name);
  return list.size === 0 ? undefined : list;
}
