// One UDP address. What comes from one client address and port within the idle timeout is a session: it keeps its peer and
// has a socket of its own towards it, so that answers find their way back.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { plainAddress } from '../../lib/address.ts';
import type { GatewayCore } from '../core.ts';
import type { StreamListenOn } from './server.ts';
import type { StreamTable } from './table.ts';
import { UdpSession } from './udp-session.ts';

/** More clients at a time are not listened to: an address can be forged, and each costs a socket. */
const MAX_SESSIONS = 10_000;

export interface UdpListenerParts {
  readonly core: GatewayCore;
  readonly listen: StreamListenOn;
  table(): StreamTable;
}

export class UdpStreamListener {
  readonly socket: Socket;
  readonly #parts: UdpListenerParts;
  readonly #sessions = new Map<string, UdpSession>();
  #isFull = false;

  constructor(parts: UdpListenerParts) {
    this.#parts = parts;
    this.socket = createSocket({ type: isIPv6(parts.listen.host) ? 'udp6' : 'udp4' });
    this.socket.on('message', (bytes, from) => this.#accept(bytes, from));
  }

  /** Sessions have no end of their own: they are over when the gateway is. */
  drain(): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }

  destroy(): void {
    for (const session of [...this.#sessions.values()]) session.close();
    try {
      this.socket.close();
    } catch {
      // It is closed already.
    }
  }

  #accept(bytes: Buffer, from: RemoteInfo): void {
    const key = `${from.address} ${from.port}`;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      if (this.#sessions.size >= MAX_SESSIONS) return this.#tellFull();
      this.#isFull = false;
      session = this.#open(key, from);
    }
    session.send(bytes);
  }

  #open(key: string, { address, port }: RemoteInfo): UdpSession {
    const { core } = this.#parts;
    const local = this.socket.address();
    const session = new UdpSession({
      core,
      table: this.#parts.table(),
      arrival: {
        protocol: 'udp',
        serverName: undefined,
        clientIp: plainAddress(address),
        clientPort: port,
        peerIp: plainAddress(address),
        localAddress: plainAddress(local.address),
        localPort: local.port,
      },
      answer: (bytes) => this.#answer(bytes, port, address),
      onClose: () => this.#sessions.delete(key),
    });
    this.#sessions.set(key, session);
    session.start();
    return session;
  }

  /** Port 0 is that of a client who wants no answer. */
  #answer(bytes: Uint8Array, port: number, address: string): void {
    if (port !== 0) this.socket.send(bytes, port, address);
  }

  #tellFull(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#parts.core.events.log('warn', `more than ${MAX_SESSIONS} UDP clients at a time: datagrams are dropped`);
  }
}
