// Where a try goes and what it says there: the Host header, the server name and terms of TLS, and the key by which requests
// share connections.
import type { Entity } from '../schema/define.ts';
import type { PeerSource } from './balance.ts';
import type { Peer } from './balancer/balancer.ts';
import { hostHeader } from './balancer/host-header.ts';
import type { RequestContext } from './context.ts';
import type { UpstreamTarget } from './http1/upstream.ts';

export function upstreamHost(context: RequestContext, source: PeerSource, peer: Peer): string {
  if (context.upstreamHost !== undefined) return context.upstreamHost;
  const { host } = context.exchange;
  if ((context.route as Entity)['preserve_host'] === true && host !== '') return host;
  const scheme = context.upstreamScheme ?? context.match!.route.upstream.scheme;
  return source.balancer?.hostHeader ?? hostHeader(scheme.name, peer.hostname, peer.port);
}

export function upstreamTarget(context: RequestContext, source: PeerSource, peer: Peer, host: string): UpstreamTarget {
  const scheme = context.upstreamScheme ?? context.match!.route.upstream.scheme;
  if (!scheme.isEncrypted) return { host: peer.address, port: peer.port, key: peer.key };
  const servername = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const upstream = source.balancer === undefined ? undefined : source.host;
  const profile = context.snapshot.tlsProfiles(context.service, upstream, context.upstreamTls);
  return {
    host: peer.address,
    port: peer.port,
    key: `${peer.key}|${servername}|${profile.key}`,
    tls: {
      servername,
      alsoNamed: profile.alsoNamed,
      rejectUnauthorized: profile.isVerified,
      secureContext: profile.secureContext,
      verifyDepth: profile.verifyDepth,
    },
  };
}
