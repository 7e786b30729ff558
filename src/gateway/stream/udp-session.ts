// The datagrams of one UDP client: the first one chooses route and peer, and those that come before the peer is known wait,
// a few of them. Silence in both directions ends the session, and so does a peer that says it is not there.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { isPromise } from '../../lib/promise.ts';
import type { Answer } from '../../pdk/index.ts';
import type { Peer } from '../balancer/balancer.ts';
import type { GatewayCore } from '../core.ts';
import { nanosecondsSince, newTry } from '../try.ts';
import { type StreamArrival, StreamContext } from './context.ts';
import { StreamPeers } from './peers.ts';
import { runPreread, runStreamLog } from './plugins.ts';
import type { StreamTable } from './table.ts';

const MAX_WAITING = 16;
/** For one that has no service. */
const REFUSED_MS = 1000;

export interface UdpSessionParts {
  readonly core: GatewayCore;
  readonly table: StreamTable;
  readonly arrival: StreamArrival;
  answer(bytes: Uint8Array): void;
  onClose(): void;
}

export class UdpSession {
  readonly #parts: UdpSessionParts;
  readonly #context: StreamContext;
  #waiting: Buffer[] | undefined = [];
  #socket: Socket | undefined = undefined;
  #peers: StreamPeers | undefined = undefined;
  #peer: Peer | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #isOpen = true;

  constructor(parts: UdpSessionParts) {
    this.#parts = parts;
    const { core, table, arrival } = parts;
    const match = table.router.match({
      scheme: 'udp',
      sourceAddress: arrival.clientIp,
      sourcePort: arrival.clientPort,
      destinationAddress: arrival.localAddress,
      destinationPort: core.advertisedPort(arrival.localPort),
    });
    this.#context = new StreamContext(core, table, arrival, match);
    table.snapshot.users.enter();
  }

  start(): void {
    this.#begin().catch((error: unknown) => {
      this.#parts.core.events.log('error', 'a UDP session failed inside the gateway', { error: String(error) });
      this.#refuse();
    });
  }

  send(bytes: Buffer): void {
    this.#context.bytes.received += bytes.length;
    if (this.#waiting !== undefined) {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push(bytes);
    } else if (this.#socket !== undefined) this.#forward(bytes);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#socket?.close();
    if (this.#peer !== undefined) this.#peers?.release(this.#peer);
    const { core, table, onClose } = this.#parts;
    onClose();
    runStreamLog(this.#context, table.plugins(this.#context.match?.entity));
    core.events.access?.(this.#context.accessRecord());
  }

  async #begin(): Promise<void> {
    const { core, table, arrival } = this.#parts;
    const context = this.#context;
    const { match } = context;
    const where = { client_ip: arrival.clientIp, port: arrival.localPort };
    if (match === undefined) {
      core.events.log('error', 'no Route found with those values', where);
      return this.#refuse();
    }
    const step = runPreread(context, table.plugins(match.entity));
    const answer = isPromise<Answer | undefined>(step) ? await step : (step as Answer | undefined);
    if (!this.#isOpen) return;
    if (answer !== undefined) return this.#end(answer);
    if (match.target === undefined) {
      context.status = 503;
      core.events.log('error', 'no Service found with those values', where);
      return this.#refuse();
    }
    const startedAt = Date.now();
    const mark = performance.now();
    const peers = new StreamPeers(context, match.target);
    const peer = await peers.next();
    if (peer === undefined) {
      context.status = 503;
      core.events.log('error', 'failure to get a peer from the ring-balancer', where);
      return this.#refuse();
    }
    context.attempts.push(newTry(peer, startedAt, Date.now(), nanosecondsSince(mark)));
    if (this.#isOpen) this.#connect(peers, peer);
    else peers.release(peer);
  }

  #connect(peers: StreamPeers, peer: Peer): void {
    const context = this.#context;
    const socket = createSocket(isIPv6(peer.address) ? 'udp6' : 'udp4');
    this.#socket = socket;
    this.#peers = peers;
    this.#peer = peer;
    context.status = 200;
    context.kongLatency = Date.now() - context.connection.startedAt;
    socket.on('message', (bytes) => {
      context.bytes.sent += bytes.length;
      context.upstreamBytes.received += bytes.length;
      this.#parts.answer(bytes);
      this.#wait();
    });
    // Nobody listens there: the next datagram of the client begins a session with somebody else.
    const fail = (): void => {
      context.status = 502;
      peers.report(peer, { failure: 'tcp' });
      this.close();
    };
    socket.on('error', fail);
    // What hinders connecting, an unreachable network say, is told to the callback alone, whatever its type is.
    socket.connect(peer.port, peer.address, (error?: Error) => {
      if (!this.#isOpen) return;
      if (error instanceof Error) return fail();
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      for (const bytes of waiting) this.#forward(bytes);
    });
    this.#wait();
  }

  #forward(bytes: Buffer): void {
    this.#context.upstreamBytes.sent += bytes.length;
    // A refusal of an earlier datagram is told here or by the socket itself.
    this.#socket!.send(bytes, (error) => {
      if (error !== null && this.#isOpen) this.#socket!.emit('error', error);
    });
    this.#wait();
  }

  #wait(): void {
    if (!this.#isOpen) return;
    this.#timer ??= setTimeout(() => this.close(), this.#context.match!.target!.idleTimeoutMs).unref();
    this.#timer.refresh();
  }

  #end({ status, body }: Answer): void {
    this.#context.status = status;
    if (status < 400 && body !== undefined) {
      this.#parts.answer(
        typeof body === 'string' || !(body instanceof Uint8Array)
          ? Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
          : body,
      );
    }
    this.#refuse();
  }

  /** For a moment what comes from the client is dropped, and does not take the way from the beginning. */
  #refuse(): void {
    this.#waiting = undefined;
    if (this.#isOpen) this.#timer = setTimeout(() => this.close(), REFUSED_MS).unref();
  }
}
