// Cookies as they are set and read back. A value that is too long for one cookie goes on in `<name>2`, `<name>3` …; then the
// first one begins with how many there are.
import { cookieValues } from '../shared/cookies.ts';

export interface CookieAttributes {
  readonly path: string | null;
  readonly domain: string | null;
  readonly sameSite: string | null;
  readonly httpOnly: boolean;
  readonly secure: boolean;
}

const CHUNK = 3800;
const MAX_CHUNKS = 9;
const COUNTED = /^([2-9])~/;

const cookieName = (name: string, index: number): string => (index === 0 ? name : `${name}${index + 1}`);

/** The value of Set-Cookie for each part; undefined when it is too long for all of them. */
export function formatCookies(name: string, value: string, attributes: string): string[] | undefined {
  if (value.length <= CHUNK) return [`${name}=${value}${attributes}`];
  const count = Math.ceil(value.length / CHUNK);
  if (count > MAX_CHUNKS) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const part = value.slice(index * CHUNK, (index + 1) * CHUNK);
    return `${cookieName(name, index)}=${index === 0 ? `${count}~` : ''}${part}${attributes}`;
  });
}

/** Undefined when there is none, or a part of it is missing. Of several cookies of one name the first counts. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const first = cookieValues(header, name)[0];
  if (first === undefined || first === '') return undefined;
  const count = Number(COUNTED.exec(first)?.[1] ?? 1);
  if (count === 1) return first;
  let value = first.slice(2);
  for (let index = 1; index < count; index++) {
    const part = cookieValues(header, cookieName(name, index))[0];
    if (part === undefined) return undefined;
    value += part;
  }
  return value;
}

/** Set-Cookie lines that delete what the client has of this cookie. */
export function deleteCookies(header: string | undefined, name: string, attributes: string): string[] {
  const lines: string[] = [];
  for (let index = 0; index < MAX_CHUNKS; index++) {
    const part = cookieName(name, index);
    if (cookieValues(header, part).length === 0) continue;
    lines.push(`${part}=${attributes}; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0`);
  }
  return lines;
}

/** `; Path=/; Domain=…; SameSite=Strict; Secure; HttpOnly`, in this order. */
export function formatAttributes({ path, domain, sameSite, httpOnly, secure }: CookieAttributes): string {
  const parts: string[] = [];
  if (path !== null) parts.push(`Path=${path}`);
  if (domain !== null) parts.push(`Domain=${domain}`);
  if (sameSite !== null && sameSite !== 'Default') parts.push(`SameSite=${sameSite}`);
  if (secure) parts.push('Secure');
  if (httpOnly) parts.push('HttpOnly');
  return parts.map((part) => `; ${part}`).join('');
}
