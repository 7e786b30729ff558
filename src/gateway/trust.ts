// Who may tell us about a client behind him: peers in `trusted_ips`. Everything else that claims an identity or an address
// is removed when the request arrives, before any plugin sees it.
import { BlockList, isIP, isIPv6 } from 'node:net';
import { plainAddress } from '../lib/address.ts';
import type { HeaderList } from './http1/headers.ts';
import { NameSet } from './http1/name-set.ts';

export interface TrustOptions {
  /** Addresses and CIDR ranges. */
  readonly trustedIps: readonly string[];
  /** Header that carries the client's address, believed only from trusted peers. */
  readonly realIpHeader: string;
  /** Walk the list from the right over trusted addresses, instead of taking its last entry. */
  readonly realIpRecursive: boolean;
}

/** In place of a header's name: the PROXY header in front of the connection. */
const PROXY_PROTOCOL = 'proxy_protocol';

export interface Trust {
  isTrusted(address: string): boolean;
  /** The client's address as the chain of trusted proxies reports it. */
  clientAddress(headers: HeaderList, peer: string, announced: string | undefined): string;
}

const NO_TRUST: TrustOptions = { trustedIps: [], realIpHeader: 'X-Real-IP', realIpRecursive: false };

export function createTrust(options: TrustOptions = NO_TRUST): Trust {
  const list = new BlockList();
  for (const entry of options.trustedIps) {
    // Peers on Unix sockets: there are none.
    if (entry === 'unix:') continue;
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  const byProxyHeader = options.realIpHeader === PROXY_PROTOCOL;
  const nobody = options.trustedIps.length === 0;
  const isTrusted = (address: string): boolean => !nobody && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return {
    isTrusted,
    clientAddress(headers, peer, announced) {
      if (nobody || !isTrusted(peer)) return peer;
      if (byProxyHeader) return announced ?? peer;
      const hops = headers
        .getAll(options.realIpHeader)
        .join(',')
        .split(/[ \t,]+/);
      let client = peer;
      for (let i = hops.length - 1; i >= 0; i--) {
        if (hops[i] === '') continue;
        const address = readHop(hops[i]!);
        // Who stands left of an entry that nobody can read is not known: anybody may have written that.
        if (address === '') break;
        client = address;
        if (!options.realIpRecursive || !isTrusted(address)) break;
      }
      return client;
    },
  };
}

/** Without port, brackets, zone and the IPv4-in-IPv6 prefix; empty when it is no address. */
function readHop(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text);
  const address = (bracketed?.[1] ?? (/^[\d.]+:\d+$/.test(text) ? text.split(':')[0]! : text)).split('%')[0]!;
  return isIP(address) === 0 ? '' : plainAddress(address.toLowerCase());
}

/** Names that only the gateway and its plugins may set, in any spelling. */
const IDENTITY = [
  'x-authenticated-groups',
  'x-authenticated-scope',
  'x-authenticated-userid',
  'x-consumer-groups',
  'x-credential-username',
];
/** Of these a gateway in front may tell, too: every plugin that authenticates replaces or removes all of them. */
const CALLER = [
  'x-anonymous-consumer',
  'x-consumer-custom-id',
  'x-consumer-id',
  'x-consumer-username',
  'x-credential-identifier',
];
/** Names that are read when a trusted peer sends them, and only in their own spelling. */
const FORWARDING = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-path',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-kong-request-id',
  'x-real-ip',
];
/** Looked for with the claims, because nearly no request has it. */
export const ASKS_FOR_DEBUGGING = 'x-kong-request-debug';
const READABLE_NAMES = [...FORWARDING, ASKS_FOR_DEBUGGING];
const SUSPECTS = new NameSet([...IDENTITY, ...CALLER, ...READABLE_NAMES, 'forwarded'], 'any');
const READABLE = new NameSet(READABLE_NAMES, 'exact');
const BELIEVED = new NameSet([...CALLER, ...READABLE_NAMES, 'forwarded'], 'exact');

/**
 * Removes what a client must not claim: identity headers in any spelling (a trusted peer may name the caller in its own), and spellings with underscores of the headers
 * that the gateway sets itself. Answers whether the client asks to be told what its request took.
 */
export function removeClaims(headers: HeaderList, isTrustedPeer: boolean): boolean {
  const suspects = headers.namesIn(SUSPECTS);
  if (suspects === undefined) return false;
  const passing = isTrustedPeer ? BELIEVED : READABLE;
  for (const name of suspects) if (!passing.has(name, 0, name.length)) headers.remove(name);
  return headers.has(ASKS_FOR_DEBUGGING);
}
