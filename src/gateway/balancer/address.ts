// One address of a target: what a request can be sent to. Lives as long as the address is known and is shared by the
// algorithm that picks, the checks that judge and the view that reports. Fixed fields, because every request touches one.
import type { AddressHealth } from './health/counters.ts';

export interface Peer {
  /** An IP, without brackets. */
  readonly address: string;
  readonly port: number;
  /** As the target names it: a host name or an IP, IPv6 in brackets. */
  readonly hostname: string;
  readonly targetId: string;
  /** `ip:port`. */
  readonly key: string;
  /** What is sent as Host, and in which scheme that was asked for last; empty before. */
  hostHeader: string;
  hostHeaderScheme: string;
}

/** One that no upstream has among its targets: an address of a host name. */
export const plainPeer = (address: string, port: number, hostname: string): Peer => ({
  address,
  port,
  hostname,
  targetId: '',
  key: `${address}:${port}`,
  hostHeader: '',
  hostHeaderScheme: '',
});

/** Where a peer is. */
export type PeerPlace = Pick<Peer, 'address' | 'port' | 'hostname' | 'targetId'>;

export class Address implements Peer {
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
  readonly targetId: string;
  readonly key: string;
  hostHeader = '';
  hostHeaderScheme = '';
  readonly weight: number;
  /** undefined while nothing checks the address: then it is available. */
  health: AddressHealth | undefined = undefined;
  /** Requests on their way, kept by least-connections. */
  inflight = 0;
  /** Told when that number changes. */
  onLoad: ((address: Address) => void) | undefined = undefined;
  /** Smoothed latency in milliseconds and when it was last touched, kept by latency. */
  ewma = 0;
  touchedAt = 0;
  /** By it addresses compare, whatever the time: what decays, decays alike. */
  slowness = Number.NEGATIVE_INFINITY;

  constructor(peer: PeerPlace, weight: number) {
    this.address = peer.address;
    this.port = peer.port;
    this.hostname = peer.hostname;
    this.targetId = peer.targetId;
    this.key = peer.address.includes(':') ? `[${peer.address}]:${peer.port}` : `${peer.address}:${peer.port}`;
    this.weight = weight;
  }

  get isAvailable(): boolean {
    return this.health === undefined || this.health.isHealthy;
  }
}

/** Peers of the current round: once every candidate was tried, all may be tried again. */
export function ofThisRound(tried: readonly Peer[], candidates: number): readonly Peer[] {
  if (tried.length === 0 || candidates === 0) return NONE;
  return tried.length < candidates ? tried : tried.slice(tried.length - (tried.length % candidates));
}

const NONE: readonly Peer[] = [];

export function includesPeer(peers: readonly Peer[], peer: Peer): boolean {
  for (const other of peers) if (other.key === peer.key) return true;
  return false;
}
