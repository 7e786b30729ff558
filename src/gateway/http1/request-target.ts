// The grammar of the request target: what may go on as a path and query. Strict on the path, where a second reading could
// reach another resource; the query also takes the characters that browsers leave unescaped in it, and stray percent signs.
import { isAuthority } from './authority.ts';

export interface Target {
  /** Origin form: path and query, or `*`. */
  path: string;
  /** Of the absolute form; it wins over Host. */
  authority: string | undefined;
}

const PERCENT = 37;
const DOT = 46;
const SLASH = 47;
const QUESTION = 63;

/** The target in origin form, or undefined when it must be refused. `target` is never empty. */
export function readTarget(target: string, method: string): Target | undefined {
  if (target.charCodeAt(0) === SLASH) return isOriginForm(target) ? { path: target, authority: undefined } : undefined;
  if (target === '*') return method === 'OPTIONS' ? { path: '*', authority: undefined } : undefined;
  return readAbsolute(target);
}

/** Path and query of RFC 3986, dot segments staying below the root. */
export function isOriginForm(target: string): boolean {
  let dots = false;
  for (let i = 1; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (isPathCode(code)) {
      if (code === DOT && target.charCodeAt(i - 1) === SLASH) dots = true;
    } else if (code === PERCENT) {
      const octet = octetAt(target, i + 1);
      if (octet <= 0) return false;
      if (octet === DOT) dots = true;
      i += 2;
    } else if (code === QUESTION) {
      return isQuery(target, i + 1) && !(dots && climbsAboveRoot(target.slice(0, i)));
    } else {
      return false;
    }
  }
  return !(dots && climbsAboveRoot(target));
}

function readAbsolute(target: string): Target | undefined {
  const scheme = /^https?:\/\//i.exec(target);
  if (scheme === null) return undefined;
  const start = scheme[0].length;
  const length = target.slice(start).search(/[/?]/);
  const authority = length < 0 ? target.slice(start) : target.slice(start, start + length);
  const rest = length < 0 ? '/' : target.slice(start + length);
  const path = rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
  return isAuthority(authority) && isOriginForm(path) ? { path, authority } : undefined;
}

function isQuery(target: string, from: number): boolean {
  for (let i = from; i < target.length; i++) {
    const code = target.charCodeAt(i);
    if (!isPathCode(code) && !isQueryCode(code)) return false;
  }
  return true;
}

/** 0x21 to 0x7E without `" # % < > ? \ ^ { | }` and the backtick. */
function isPathCode(code: number): boolean {
  if (code >= 0x61) return code <= 0x7a || code === 0x7e;
  if (code >= 0x40) return code !== 0x5c && code !== 0x5e && code !== 0x60;
  return code >= 0x24 ? code !== 0x25 && code !== 0x3c && code !== 0x3e && code !== 0x3f : code === 0x21;
}

const isQueryCode = (code: number): boolean =>
  code === QUESTION || code === PERCENT || code === 0x5e || code === 0x60 || (code >= 0x7b && code <= 0x7d);

/** The octet that two hex digits mean, or -1. */
function octetAt(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function climbsAboveRoot(path: string): boolean {
  let depth = 0;
  for (const segment of path.replace(/%2e/gi, '.').split('/')) {
    if (segment === '..') {
      if (--depth < 0) return true;
    } else if (segment !== '' && segment !== '.') depth++;
  }
  return false;
}
