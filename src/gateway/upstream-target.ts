// Where a try goes and what it says there: path and query, the Host header, the server name and terms of TLS, and the key by which requests
// share connections.
import { escapePath } from '../lib/uri.ts';
import type { Entity } from '../schema/define.ts';
import type { PeerSource } from './balance.ts';
import type { Peer } from './balancer/balancer.ts';
import { hostHeader } from './balancer/host-header.ts';
import type { RequestContext } from './context.ts';
import type { UpstreamTarget } from './http1/upstream.ts';
import type { UpstreamScheme } from './upstream-scheme.ts';

/** What is the same for every try, unless a plugin changes it in between. */
export function noteUpstreamUri(context: RequestContext): void {
  const { upstreamPath, rawQuery } = context;
  context.upstreamUri = escapePath(upstreamPath!) + (rawQuery === undefined ? '' : `?${rawQuery}`);
  context.isUpstreamHttp2 = schemeOf(context).isHttp2;
}

const schemeOf = ({ upstreamScheme, match }: RequestContext): UpstreamScheme =>
  upstreamScheme ?? match!.route.upstream.scheme;

export function upstreamHost(context: RequestContext, source: PeerSource, peer: Peer): string {
  if (context.upstreamHost !== undefined) return context.upstreamHost;
  const { host } = context.exchange;
  if ((context.route as Entity)['preserve_host'] === true && host !== '') return host;
  const scheme = schemeOf(context);
  return source.balancer?.hostHeader ?? hostHeader(scheme.name, peer);
}

export function upstreamTarget(context: RequestContext, source: PeerSource, peer: Peer, host: string): UpstreamTarget {
  const scheme = schemeOf(context);
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
