// All addresses for connections that are passed through as they are: opened and closed as one.
import type { Socket as UdpSocket } from 'node:dgram';
import type { AddressInfo, Server } from 'node:net';
import { GwctlError } from '../../lib/errors.ts';
import type { GatewayCore } from '../core.ts';
import { Deadlines } from '../http1/deadlines.ts';
import type { RouterFlavor } from '../router/router.ts';
import type { Snapshot } from '../snapshot.ts';
import type { CertificatePhase } from '../tls/certificate-phase.ts';
import type { ServerTls } from '../tls/handshakes.ts';
import { StreamTables } from './table.ts';
import { TcpStreamListener } from './tcp-listener.ts';
import { UdpStreamListener } from './udp-listener.ts';

export interface StreamListenOn {
  readonly host: string;
  readonly port: number;
  readonly backlog?: number | undefined;
  readonly ssl?: boolean;
  readonly udp?: boolean;
  /** Every connection begins with a PROXY header. */
  readonly proxyProtocol?: boolean;
}

export interface StreamServerOptions {
  readonly core: GatewayCore;
  readonly flavor: RouterFlavor;
  readonly tls: ServerTls | undefined;
  /** Plugins may choose another certificate. */
  readonly choose: CertificatePhase;
  snapshot(): Snapshot;
}

export class StreamServer {
  readonly #options: StreamServerOptions;
  readonly #tables: StreamTables;
  readonly #deadlines = new Deadlines();
  readonly #listeners: (TcpStreamListener | UdpStreamListener)[] = [];

  constructor(options: StreamServerOptions) {
    this.#options = options;
    this.#tables = new StreamTables(options.flavor, (message) => options.core.events.log('error', message));
  }

  async open(listen: StreamListenOn): Promise<AddressInfo> {
    const { core, tls, choose, snapshot } = this.#options;
    if (listen.ssl === true && tls === undefined) {
      throw new GwctlError('E_LISTEN', 'a listener with ssl needs TLS settings');
    }
    const table = () => this.#tables.of(snapshot());
    if (listen.udp === true) {
      const listener = new UdpStreamListener({ core, listen, table });
      this.#listeners.push(listener);
      return bindUdp(listener.socket, listen);
    }
    const listener = new TcpStreamListener({ core, listen, tls, choose, table, deadlines: this.#deadlines });
    this.#listeners.push(listener);
    return listenTcp(listener.server, listen);
  }

  /** Accepts nothing more; resolves when all connections are over. */
  async drain(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.drain()));
  }

  destroy(): void {
    for (const listener of this.#listeners) listener.destroy();
    this.#deadlines.close();
  }
}

const cannotListen = ({ host, port }: StreamListenOn, error: NodeJS.ErrnoException): GwctlError => {
  const reason = error.code === 'EADDRINUSE' ? 'the address is in use' : error.message;
  return new GwctlError('E_LISTEN', `cannot listen on ${host}:${port} for streams: ${reason}`, { cause: error });
};

async function listenTcp(server: Server, listen: StreamListenOn): Promise<AddressInfo> {
  const { host, port, backlog } = listen;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(listen, error)));
    server.listen({ host, port, ...(backlog === undefined ? {} : { backlog }) }, resolve);
  });
  server.removeAllListeners('error');
  server.on('error', () => undefined);
  return server.address() as AddressInfo;
}

async function bindUdp(socket: UdpSocket, listen: StreamListenOn): Promise<AddressInfo> {
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error) => reject(cannotListen(listen, error)));
    socket.bind({ address: listen.host, port: listen.port }, resolve);
  });
  socket.removeAllListeners('error');
  // An answer could not be delivered: its client is gone.
  socket.on('error', () => undefined);
  return socket.address();
}
