// One TCP address for connections that are passed through as they are. With `ssl` the first message of the client is read
// before anything else: the server name in it chooses the route, and the route says whether the encryption ends here.
import { createServer, type Server, type Socket } from 'node:net';
import type * as tls from 'node:tls';
import { plainAddress } from '../../lib/address.ts';
import type { GatewayCore } from '../core.ts';
import { readProxyHeader } from '../listen/proxy-protocol.ts';
import { readAhead, type Take } from '../listen/read-ahead.ts';
import type { CertificatePhase } from '../tls/certificate-phase.ts';
import { ClientHelloReader, TOO_LONG_ALERT } from '../tls/client-hello.ts';
import { Handshakes, type ServerTls } from '../tls/handshakes.ts';
import { tlsSessionOf } from '../tls/session.ts';
import type { StreamArrival } from './context.ts';
import type { StreamListenOn } from './server.ts';
import type { StreamRoute, StreamTable } from './table.ts';
import { passThrough, type TcpSessionParts } from './tcp-session.ts';

const PREPARE_MS = 10_000;

export interface TcpListenerParts extends Omit<TcpSessionParts, 'table'> {
  readonly listen: StreamListenOn;
  /** For a listener with `ssl`. */
  readonly tls: ServerTls | undefined;
  readonly choose: CertificatePhase;
  table(): StreamTable;
}

/** The client's end of a handshake: by it the secured socket finds its arrival. */
type Waiting = Map<string, (socket: tls.TLSSocket | undefined) => void>;

export class TcpStreamListener {
  readonly server: Server;
  readonly #parts: TcpListenerParts;
  readonly #handshakes: Handshakes | undefined;
  readonly #waiting: Waiting = new Map();
  readonly #sockets = new Set<Socket>();
  readonly #running = new Set<Promise<void>>();

  constructor(parts: TcpListenerParts) {
    this.#parts = parts;
    const { core, listen } = parts;
    this.#handshakes =
      listen.ssl !== true || parts.tls === undefined
        ? undefined
        : new Handshakes({
            settings: parts.tls,
            protocols: [],
            timeoutMs: PREPARE_MS,
            events: {
              onSecured: (socket) => this.#waiting.get(farEnd(socket))?.(socket),
              onFailed: (error) => core.events.log('debug', `TLS handshake failed: ${error.message}`),
              onUnusable: (message) => core.events.log('error', message),
            },
          });
    this.server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      this.#sockets.add(socket);
      // Every error of a socket is followed by its close event.
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
      const run = this.#accept(socket).catch((error: unknown) => {
        core.events.log('error', 'a connection failed inside the gateway', { error: String(error) });
        socket.destroy();
      });
      this.#running.add(run);
      void run.finally(() => this.#running.delete(run));
    });
  }

  /** Accepts nothing more; resolves when every connection is over. */
  async drain(): Promise<void> {
    this.server.close();
    await Promise.all(this.#running);
  }

  destroy(): void {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #accept(socket: Socket): Promise<void> {
    const { listen, core } = this.#parts;
    const peerIp = plainAddress(socket.remoteAddress);
    let client = { address: peerIp, port: socket.remotePort ?? 0 };
    if (listen.proxyProtocol === true) {
      const take: Take = (_chunk, all) => {
        const header = readProxyHeader(all());
        if (header.state === 'more') return 'more';
        if (header.state === 'faulty') return 'refuse';
        if (header.from !== undefined && core.trust.isTrusted(peerIp)) client = header.from;
        return header.end;
      };
      if (!(await prepare(socket, take))) return;
    }
    const arrival: StreamArrival = {
      protocol: 'tcp',
      serverName: undefined,
      clientIp: client.address,
      clientPort: client.port,
      peerIp,
      localAddress: plainAddress(socket.localAddress),
      localPort: socket.localPort ?? 0,
    };
    if (listen.ssl === true) return this.#acceptTls(socket, arrival);
    const table = this.#parts.table();
    return passThrough(socket, arrival, route(this.#parts.core, table, arrival), { ...this.#parts, table });
  }

  async #acceptTls(socket: Socket, before: StreamArrival): Promise<void> {
    let serverName: string | undefined;
    const hello = new ClientHelloReader();
    const take: Take = (chunk) => {
      const name = hello.read(chunk);
      if (name.state !== 'read') return name.state === 'more' ? 'more' : 'refuse';
      serverName = name.serverName?.toLowerCase();
      // Whoever the bytes are for wants to see them all.
      return 0;
    };
    if (!(await prepare(socket, take, TOO_LONG_ALERT))) return;
    const arrival: StreamArrival = { ...before, protocol: 'tls', serverName };
    const table = this.#parts.table();
    const match = route(this.#parts.core, table, arrival);
    const parts = { ...this.#parts, table };
    if (match === undefined || !match.protocols.includes('tls')) return passThrough(socket, arrival, match, parts);
    const secured = await this.#secure(socket, serverName, table);
    if (secured === undefined) return;
    return passThrough(secured, { ...arrival, tlsSession: tlsSessionOf(secured) }, match, parts);
  }

  /** undefined when there was no handshake. */
  async #secure(
    socket: Socket,
    serverName: string | undefined,
    table: StreamTable,
  ): Promise<tls.TLSSocket | undefined> {
    const handshakes = this.#handshakes;
    if (handshakes === undefined) return undefined;
    const stored = serverName === undefined ? undefined : table.snapshot.certificates(serverName);
    const certificate = await this.#parts.choose({ socket, serverName, certificate: stored });
    if (certificate === 'refuse') socket.destroy();
    if (certificate === 'refuse' || socket.destroyed) return undefined;
    const end = farEnd(socket);
    return new Promise((resolve) => {
      const finish = (secured: tls.TLSSocket | undefined): void => {
        this.#waiting.delete(end);
        secured?.pause();
        secured?.on('error', () => undefined);
        resolve(secured);
      };
      this.#waiting.set(end, finish);
      socket.once('close', () => finish(undefined));
      handshakes.serverFor(certificate).emit('connection', socket);
    });
  }
}

/** False when the socket is gone. */
const prepare = (socket: Socket, take: Take, farewell?: Uint8Array): Promise<boolean> =>
  new Promise((resolve) =>
    readAhead(socket, take, {
      timeoutMs: PREPARE_MS,
      ...(farewell !== undefined && { farewell }),
      onRead: () => resolve(true),
      onGone: () => resolve(false),
    }),
  );

function route(core: GatewayCore, table: StreamTable, arrival: StreamArrival): StreamRoute | undefined {
  return table.router.match({
    scheme: arrival.protocol,
    sourceAddress: arrival.clientIp,
    sourcePort: arrival.clientPort,
    destinationAddress: arrival.localAddress,
    destinationPort: core.advertisedPort(arrival.localPort),
    serverName: arrival.serverName,
  });
}

/** Unique among the live connections of one listener. */
const farEnd = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;
