// Paths as the router and upstreams see them. Texts here are bytes (latin1, as on the wire): one character a byte, so that
// a decoded `%C3%B8` stays two characters until it is written out again.

const RESERVED = new Set("!*'();:@&=+$,/?%#[]");
const HEX = /^[0-9A-Fa-f]{2}$/;
/** Characters that make `normalise` more than the identity. */
const NEEDS_WORK = /%|\/\/|\/\./;

/**
 * Decodes escapes of unreserved bytes, upper-cases the others, removes dot segments, and with `mergeSlashes` empty ones.
 * A broken escape stays as it is. Decoding happens once: `%252e` stays `%252e`.
 */
export function normalise(path: string, mergeSlashes: boolean): string {
  if (path.length === 1 || !NEEDS_WORK.test(path)) return path;
  return removeDotSegments(decodeUnreserved(path), mergeSlashes);
}

/** A normalised path with every escape decoded, as one that never had any would be normalised. */
export function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  const decoded = path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return removeDotSegments(decoded, true);
}

function decodeUnreserved(path: string): string {
  if (!path.includes('%')) return path;
  let decoded = '';
  for (let i = 0; i < path.length; i++) {
    const char = path[i]!;
    const hex = path.slice(i + 1, i + 3);
    if (char !== '%' || !HEX.test(hex)) {
      decoded += char;
      continue;
    }
    const byte = String.fromCharCode(Number.parseInt(hex, 16));
    decoded += RESERVED.has(byte) ? `%${hex.toUpperCase()}` : byte;
    i += 2;
  }
  return decoded;
}

function removeDotSegments(path: string, mergeSlashes: boolean): string {
  const isAbsolute = path.startsWith('/');
  const segments = path.split('/');
  const kept: string[] = [];
  const last = segments.length - 1;
  for (let i = isAbsolute ? 1 : 0; i <= last; i++) {
    const segment = segments[i]!;
    if (segment === '.' || segment === '..') {
      if (segment === '..') kept.pop();
      if (i === last) kept.push('');
    } else if (segment !== '' || i === last || !mergeSlashes) kept.push(segment);
  }
  return (isAbsolute ? '/' : '') + kept.join('/');
}

// biome-ignore lint/complexity/noUselessEscapeInRegex: the class lists RFC 3986 characters one by one
const ESCAPED = /[^!#$&'()*+,\/:;=?@\[\]A-Za-z0-9\-_.~%]/g;

/** For the wire: what a URI may not contain becomes `%XX`; `%` itself is left alone. */
export function escapePath(path: string): string {
  for (let i = 0; i < path.length; i++) {
    if (URI_BYTE[path.charCodeAt(i)] !== 1) return path.replace(ESCAPED, escapeByte);
  }
  return path;
}

const escapeByte = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** 1 where a byte goes out as it is. */
const URI_BYTE = Uint8Array.from({ length: 256 }, (_, code) => (String.fromCharCode(code).search(ESCAPED) < 0 ? 1 : 0));

/** Splits a request target at its first `?`; an empty query is not the same as none. */
export function splitTarget(target: string): { path: string; query: string | undefined } {
  const at = target.indexOf('?', 1);
  return at < 0 ? { path: target, query: undefined } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

/** An authority taken apart. */
export interface Authority {
  /** As sent; IPv6 stays in its brackets. */
  readonly name: string;
  /** The same in lower case. */
  readonly host: string;
  readonly port: number | undefined;
}

/** Takes authorities apart and remembers the last one: most requests of a gateway name the same. */
export class Authorities {
  #text = '';
  #last: Authority = { name: '', host: '', port: undefined };

  read(text: string): Authority {
    if (text !== this.#text) {
      const { name, port } = parseHost(text);
      this.#last = { name, host: name.toLowerCase(), port };
      this.#text = text;
    }
    return this.#last;
  }
}

/** Splits an authority; IPv6 stays in its brackets. */
export function parseHost(host: string): { name: string; port: number | undefined } {
  const at = host.lastIndexOf(':');
  if (at < 0 || host.indexOf(']', at) >= 0) return { name: host, port: undefined };
  return { name: host.slice(0, at), port: Number(host.slice(at + 1)) };
}
