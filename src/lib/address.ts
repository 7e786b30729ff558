// IP addresses and ranges as numbers: an IPv4 address is one 32-bit word, an IPv6 address four. An IPv4 address written as
// IPv6 (`::ffff:1.2.3.4`) is an IPv6 address here; whoever wants the plain one has to ask for it before.
import { isIPv4, isIPv6 } from 'node:net';

/** Text of an address as sockets tell it: one of IPv4 in the form of IPv6, as listeners for both see it, becomes plain. */
export const plainAddress = (text: string | undefined): string =>
  text?.startsWith(MAPPED) === true && text.includes('.') ? text.slice(MAPPED.length) : (text ?? '');

const MAPPED = '::ffff:';

/** 32-bit words, unsigned. */
export type Address = readonly number[];

export interface AddressRange {
  readonly base: Address;
  readonly bits: number;
}

export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return [wordOf(text)];
  return isIPv6(text) && !text.includes('%') ? parseV6(text) : undefined;
}

function wordOf(text: string): number {
  let word = 0;
  let part = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      word = (word << 8) | part;
      part = 0;
    } else part = part * 10 + code - 48;
  }
  return ((word << 8) | part) >>> 0;
}

function parseV6(text: string): Address {
  let plain = text;
  const lastColon = text.lastIndexOf(':');
  if (text.includes('.')) {
    const word = wordOf(text.slice(lastColon + 1));
    plain = `${text.slice(0, lastColon + 1)}${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
  }
  const [left = '', right] = plain.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  const numbers = groups.map((group) => Number.parseInt(group, 16));
  return [0, 2, 4, 6].map((i) => numbers[i]! * 0x10000 + numbers[i + 1]!);
}

export type ParsedRange =
  | { readonly ok: true; readonly range: AddressRange }
  | { readonly ok: false; readonly reason: 'address' | 'length' | 'host bits' };

/** `address/bits`, or an address alone, which is the range of itself. Bits behind the network part must be zero. */
export function parseRange(text: string): ParsedRange {
  const slash = text.indexOf('/');
  const base = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (base === undefined) return { ok: false, reason: 'address' };
  const bits = slash < 0 ? base.length * 32 : Number(text.slice(slash + 1));
  if (!(bits <= base.length * 32)) return { ok: false, reason: 'length' };
  if (base.some((word, i) => (word & ~maskOf(bits - i * 32)) !== 0)) return { ok: false, reason: 'host bits' };
  return { ok: true, range: { base, bits } };
}

/** The same with the bits behind the network part cut off. */
export function parseLooseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf('/');
  const base = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (base === undefined) return undefined;
  const bits = slash < 0 ? base.length * 32 : Number(text.slice(slash + 1));
  return { base: base.map((word, i) => (word & maskOf(bits - i * 32)) >>> 0), bits };
}

const maskOf = (bits: number): number => (bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits));

export function isInRange({ base, bits }: AddressRange, address: Address): boolean {
  if (base.length !== address.length) return false;
  for (let i = 0; i < base.length; i++) {
    const mask = maskOf(bits - i * 32);
    if (mask === 0) return true;
    if ((address[i]! & mask) !== (base[i]! & mask)) return false;
  }
  return true;
}

export const sameAddress = (a: Address, b: Address): boolean =>
  a.length === b.length && a.every((word, i) => word === b[i]);
