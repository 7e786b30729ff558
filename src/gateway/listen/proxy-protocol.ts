// The PROXY protocol, versions 1 and 2: a header before the first byte of a connection with which a balancer in front tells
// whose connection it is. Pure: bytes in, verdict out. Addresses are taken from TCP over IPv4 and IPv6 only.
import { isIPv4, isIPv6 } from 'node:net';

/** Where the connection came from before the balancer. */
export interface Announced {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeader =
  | { readonly state: 'more' }
  | { readonly state: 'faulty' }
  /** The header ends at `end`. Without `from` the balancer speaks for itself. */
  | { readonly state: 'read'; readonly end: number; readonly from: Announced | undefined };

const MORE: ProxyHeader = { state: 'more' };
const FAULTY: ProxyHeader = { state: 'faulty' };

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIRST_LINE = 'PROXY ';
const MAX_LINE = 107;
const V2_HEAD = 16;
/** Addresses and whatever else a balancer adds. */
const MAX_V2_BODY = 4096;

export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, SIGNATURE)) return bytes.length < V2_HEAD ? MORE : readVersion2(bytes);
  return startsLike(bytes, Buffer.from(FIRST_LINE)) ? readVersion1(bytes) : FAULTY;
}

/** Equal as far as both go. */
function startsLike(bytes: Buffer, mark: Buffer): boolean {
  const length = Math.min(bytes.length, mark.length);
  return bytes.compare(mark, 0, length, 0, length) === 0;
}

function readVersion1(bytes: Buffer): ProxyHeader {
  const end = bytes.indexOf('\r\n');
  if (end < 0) return bytes.length < MAX_LINE ? MORE : FAULTY;
  if (end + 2 > MAX_LINE) return FAULTY;
  const [family, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = bytes
    .toString('latin1', FIRST_LINE.length, end)
    .split(' ');
  if (family === 'UNKNOWN') return { state: 'read', end: end + 2, from: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (isAddress === undefined || !isAddress(source) || !isAddress(destination) || more.length > 0) return FAULTY;
  if (!isPort(sourcePort) || !isPort(destinationPort)) return FAULTY;
  return { state: 'read', end: end + 2, from: { address: source, port: Number(sourcePort) } };
}

const isPort = (text: string): boolean => /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;

function readVersion2(bytes: Buffer): ProxyHeader {
  const version = bytes[12] as number;
  const family = bytes[13] as number;
  const length = bytes.readUInt16BE(14);
  if (version >> 4 !== 2 || (version & 15) > 1 || length > MAX_V2_BODY) return FAULTY;
  const end = V2_HEAD + length;
  if (bytes.length < end) return MORE;
  const isLocal = (version & 15) === 0;
  if (isLocal || family === 0) return { state: 'read', end, from: undefined };
  if (family === 0x11) {
    if (length < 12) return FAULTY;
    const address = [...bytes.subarray(16, 20)].join('.');
    return { state: 'read', end, from: { address, port: bytes.readUInt16BE(24) } };
  }
  if (family === 0x21) {
    if (length < 36) return FAULTY;
    return { state: 'read', end, from: { address: formatIPv6(bytes.subarray(16, 32)), port: bytes.readUInt16BE(48) } };
  }
  // Datagrams and Unix sockets: nothing that an address could be read from.
  return { state: 'read', end, from: undefined };
}

/** RFC 5952, an IPv4 address in IPv6 form becoming the IPv4 address. */
function formatIPv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':');
  const { hostname } = new URL(`http://[${groups}]`);
  const text = hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(text);
  if (mapped === null) return text;
  const high = Number.parseInt(mapped[1]!, 16);
  const low = Number.parseInt(mapped[2]!, 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
