// One address of the proxy: accepts connections, reads the PROXY header where there must be one, does the TLS handshake,
// and hands over a socket whose next byte is HTTP. Who does not get that far in time is let go.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { GwctlError } from '../../lib/errors.ts';
import { type Announced, readProxyHeader } from './proxy-protocol.ts';

export interface ListenOn {
  readonly host: string;
  readonly port: number;
  readonly backlog?: number | undefined;
  readonly ssl?: boolean;
  /** Every connection begins with a PROXY header. */
  readonly proxyProtocol?: boolean;
}

/** What is known of a connection beside its socket. */
export interface Arrival {
  readonly socket: Socket | tls.TLSSocket;
  readonly serverName: string | undefined;
  /** The protocol that TLS agreed on. */
  readonly alpn: string | undefined;
  readonly announced: Announced | undefined;
}

export interface ListenerOptions {
  readonly listen: ListenOn;
  /** For a listener with `ssl`. */
  readonly tls: tls.TlsOptions | undefined;
  onConnection(): void;
  onArrival(arrival: Arrival): void;
  /** A handshake failed. */
  onTlsError(error: Error): void;
}

const PREPARE_MS = 10_000;

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #tls: tls.Server | undefined;
  /**
   * Connections that are not handed over yet, by their far ends: a secured socket does not tell which one it was made from.
   */
  readonly #preparing = new Map<string, Preparing>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { listen } = options;
    this.#tls = listen.ssl === true ? this.#createTls(options.tls) : undefined;
    const isPlain = this.#tls === undefined && listen.proxyProtocol !== true;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: isPlain }, (socket) =>
      this.#accept(socket),
    );
  }

  async open(): Promise<AddressInfo> {
    const { host, port, backlog } = this.#options.listen;
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const reason = error.code === 'EADDRINUSE' ? 'the address is in use' : error.message;
        reject(
          new GwctlError('E_LISTEN', `cannot listen on ${host}:${port} for the proxy: ${reason}`, { cause: error }),
        );
      });
      server.listen({ host, port, ...(backlog === undefined ? {} : { backlog }) }, resolve);
    });
    server.removeAllListeners('error');
    server.on('error', () => undefined);
    return server.address() as AddressInfo;
  }

  /** Accepts nothing more; who has not said anything yet is not waited for. */
  close(): void {
    this.#server.close();
    for (const { socket } of this.#preparing.values()) socket.destroy();
  }

  #createTls(options: tls.TlsOptions | undefined): tls.Server {
    if (options === undefined) throw new GwctlError('E_LISTEN', 'a listener with ssl needs TLS settings');
    const server = tls.createServer({ ...options, handshakeTimeout: PREPARE_MS, allowHalfOpen: true });
    server.on('secureConnection', (socket) => this.#secured(socket));
    server.on('tlsClientError', (error, socket) => {
      this.#options.onTlsError(error);
      socket.destroy();
    });
    return server;
  }

  #accept(socket: Socket): void {
    this.#options.onConnection();
    if (this.#tls === undefined && this.#options.listen.proxyProtocol !== true) {
      this.#options.onArrival({ socket, serverName: undefined, alpn: undefined, announced: undefined });
      return;
    }
    const end = farEnd(socket);
    const preparing: Preparing = { socket, announced: undefined };
    this.#preparing.set(end, preparing);
    socket.on('error', ignore);
    socket.once('close', () => {
      if (this.#preparing.get(end) === preparing) this.#preparing.delete(end);
    });
    if (this.#options.listen.proxyProtocol === true) this.#readProxyHeader(preparing);
    else this.#tls!.emit('connection', socket);
  }

  #readProxyHeader(preparing: Preparing): void {
    const { socket } = preparing;
    let bytes: Buffer = Buffer.alloc(0);
    const giveUp = (): void => {
      socket.destroy();
    };
    const timer = setTimeout(giveUp, PREPARE_MS);
    const stop = (): void => clearTimeout(timer);
    const read = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const header = readProxyHeader(bytes);
      if (header.state === 'more') return;
      if (header.state === 'faulty') {
        socket.destroy();
        return;
      }
      stop();
      socket.removeListener('close', stop);
      socket.removeListener('end', giveUp);
      socket.removeListener('data', read);
      socket.pause();
      if (header.end < bytes.length) socket.unshift(bytes.subarray(header.end));
      preparing.announced = header.from;
      if (this.#tls === undefined) this.#handOver(socket, header.from);
      else this.#tls.emit('connection', socket);
    };
    socket.on('close', stop);
    socket.on('end', giveUp);
    socket.on('data', read);
  }

  #handOver(socket: Socket, announced: Announced | undefined): void {
    this.#preparing.delete(farEnd(socket));
    this.#options.onArrival({ socket, serverName: undefined, alpn: undefined, announced });
  }

  #secured(socket: tls.TLSSocket): void {
    const end = farEnd(socket);
    const announced = this.#preparing.get(end)?.announced;
    this.#preparing.delete(end);
    const { servername } = socket as unknown as { servername?: string | false };
    socket.on('error', ignore);
    this.#options.onArrival({
      socket,
      serverName: typeof servername === 'string' && servername !== '' ? servername : undefined,
      alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
      announced,
    });
  }
}

interface Preparing {
  readonly socket: Socket;
  announced: Announced | undefined;
}

/** Unique among the live connections of one listener. */
const farEnd = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

/** Every error of a socket is followed by its close event. */
function ignore(): void {}
