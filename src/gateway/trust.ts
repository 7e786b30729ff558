// Who may tell us about a client behind him: peers in `trusted_ips`. Everything else that claims an identity or an address
// is removed when the request arrives, before any plugin sees it.
import { BlockList, isIPv6 } from 'node:net';
import type { HeaderList } from './http1/headers.ts';

export interface TrustOptions {
  /** Addresses and CIDR ranges. */
  readonly trustedIps: readonly string[];
  /** Header that carries the client's address, believed only from trusted peers. */
  readonly realIpHeader: string;
  /** Walk the list from the right over trusted addresses, instead of taking its last entry. */
  readonly realIpRecursive: boolean;
}

export interface Trust {
  isTrusted(address: string): boolean;
  /** The client's address as the chain of trusted proxies reports it. */
  clientAddress(headers: HeaderList, peer: string): string;
}

export function createTrust(options: TrustOptions): Trust {
  const list = new BlockList();
  for (const entry of options.trustedIps) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  const nobody = options.trustedIps.length === 0;
  const isTrusted = (address: string): boolean => !nobody && list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return {
    isTrusted,
    clientAddress(headers, peer) {
      if (nobody || !isTrusted(peer)) return peer;
      const reported = headers
        .getAll(options.realIpHeader)
        .flatMap((value) => value.split(','))
        .map(plainAddress)
        .filter((address) => address !== '');
      const last = reported[reported.length - 1];
      if (last === undefined) return peer;
      if (!options.realIpRecursive) return last;
      for (let i = reported.length - 1; i >= 0; i--) if (!isTrusted(reported[i]!)) return reported[i]!;
      return reported[0]!;
    },
  };
}

/** Without port, brackets, zone and the IPv4-in-IPv6 prefix; empty when it is no address. */
function plainAddress(text: string): string {
  const trimmed = text.trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed);
  const address = (bracketed?.[1] ?? (/^[\d.]+:\d+$/.test(trimmed) ? trimmed.split(':')[0]! : trimmed)).split('%')[0]!;
  const mapped = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return /^[0-9a-fA-F.:]+$/.test(mapped) ? mapped : '';
}

/** Names, in dashed lower case, that only the gateway and its plugins may set. */
const IDENTITY =
  /^x-(?:consumer-(?:id|username|custom-id|groups)|credential-(?:identifier|username)|authenticated-(?:scope|userid|groups)|anonymous-consumer)$/;
const FORWARDING = /^x-(?:forwarded-(?:for|proto|host|port|path|prefix)|real-ip|kong-request-id)$/;

/**
 * Removes what a client must not claim: identity headers in any spelling, and spellings with underscores of the headers
 * that the gateway sets itself.
 */
export function removeClaims(headers: HeaderList, isTrustedPeer: boolean): void {
  const suspects = headers.namesBeginningWith('fx');
  if (suspects === undefined) return;
  for (const name of suspects) {
    const plain = name.toLowerCase().replaceAll('_', '-');
    const isClaim = IDENTITY.test(plain) || (name.includes('_') && FORWARDING.test(plain));
    if (isClaim || (plain === 'forwarded' && !isTrustedPeer)) headers.remove(name);
  }
}
