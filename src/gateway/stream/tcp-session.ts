// One TCP connection of a client, from its route to its end: plugins, a peer, bytes both ways, the log. Nothing is read from
// the client before there is somebody to send it to.
import type { Socket } from 'node:net';
import { isPromise } from '../../lib/promise.ts';
import type { Answer } from '../../pdk/index.ts';
import type { GatewayCore } from '../core.ts';
import type { Deadlines } from '../http1/deadlines.ts';
import { Tunnel } from '../upgrade/tunnel.ts';
import { connectUpstream } from './connect.ts';
import { type StreamArrival, StreamContext } from './context.ts';
import { StreamPeers } from './peers.ts';
import { runPreread, runStreamLog } from './plugins.ts';
import type { StreamRoute, StreamTable } from './table.ts';

const NO_BYTES = Buffer.alloc(0);

export interface TcpSessionParts {
  readonly core: GatewayCore;
  readonly table: StreamTable;
  readonly deadlines: Deadlines;
}

/** The socket is paused. Resolves when the connection is over and logged. */
export async function passThrough(
  socket: Socket,
  arrival: StreamArrival,
  match: StreamRoute | undefined,
  parts: TcpSessionParts,
): Promise<void> {
  const { core, table } = parts;
  const context = new StreamContext(core, table, arrival, match);
  const plugins = table.plugins(match?.entity);
  table.snapshot.users.enter();
  // What was read ahead and put back is the client's too. A TLS socket counts what is encrypted.
  const before = { read: socket.bytesRead - socket.readableLength, written: socket.bytesWritten };
  try {
    if (match === undefined) return core.events.log('error', 'no Route found with those values', describe(arrival));
    const step = runPreread(context, plugins);
    const answer = isPromise<Answer | undefined>(step) ? await step : (step as Answer | undefined);
    if (answer !== undefined) return endWith(socket, context, answer);
    if (match.target === undefined) {
      context.status = 503;
      return core.events.log('error', 'no Service found with those values', describe(arrival));
    }
    await join(socket, context, parts);
  } finally {
    context.bytes.received = socket.bytesRead - before.read;
    context.bytes.sent = socket.bytesWritten - before.written;
    socket.destroySoon();
    runStreamLog(context, plugins);
    core.events.access?.(context.accessRecord());
  }
}

const describe = ({ protocol, clientIp, localPort, serverName }: StreamArrival) => ({
  protocol,
  client_ip: clientIp,
  port: localPort,
  server_name: serverName ?? null,
});

async function join(socket: Socket, context: StreamContext, { deadlines }: TcpSessionParts): Promise<void> {
  const target = context.match!.target!;
  const peers = new StreamPeers(context, target);
  const aborter = new AbortController();
  const leave = (): void => aborter.abort();
  socket.once('close', leave);
  const connected = await connectUpstream(context, target, peers, aborter.signal);
  socket.removeListener('close', leave);
  context.kongLatency = Date.now() - context.connection.startedAt;
  if (connected === undefined) {
    context.status = aborter.signal.aborted ? 200 : context.attempts.length === 0 ? 503 : 502;
    return;
  }
  const { socket: upstream, peer } = connected;
  context.status = 200;
  if (socket.destroyed) upstream.destroy();
  else {
    await new Promise<void>((resolve) => {
      new Tunnel({
        client: { socket, bytes: NO_BYTES },
        upstream: { socket: upstream, bytes: NO_BYTES },
        idleMs: target.idleTimeoutMs,
        sendMs: target.sendTimeoutMs,
        deadlines,
        onSent: () => undefined,
        onEnd: resolve,
      });
    });
  }
  context.upstreamBytes.received = upstream.bytesRead;
  context.upstreamBytes.sent = upstream.bytesWritten;
  peers.release(peer);
}

/** Below 400 the client gets the body first. */
function endWith(socket: Socket, context: StreamContext, { status, body }: Answer): void {
  context.status = status;
  if (status >= 400 || body === undefined) return;
  socket.end(typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body));
}
