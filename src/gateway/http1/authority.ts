// The grammar of Host and of the authority in an absolute request target (RFC 3986 section 3.2), without user information.
// A comma is refused although the grammar has it: too many readers take it for a list.
import { isIPv6 } from 'node:net';

const HOST = /^(?:[A-Za-z0-9._~!$&'()*+;=-]|%(?!00)[0-9A-Fa-f]{2})+$/;

/** True for `name`, `1.2.3.4` or `[v6]`, each with an optional port from 1 to 65535. */
export function isAuthority(value: string): boolean {
  if (value.length === 0 || value.length > 512) return false;
  if (value.charCodeAt(0) === 0x5b) {
    const close = value.indexOf(']');
    if (close < 0 || value.includes('%') || !isIPv6(value.slice(1, close))) return false;
    return close + 1 === value.length || (value[close + 1] === ':' && isPort(value, close + 2));
  }
  const colon = value.indexOf(':');
  if (colon < 0) return HOST.test(value);
  return HOST.test(value.slice(0, colon)) && isPort(value, colon + 1);
}

function isPort(value: string, from: number): boolean {
  const digits = value.length - from;
  if (digits < 1 || digits > 5) return false;
  let port = 0;
  for (let i = from; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port >= 1 && port <= 65_535;
}
