// One address of the proxy: accepts connections, reads the PROXY header where there must be one, does the TLS handshake,
// and hands over a socket whose next byte is HTTP. Who does not get that far in time is let go.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type * as tls from 'node:tls';
import { GwctlError } from '../../lib/errors.ts';
import { isPromise } from '../../lib/promise.ts';
import type { ClientCertificate } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { CertificatePhase, Shown } from '../tls/certificate-phase.ts';
import { type ClientAsk, type ClientAskIndex, clientCertificateOf } from '../tls/client-certificates.ts';
import { ClientHelloReader, TOO_LONG_ALERT } from '../tls/client-hello.ts';
import { Handshakes, type ServerTls } from '../tls/handshakes.ts';
import type { CertificateIndex } from '../tls/server-names.ts';
import { type Announced, readProxyHeader } from './proxy-protocol.ts';
import { readAhead, type Take } from './read-ahead.ts';

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
  /** Undefined when the handshake asked for none. */
  readonly clientCertificate: ClientCertificate | undefined;
}

export interface ListenerOptions {
  readonly listen: ListenOn;
  /** For a listener with `ssl`. */
  readonly tls: ServerTls | undefined;
  /** In the configuration that is current when it is asked. */
  readonly certificates: CertificateIndex;
  readonly clientAsks: ClientAskIndex;
  /** Plugins may choose another certificate. */
  readonly choose: CertificatePhase;
  /** What is offered in a handshake. */
  readonly protocols: readonly string[];
  /** False: it is one too many. */
  onConnection(): boolean;
  onArrival(arrival: Arrival): void;
  onTlsError(error: Error): void;
  onUnusableCertificate(message: string): void;
}

const PREPARE_MS = 10_000;
/** What only a handshake tells. */
const PLAIN = { serverName: undefined, alpn: undefined, clientCertificate: undefined };

interface Preparing {
  readonly socket: Socket;
  announced: Announced | undefined;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #handshakes: Handshakes | undefined;
  /** Connections that are not handed over yet, by far end: a secured socket does not tell which one it was made from. */
  readonly #preparing = new Map<string, Preparing>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#handshakes = options.listen.ssl === true ? this.#createHandshakes(options.tls) : undefined;
    const isPlain = this.#handshakes === undefined && options.listen.proxyProtocol !== true;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: isPlain }, (socket) => {
      if (!options.onConnection()) socket.destroy();
      else if (isPlain) options.onArrival({ ...PLAIN, socket, announced: undefined });
      else this.#prepare(socket);
    });
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

  /** Connections that are not handed over yet. */
  get preparingCount(): number {
    return this.#preparing.size;
  }

  /** Accepts nothing more; who has not said anything yet is not waited for. */
  close(): void {
    this.#server.close();
    for (const { socket } of this.#preparing.values()) socket.destroy();
  }

  #createHandshakes(settings: ServerTls | undefined): Handshakes {
    if (settings === undefined) throw new GwctlError('E_LISTEN', 'a listener with ssl needs TLS settings');
    const { protocols } = this.#options;
    return new Handshakes({
      settings,
      protocols,
      timeoutMs: PREPARE_MS,
      events: {
        onSecured: (socket, ask) => this.#secured(socket, ask),
        onFailed: (error) => this.#options.onTlsError(error),
        onUnusable: (message) => this.#options.onUnusableCertificate(message),
      },
    });
  }

  #prepare(socket: Socket): void {
    const end = farEnd(socket);
    const preparing: Preparing = { socket, announced: undefined };
    this.#preparing.set(end, preparing);
    socket.on('error', ignore);
    socket.once('close', () => {
      if (this.#preparing.get(end) === preparing) this.#preparing.delete(end);
    });
    if (this.#options.listen.proxyProtocol === true) this.#readProxyHeader(preparing);
    else this.#readHello(preparing);
  }

  #readProxyHeader(preparing: Preparing): void {
    const { socket } = preparing;
    const take: Take = (_chunk, all) => {
      const header = readProxyHeader(all());
      if (header.state === 'more') return 'more';
      if (header.state === 'faulty') return 'refuse';
      preparing.announced = header.from;
      return header.end;
    };
    const onRead = (): void => {
      if (this.#handshakes === undefined) this.#handOver(preparing);
      else this.#readHello(preparing);
    };
    readAhead(socket, take, { timeoutMs: PREPARE_MS, onRead });
  }

  #readHello(preparing: Preparing): void {
    const { socket } = preparing;
    let serverName: string | undefined;
    const hello = new ClientHelloReader();
    const take: Take = (chunk) => {
      const name = hello.read(chunk);
      if (name.state !== 'read') return name.state === 'more' ? 'more' : 'refuse';
      serverName = name.serverName;
      // The handshake wants to see it all again.
      return 0;
    };
    const onRead = (): void => {
      const stored = serverName === undefined ? undefined : this.#options.certificates(serverName);
      const shown = this.#options.choose({ socket, serverName, certificate: stored });
      if (isPromise<Shown>(shown)) void shown.then((later) => this.#shake(socket, serverName, later));
      else this.#shake(socket, serverName, shown);
    };
    readAhead(socket, take, { timeoutMs: PREPARE_MS, farewell: TOO_LONG_ALERT, onRead });
  }

  #shake(socket: Socket, serverName: string | undefined, shown: Shown): void {
    if (shown === 'refuse') socket.destroy();
    if (socket.destroyed) return;
    const ask = this.#options.clientAsks(serverName);
    (this.#handshakes as Handshakes).serverFor(shown as Entity | undefined, ask).emit('connection', socket);
  }

  #handOver({ socket, announced }: Preparing): void {
    this.#preparing.delete(farEnd(socket));
    this.#options.onArrival({ ...PLAIN, socket, announced });
  }

  #secured(socket: tls.TLSSocket, ask: ClientAsk | undefined): void {
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
      clientCertificate: ask === undefined ? undefined : clientCertificateOf(socket, ask),
    });
  }
}

/** Unique among the live connections of one listener. */
const farEnd = (socket: Socket): string => `${socket.remoteAddress} ${socket.remotePort}`;

/** Every error of a socket is followed by its close event. */
function ignore(): void {}
