// Texts with a grammar: hosts, addresses, paths, names, tags. Each check answers Kong's message, or undefined.
import { isIP, isIPv4, isIPv6 } from 'node:net';

const NAME = /^[A-Za-z0-9\-._~\u0080-\uffff]+$/;
const HOST_CHARACTERS = /^[A-Za-z0-9\-._]+$/;
const LOOKS_LIKE_IPV4 = /^[\d.]+$/;
const HEADER_NAME = /^[A-Za-z0-9_-]+$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/;
const PATH_CHARACTERS = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/;
const PERCENT_TRIPLET = /%(?![0-9A-Fa-f]{2}).{0,2}/;
// Control characters and the two separators of tag filters; everything outside ASCII is fine.
const TAG = /^[^\u0000-\u001f\u007f,/]+$/;

export const checkName = (text: string): string | undefined =>
  NAME.test(text)
    ? undefined
    : `invalid value '${text}': the only accepted ascii characters are alphanumerics or ., -, _, and ~`;

export const checkTag = (text: string): string | undefined =>
  TAG.test(text)
    ? undefined
    : `invalid tag '${text}': expected printable ascii (except \`,\` and \`/\`) or valid utf-8 sequences`;

export const checkHeaderName = (text: string): string | undefined =>
  HEADER_NAME.test(text) ? undefined : `bad header name '${text}', allowed characters are A-Z, a-z, 0-9, '_', and '-'`;

export const checkHttpToken = (text: string): string | undefined =>
  TOKEN.test(text)
    ? undefined
    : 'contains one or more invalid characters. ASCII control characters (0-31;127), space, tab and the characters ()<>@,;:\\"/?={}[] are not allowed.';

/** RFC 3986 path characters and complete percent escapes. */
export function checkPath(text: string): string | undefined {
  if (!PATH_CHARACTERS.test(text)) {
    return `invalid path: '${text}' (characters outside of the reserved list of RFC 3986 found)`;
  }
  return checkPercent(text);
}

export function checkPercent(text: string): string | undefined {
  const bad = PERCENT_TRIPLET.exec(text);
  return bad === null ? undefined : `invalid url-encoded value: '${bad[0]}'`;
}

export type HostAddress =
  | { kind: 'name' | 'ipv4' | 'ipv6'; host: string; port: number | undefined }
  | { kind: 'invalid'; error: string };

/** Splits `host[:port]`; IPv6 may stand bare (without port) or in brackets. */
export function parseAddress(text: string): HostAddress {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(text);
  if (bracketed !== null) {
    const host = bracketed[1]!;
    return isIPv6(host)
      ? withPort('ipv6', host, bracketed[2])
      : { kind: 'invalid', error: `invalid ipv6 address: ${text}` };
  }
  if (text.split(':').length > 2) {
    return isIPv6(text)
      ? { kind: 'ipv6', host: text, port: undefined }
      : { kind: 'invalid', error: `invalid ipv6 address: ${text}` };
  }
  const [host = '', port] = text.split(':');
  if (port !== undefined && !/^\d+$/.test(port)) return { kind: 'invalid', error: 'invalid port number' };
  if (LOOKS_LIKE_IPV4.test(host)) {
    return isIPv4(host) ? withPort('ipv4', host, port) : { kind: 'invalid', error: `invalid ipv4 address: ${text}` };
  }
  return isHostname(host) ? withPort('name', host, port) : { kind: 'invalid', error: `invalid hostname: ${text}` };
}

function withPort(kind: 'name' | 'ipv4' | 'ipv6', host: string, port: string | undefined): HostAddress {
  if (port === undefined) return { kind, host, port: undefined };
  const number = Number(port);
  return number > 65535 ? { kind: 'invalid', error: 'invalid port number' } : { kind, host, port: number };
}

export function isHostname(text: string): boolean {
  if (text.length === 0 || text.length > 253 || !HOST_CHARACTERS.test(text)) return false;
  const labels = text.split('.');
  if (labels[labels.length - 1] === '') labels.pop();
  return labels.length > 0 && labels.every((label) => label !== '' && !label.startsWith('-') && !label.endsWith('-'));
}

/** A name or an address, without port. */
export function checkHost(text: string): string | undefined {
  const address = parseAddress(text);
  if (address.kind === 'invalid') return `invalid value: ${text}`;
  return address.port === undefined ? undefined : 'must not have a port';
}

export function checkHostWithPort(text: string): string | undefined {
  const address = parseAddress(text);
  return address.kind === 'invalid' ? address.error : undefined;
}

/** Each `*` of a route host stands for letters; what remains must be a host with an optional port. */
export const checkRouteHost = (text: string): string | undefined => {
  const address = parseAddress(text.replaceAll('*', 'abc'));
  return address.kind === 'invalid' ? address.error.replaceAll('abc', '*') : undefined;
};

export function checkSni(text: string): string | undefined {
  const address = parseAddress(text);
  if (address.kind === 'invalid') return `invalid value: ${text}`;
  if (address.kind !== 'name') return 'must not be an IP';
  return address.port === undefined ? undefined : 'must not have a port';
}

export function checkWildcardHost(text: string): string | undefined {
  const stars = text.split('*').length - 1;
  if (stars > 1) return 'only one wildcard must be specified';
  if (stars === 1 && !text.startsWith('*') && !text.endsWith('*')) {
    return 'wildcard must be leftmost or rightmost character';
  }
  return checkSni(text.replace('*', 'wildcard'))?.replace('wildcard', '*');
}

export const checkIp = (text: string): string | undefined => (isIP(text) ? undefined : `not an ip address: ${text}`);

export function checkIpOrCidr(text: string): string | undefined {
  const [address = '', mask, ...rest] = text.split('/');
  const version = isIP(address);
  const bits = mask === undefined ? 0 : /^\d{1,3}$/.test(mask) ? Number(mask) : Number.NaN;
  const valid = version !== 0 && rest.length === 0 && bits <= (version === 4 ? 32 : 128);
  return valid ? undefined : `invalid ip or cidr range: '${text}'`;
}

/** An Upstream's name: a host name and nothing else. */
export function checkUpstreamName(text: string): string | undefined {
  const address = parseAddress(text);
  if (address.kind === 'invalid') return `Invalid name ('${text}'); must be a valid hostname`;
  if (address.kind !== 'name') return `Invalid name ('${text}'); no ip addresses allowed`;
  return address.port === undefined ? undefined : `Invalid name ('${text}'); no port allowed`;
}

export const checkTarget = (text: string): string | undefined =>
  parseAddress(text).kind === 'invalid' ? `Invalid target ('${text}'); not a valid hostname or ip address` : undefined;

const DEFAULT_TARGET_PORT = 8000;

/** The stored form of a target: `host:port`, IPv6 expanded in brackets; undefined when it is no address. */
export function normalizeTarget(text: string): string | undefined {
  const address = parseAddress(text);
  if (address.kind === 'invalid') return undefined;
  const host = address.kind === 'ipv6' ? `[${expandIpv6(address.host)}]` : address.host;
  return `${host}:${address.port ?? DEFAULT_TARGET_PORT}`;
}

/** All eight groups with four digits each. */
function expandIpv6(text: string): string {
  let address = text.split('%')[0]!.toLowerCase();
  const v4 = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  if (v4 !== null) {
    const [a, b, c, d] = v4.slice(2).map(Number) as [number, number, number, number];
    address = `${v4[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group: string) => group.padStart(4, '0')).join(':');
}
