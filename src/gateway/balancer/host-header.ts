// The Host header for a peer: its name, with the port unless the scheme's own.
import type { Peer } from './address.ts';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, grpc: 80, https: 443, grpcs: 443 };

/** Kept with the peer, which is mostly asked in one scheme. */
export function hostHeader(scheme: string, peer: Peer): string {
  if (peer.hostHeaderScheme !== scheme) {
    peer.hostHeaderScheme = scheme;
    peer.hostHeader = write(scheme, peer);
  }
  return peer.hostHeader;
}

function write(scheme: string, { hostname, port }: Peer): string {
  const name = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  return DEFAULT_PORTS[scheme] === port ? name : `${name}:${port}`;
}
