// Addresses and CIDR ranges as one set. Node's BlockList is searched from the first entry to the last, so ranges are sorted
// here and searched by halves: an address is in a set of thousands as fast as in a set of ten.
import { isIPv4, isIPv6 } from 'node:net';

export interface AddressSet {
  has(address: string): boolean;
}

/** First and last address; IPv4 in its own space, never equal to an IPv6 one. */
interface Range<N> {
  readonly from: N;
  readonly to: N;
}

/** Throws for a text that is neither an address nor a range; the schema refuses those before. */
export function addressSet(entries: readonly string[]): AddressSet {
  const v4: Range<number>[] = [];
  const v6: Range<bigint>[] = [];
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const plain = unmapped(address);
    if (isIPv4(plain)) v4.push(range4(plain, bitsOf(bits, address === plain ? 0 : 96, 32)));
    else if (isIPv6(plain)) v6.push(range6(plain, bitsOf(bits, 0, 128)));
    else throw new Error(`invalid ip or cidr range: '${entry}'`);
  }
  const sorted4 = merged(v4);
  const sorted6 = merged(v6);
  return {
    has(text) {
      const address = unmapped(text);
      if (isIPv4(address)) return sorted4.length > 0 && contains(sorted4, number4(address));
      return sorted6.length > 0 && isIPv6(address) && contains(sorted6, number6(address));
    },
  };
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** `::ffff:a.b.c.d` is the IPv4 address that it carries. */
const unmapped = (address: string): string =>
  address.startsWith('::') ? (MAPPED.exec(address)?.[1] ?? address) : address;

function bitsOf(text: string | undefined, offset: number, max: number): number {
  const bits = text === undefined ? max : Number(text) - offset;
  return Math.min(Math.max(bits, 0), max);
}

function number4(address: string): number {
  let value = 0;
  for (const part of address.split('.')) value = value * 256 + Number(part);
  return value;
}

function number6(address: string): bigint {
  const [plain = ''] = address.split('%');
  const [head = '', tail] = plain.split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const middle = new Array<number>(8 - left.length - right.length).fill(0);
  let value = 0n;
  for (const group of [...left, ...middle, ...right]) value = (value << 16n) | BigInt(group);
  return value;
}

/** 16 bits each; an IPv4 ending is two of them. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [Number.parseInt(part, 16)];
    const value = number4(part);
    return [Math.floor(value / 65536), value % 65536];
  });
}

function range4(address: string, bits: number): Range<number> {
  const size = 2 ** (32 - bits);
  const from = Math.floor(number4(address) / size) * size;
  return { from, to: from + size - 1 };
}

function range6(address: string, bits: number): Range<bigint> {
  const host = BigInt(128 - bits);
  const from = (number6(address) >> host) << host;
  return { from, to: from + (1n << host) - 1n };
}

/** Sorted, and without overlaps. */
function merged<N extends number | bigint>(ranges: readonly Range<N>[]): readonly Range<N>[] {
  const sorted = [...ranges].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const result: Range<N>[] = [];
  for (const range of sorted) {
    const last = result[result.length - 1];
    if (last === undefined || range.from > last.to) result.push(range);
    else if (range.to > last.to) result[result.length - 1] = { from: last.from, to: range.to };
  }
  return result;
}

function contains<N extends number | bigint>(ranges: readonly Range<N>[], address: N): boolean {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle]!;
    if (address < range.from) high = middle - 1;
    else if (address > range.to) low = middle + 1;
    else return true;
  }
  return false;
}
