// Lines behind a body. They come when everything is decided, so they may decide nothing: what frames, routes, authenticates
// or names somebody is left out.
import { HeaderList } from '../http1/headers.ts';
import { removeClaims } from '../trust.ts';

const NEVER: ReadonlySet<string> = new Set([
  'authorization',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'set-cookie',
  'te',
  'trailer',
  'x-real-ip',
]);

/** @param raw names and values in turn, as they came. Undefined when nothing is left. */
export function readTrailers(raw: readonly string[]): HeaderList | undefined {
  const list = new HeaderList();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!name.startsWith(':') && !NEVER.has(name)) list.add(name, raw[i + 1] as string);
  }
  return list.size === 0 ? undefined : list;
}

/** Of a client, who may not say either who he is or whom he comes from. */
export function requestTrailers(raw: readonly string[]): HeaderList | undefined {
  const list = readTrailers(raw);
  if (list === undefined) return undefined;
  removeClaims(list, false);
  for (const [name] of [...list.entries()]) if (name.startsWith('x-forwarded-')) list.remove(name);
  return list.size === 0 ? undefined : list;
}
