// Cookies of a session with an Admin API, from a file in the format of Netscape browsers that curl writes too: one cookie a
// line, seven columns apart by tabs. Expired ones and those of other hosts are not sent.
import { readFileSync } from 'node:fs';
import { GwctlError } from '../lib/errors.ts';

/** The value of the header Cookie for this address; undefined when the jar has none for it. */
export function readCookies(path: string, address: string, now: number): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new GwctlError('E_FILE_READ', `cannot read the cookie jar ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const url = new URL(address);
  const cookies = text.split(/\r?\n/).flatMap((line) => {
    const cookie = parseLine(line);
    return cookie !== undefined && isMeant(cookie, url, now) ? [`${cookie.name}=${cookie.value}`] : [];
  });
  return cookies.length === 0 ? undefined : cookies.join('; ');
}

interface Cookie {
  readonly domain: string;
  readonly withSubdomains: boolean;
  readonly path: string;
  readonly secure: boolean;
  /** Seconds; 0 lasts as long as the session. */
  readonly expires: number;
  readonly name: string;
  readonly value: string;
}

function parseLine(line: string): Cookie | undefined {
  const own = line.startsWith('#HttpOnly_') ? line.slice('#HttpOnly_'.length) : line;
  if (own.startsWith('#')) return undefined;
  const [domain, withSubdomains, path, secure, expires, name, value] = own.split('\t');
  if (domain === undefined || name === undefined || value === undefined) return undefined;
  return {
    domain: domain.replace(/^\./, '').toLowerCase(),
    withSubdomains: withSubdomains === 'TRUE',
    path: path ?? '/',
    secure: secure === 'TRUE',
    expires: Number(expires),
    name,
    value,
  };
}

function isMeant(cookie: Cookie, url: URL, now: number): boolean {
  const host = url.hostname.toLowerCase();
  const isHost = host === cookie.domain || (cookie.withSubdomains && host.endsWith(`.${cookie.domain}`));
  const isAlive = cookie.expires === 0 || cookie.expires * 1000 > now;
  const path = url.pathname === '' ? '/' : url.pathname;
  return isHost && isAlive && path.startsWith(cookie.path) && (!cookie.secure || url.protocol === 'https:');
}
