// Opens the connection to an upstream: one peer after the other until one takes it, as often as the service says. Nothing was
// sent yet, so every failure may be tried again.
import { connect, type Socket } from 'node:net';
import type * as tls from 'node:tls';
import type { Peer } from '../balancer/balancer.ts';
import { connectTls, isChainTooLong } from '../http1/upstream-socket.ts';
import { nanosecondsSince, newTry } from '../try.ts';
import type { StreamContext } from './context.ts';
import type { StreamPeers } from './peers.ts';
import type { StreamTarget } from './table.ts';

export interface Connected {
  readonly socket: Socket;
  readonly peer: Peer;
}

type Opened =
  | { readonly ok: true; readonly socket: Socket }
  | { readonly ok: false; readonly failure: 'tcp' | 'timeout'; readonly reason: string };

/** undefined when nobody took it; why is in the log. The peer is not released yet. */
export async function connectUpstream(
  context: StreamContext,
  target: StreamTarget,
  peers: StreamPeers,
  signal: AbortSignal,
): Promise<Connected | undefined> {
  const { core } = context;
  for (let left = target.tries; left > 0 && !signal.aborted; left--) {
    const startedAt = Date.now();
    const mark = performance.now();
    const peer = await peers.next();
    if (peer === undefined) {
      core.events.log('error', 'failure to get a peer from the ring-balancer', { request_id: context.id });
      return undefined;
    }
    const tried = newTry(peer, startedAt, Date.now(), nanosecondsSince(mark));
    context.attempts.push(tried);
    const opened = await open(context, target, peer, signal);
    if (opened.ok) {
      peers.report(peer, { isConnected: true });
      return { socket: opened.socket, peer };
    }
    tried.state = 'failed';
    peers.release(peer);
    if (signal.aborted) return undefined;
    peers.report(peer, { failure: opened.failure });
    core.events.log('warn', `upstream ${peer.key} did not take a connection: ${opened.reason}`, {
      request_id: context.id,
    });
  }
  return undefined;
}

function open(context: StreamContext, target: StreamTarget, peer: Peer, signal: AbortSignal): Promise<Opened> {
  return new Promise((resolve) => {
    const isEncrypted = target.isEncrypted && !isPassthrough(context);
    const { socket, refuse } = isEncrypted ? openTls(context, target, peer) : openPlain(peer);
    const finish = (opened: Opened): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      socket.removeListener('error', fail);
      if (!opened.ok) socket.destroy();
      // Every error of a socket is followed by its close event.
      socket.on('error', () => undefined);
      resolve(opened);
    };
    const fail = (error: Error): void => finish({ ok: false, failure: 'tcp', reason: error.message });
    const giveUp = (): void => finish({ ok: false, failure: 'tcp', reason: 'the client left' });
    const timer = setTimeout(
      () => finish({ ok: false, failure: 'timeout', reason: 'it took too long' }),
      target.connectTimeoutMs,
    );
    signal.addEventListener('abort', giveUp);
    socket.on('error', fail);
    socket.once(isEncrypted ? 'secureConnect' : 'connect', () => {
      const reason = refuse();
      finish(reason === undefined ? { ok: true, socket } : { ok: false, failure: 'tcp', reason });
    });
  });
}

/** The client's own encryption goes through: there is none of ours. */
const isPassthrough = ({ match }: StreamContext): boolean => match?.protocols.includes('tls_passthrough') === true;

interface Opening {
  readonly socket: Socket;
  /** Why a connection that stands is not wanted. */
  refuse(): string | undefined;
}

const openPlain = ({ address, port }: Peer): Opening => ({
  socket: connect({ host: address, port, noDelay: true, allowHalfOpen: true }),
  refuse: () => undefined,
});

function openTls(context: StreamContext, target: StreamTarget, peer: Peer): Opening {
  const { route, service, connection, table } = context;
  const upstream = table.snapshot.balancer(target.host) === undefined ? undefined : target.host;
  const profile = table.snapshot.tlsProfiles(service, upstream, undefined);
  const preserved = route?.['preserve_host'] === true ? connection.serverName : undefined;
  const settings = {
    servername: preserved ?? peer.hostname,
    alsoNamed: profile.alsoNamed,
    rejectUnauthorized: profile.isVerified,
    secureContext: profile.secureContext,
    verifyDepth: profile.verifyDepth,
  };
  const socket: tls.TLSSocket = connectTls({ host: peer.address, port: peer.port, key: '' }, settings, 'any');
  return {
    socket,
    refuse: () => (isChainTooLong(socket, settings) ? 'its chain of certificates is too long' : undefined),
  };
}
