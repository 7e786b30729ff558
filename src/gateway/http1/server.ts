// The HTTP/1.1 server over sockets that somebody else accepts: it owns the connections, their limits and deadlines, and the
// one parser of request heads. Nothing here listens.
import type * as net from 'node:net';
import type * as tls from 'node:tls';
import type { ClientCertificate } from '../../pdk/index.ts';
import type { Waits } from './client-socket.ts';
import { Deadlines } from './deadlines.ts';
import type { Exchange } from './exchange.ts';
import { HeaderList } from './headers.ts';
import { createHeadParser, MAX_HEAD_BYTES } from './llhttp.ts';
import { RequestHead } from './request-head.ts';
import { ServerConnection } from './server-connection.ts';
import { SharedMemory } from './shared-memory.ts';

export interface ServerLimits {
  /** Of the request line (414) and of each header line (400). */
  lineBytes: number;
  headBytes: number;
  headerCount: number;
  /** Of the body, without framing; 0 is without limit. */
  bodyBytes: number;
  /** From the first byte of a head to its last. */
  headTimeoutMs: number;
  /** Without a request. */
  idleTimeoutMs: number;
  /** A body that somebody reads must bring 500 bytes a second over this time. */
  bodyStallTimeoutMs: number;
  /** An answer must be taken at 500 bytes a second over this time. */
  sendStallTimeoutMs: number;
  requestsPerConnection: number;
  /** Of all chunk extensions of one body. */
  chunkExtensionBytes: number;
  /** Headers that one Connection header may name. */
  connectionTokens: number;
}

/** What a closing connection may still send is thrown away for so long. */
const LINGER_MS = 1_000;

export const DEFAULT_LIMITS: ServerLimits = {
  lineBytes: 8_192,
  headBytes: 32_768,
  headerCount: 1_000,
  bodyBytes: 0,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 75_000,
  bodyStallTimeoutMs: 10_000,
  sendStallTimeoutMs: 30_000,
  requestsPerConnection: 10_000,
  chunkExtensionBytes: 16_384,
  connectionTokens: 64,
};

/** What is known of the request that an error page is for. */
export interface ErrorContext {
  accept: string | undefined;
  contentType: string | undefined;
}

export interface ErrorPage {
  contentType: string;
  body: string;
  headers?: [string, string][];
}

/** A request that was refused before it became an exchange, or while its body came. */
export interface Rejection {
  status: number;
  message: string;
  remoteAddress: string;
  bytesOut: number;
  serverName: string | undefined;
}

export interface ServerOptions {
  limits?: Partial<ServerLimits>;
  onRequest(exchange: Exchange): void;
  renderError(status: number, message: string, context: ErrorContext): ErrorPage;
  onRejected?(rejection: Rejection): void;
  /** onRequest threw; the client got 500 or, when the answer had begun, a broken connection. */
  onHandlerError?(error: unknown, exchange: Exchange): void;
  /** Shared with the pool when given; else the server's own. */
  deadlines?: Deadlines;
  /**
   * A connection in clear text began with the preface of HTTP/2: the socket and the bytes read from it are the callee's.
   * Such connections are refused when it is absent.
   */
  onHttp2?(socket: net.Socket, bytes: Buffer, info: ConnectionInfo): void;
}

/** What cannot be seen on a socket. */
export interface ConnectionInfo {
  readonly serverName?: string | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
  /** The client's address, from a PROXY header. */
  readonly announcedAddress?: string | undefined;
}

export class Http1Server {
  readonly limits: ServerLimits;
  readonly deadlines: Deadlines;
  /** For the connections: one head at a time, read and copied. */
  readonly head: RequestHead;
  readonly waits: Waits;
  readonly memory = new SharedMemory();
  draining = false;
  /** Connections taken over so far. */
  accepted = 0;
  private readonly options: ServerOptions;
  private readonly connections = new Set<ServerConnection>();
  private readonly ownsDeadlines: boolean;
  private whenEmpty: (() => void)[] = [];

  constructor(options: ServerOptions) {
    this.options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.limits.headBytes = Math.min(this.limits.headBytes, MAX_HEAD_BYTES);
    this.ownsDeadlines = options.deadlines === undefined;
    this.deadlines = options.deadlines ?? new Deadlines();
    const { limits, deadlines } = this;
    this.waits = {
      idle: deadlines.list(limits.idleTimeoutMs),
      head: deadlines.list(limits.headTimeoutMs),
      body: deadlines.list(limits.bodyStallTimeoutMs),
      send: deadlines.list(limits.sendStallTimeoutMs),
      linger: deadlines.list(LINGER_MS),
    };
    this.head = new RequestHead(createHeadParser('request'), this.limits);
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /** Takes over an open socket: a plain one accepted with `pauseOnConnect`, or a TLS one whose handshake is done. */
  accept(socket: net.Socket | tls.TLSSocket, info: ConnectionInfo = {}): void {
    this.accepted += 1;
    const connection = new ServerConnection(this, socket, info);
    this.connections.add(connection);
    if (this.draining) connection.drain();
  }

  /** From now on every answer closes its connection; resolves when the last one is gone. */
  drain(): Promise<void> {
    this.draining = true;
    for (const connection of this.connections) connection.drain();
    if (this.connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenEmpty.push(resolve));
  }

  destroy(): void {
    for (const connection of this.connections) connection.destroy();
    if (this.ownsDeadlines) this.deadlines.close();
  }

  /** For the connections. */
  handle(exchange: Exchange): void {
    try {
      this.options.onRequest(exchange);
    } catch (error) {
      this.options.onHandlerError?.(error, exchange);
      if (exchange.answered) exchange.abort();
      else {
        const page = this.renderError(500, 'An unexpected error occurred', {
          accept: exchange.headers.get('accept'),
          contentType: exchange.headers.get('content-type'),
        });
        const headers = HeaderList.from(page.headers ?? []);
        headers.set('Content-Type', page.contentType);
        exchange.respond(500, undefined, headers, page.body);
      }
    }
  }

  get speaksHttp2(): boolean {
    return this.options.onHttp2 !== undefined;
  }

  /** For a connection that turned out to speak HTTP/2: it is not ours any more. */
  passOn(connection: ServerConnection, socket: net.Socket, bytes: Buffer, info: ConnectionInfo): void {
    this.forget(connection);
    this.options.onHttp2?.(socket, bytes, info);
  }

  renderError(status: number, message: string, context: ErrorContext): ErrorPage {
    return this.options.renderError(status, message, context);
  }

  rejected(rejection: Rejection): void {
    this.options.onRejected?.(rejection);
  }

  forget(connection: ServerConnection): void {
    if (!this.connections.delete(connection) || this.connections.size > 0) return;
    for (const resolve of this.whenEmpty.splice(0)) resolve();
  }
}
