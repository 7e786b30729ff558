// Which peer the next try goes to: the balancer of an upstream, or the addresses of a host name.
import { isIP } from 'node:net';
import { isPromise } from '../lib/promise.ts';
import type { Entity } from '../schema/define.ts';
import { plainPeer } from './balancer/address.ts';
import type { Peer, UpstreamBalancer, UpstreamConfig } from './balancer/balancer.ts';
import { hashRequest, type RequestHash } from './balancer/hash-on.ts';
import { isSticky, readSession, sessionCookie } from './balancer/sessions.ts';
import type { RequestContext } from './context.ts';
import { type Endpoint, type NameAnswer, plainEndpoint } from './dns/answer.ts';
import { hashSource } from './hash-source.ts';

/** How the peers of this request are found; decided once, asked for every try. */
export interface PeerSource {
  readonly host: string;
  readonly port: number;
  readonly isAddress: boolean;
  readonly balancer: UpstreamBalancer | undefined;
  /** Peers that a try went to. */
  readonly tried: Peer[];
  /** Which address of a host name the first try goes to; the next ones go on from there. */
  start: number | undefined;
  /** The same for every try of a request. */
  readonly hash: number;
  /** A cookie by which the client's next request finds the same peer. */
  readonly setCookie: string | undefined;
}

export type Picked =
  | { readonly ok: true; readonly peer: Peer }
  | { readonly ok: false; readonly status: 500 | 503; readonly message: string };

const NOT_HASHED = { hash: 0, setCookie: undefined } as const;

export function choosePeers(context: RequestContext): PeerSource {
  const service = context.service as Entity;
  const host = context.targetHost ?? (service['host'] as string);
  const port = context.targetHost === undefined ? (service['port'] as number) : context.targetPort;
  const isAddress = context.targetHost === undefined ? context.match!.route.upstream.isAddress : isIP(host) !== 0;
  const balancer = isAddress ? undefined : context.snapshot.balancer(host);
  const { hash, setCookie } = balancer === undefined ? NOT_HASHED : hashOf(context, balancer.config);
  return { host, port, isAddress, balancer, tried: [], start: undefined, hash, setCookie };
}

function hashOf(context: RequestContext, config: UpstreamConfig): RequestHash {
  if (isSticky(config)) return { hash: readSession(config, hashSource(context).cookie), setCookie: undefined };
  return config.hash_on === 'none' ? NOT_HASHED : hashRequest(config, hashSource(context));
}

/** What the client is told so that its next request goes to the same peer; undefined when it needs no telling. */
export function cookieFor({ balancer, hash, setCookie }: PeerSource, peer: Peer): string | undefined {
  return balancer !== undefined && isSticky(balancer.config) ? sessionCookie(balancer.config, peer, hash) : setCookie;
}

const NO_PEER: Picked = { ok: false, status: 503, message: 'failure to get a peer from the ring-balancer' };
const NO_ADDRESS: Picked = { ok: false, status: 503, message: 'name resolution failed' };

/** Not that there is no such name: nobody could tell. */
function unresolved(host: string, error: unknown): Picked {
  const reason = error instanceof Error ? error.message : String(error);
  return { ok: false, status: 500, message: `failed the initial dns/balancer resolve for '${host}' with: ${reason}` };
}

export function pickPeer(context: RequestContext, source: PeerSource): Picked | Promise<Picked> {
  const { balancer } = source;
  if (balancer !== undefined) {
    const picked = pickBalanced(source, balancer);
    // Names of targets that nobody has resolved yet: the first request waits for them.
    if (picked.ok || balancer.pending === undefined) return picked;
    return balancer.pending.then(() => pickBalanced(source, balancer));
  }
  if (source.isAddress) return { ok: true, peer: peerAt(context, source, plainEndpoint(source.host)) };
  const answer = context.core.resolve(source.host);
  return isPromise<NameAnswer>(answer)
    ? answer.then(
        (found) => pickAddress(context, source, found),
        (error: unknown) => unresolved(source.host, error),
      )
    : pickAddress(context, source, answer as NameAnswer);
}

function pickBalanced(source: PeerSource, balancer: UpstreamBalancer): Picked {
  const peer = balancer.pick(source.tried, source.hash);
  if (peer === undefined) return NO_PEER;
  source.tried.push(peer);
  return { ok: true, peer };
}

/** One address after the other, a retry going on to the next. */
function pickAddress(context: RequestContext, source: PeerSource, answer: NameAnswer): Picked {
  const { endpoints } = answer;
  if (endpoints.length === 0) return NO_ADDRESS;
  source.start ??= answer.start();
  const peer = peerAt(context, source, endpoints[(source.start + source.tried.length) % endpoints.length]!);
  source.tried.push(peer);
  return { ok: true, peer };
}

/** Kept with the route, so that a request makes no new texts to look its connection up by. */
function peerAt(context: RequestContext, source: PeerSource, { address, port }: Endpoint): Peer {
  const own = context.targetHost === undefined && port === undefined ? context.match!.route.upstream.peers : undefined;
  let peer = own?.get(address);
  if (peer === undefined) {
    peer = plainPeer(address, port ?? source.port, source.host);
    own?.set(address, peer);
  }
  return peer;
}
