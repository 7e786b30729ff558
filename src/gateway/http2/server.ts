// The HTTP/2 server over sockets that somebody else accepts. It feeds the same way as the HTTP/1.1 server, under the same
// limits and deadlines.
import type * as net from 'node:net';
import type * as tls from 'node:tls';
import type { ClientExchange } from '../exchange.ts';
import type { Waiting } from '../http1/client-socket.ts';
import type { DeadlineList, Deadlines } from '../http1/deadlines.ts';
import { HeaderList } from '../http1/headers.ts';
import type { ConnectionInfo, ErrorContext, ErrorPage, Rejection, ServerLimits } from '../http1/server.ts';
import { type Receive, SharedMemory } from '../http1/shared-memory.ts';
import { Http2Connection, MAX_HEADER_LINES } from './connection.ts';
import type { Http2HeadLimits } from './request-head.ts';

export interface Http2ServerOptions {
  readonly limits: ServerLimits;
  readonly deadlines: Deadlines;
  readonly waits: Readonly<Record<Waiting, DeadlineList>>;
  /** What connections in clear text were read into before they turned out to be HTTP/2. */
  readonly memory?: SharedMemory;
  onRequest(exchange: ClientExchange): void;
  renderError(status: number, message: string, context: ErrorContext): ErrorPage;
  onRejected(rejection: Rejection): void;
  /** onRequest threw; the client got 500 or, when the answer had begun, a reset. */
  onHandlerError?(error: unknown): void;
}

export class Http2Server {
  readonly limits: ServerLimits;
  readonly deadlines: Deadlines;
  readonly waits: Readonly<Record<Waiting, DeadlineList>>;
  readonly headLimits: Http2HeadLimits;
  accepted = 0;
  readonly #options: Http2ServerOptions;
  readonly #connections = new Set<Http2Connection>();
  readonly #memory: SharedMemory;
  #isDraining = false;
  #whenEmpty: (() => void)[] = [];

  constructor(options: Http2ServerOptions) {
    this.#options = options;
    this.limits = options.limits;
    const { lineBytes, headBytes, headerCount } = options.limits;
    this.headLimits = { lineBytes, headBytes, headerCount: Math.min(headerCount, MAX_HEADER_LINES) };
    this.deadlines = options.deadlines;
    this.waits = options.waits;
    this.#memory = options.memory ?? new SharedMemory();
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Takes over a socket whose next byte is the first of the preface. */
  accept(socket: net.Socket | tls.TLSSocket, info: ConnectionInfo): Http2Connection | undefined {
    if (socket.destroyed) return undefined;
    this.accepted += 1;
    const connection = new Http2Connection(this, socket, info);
    this.#connections.add(connection);
    if (this.#isDraining) connection.close();
    return connection;
  }

  /** As `accept`, of one from which bytes were read to find out that it is HTTP/2. */
  acceptRead(socket: net.Socket, bytes: Buffer, info: ConnectionInfo): void {
    this.accept(socket, info)?.received(bytes, bytes.length);
  }

  /** Tells every client to open no more streams; resolves when the last connection is gone. */
  drain(): Promise<void> {
    this.#isDraining = true;
    for (const connection of this.#connections) connection.close();
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  destroy(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  /** For the connections: the socket that is read by `receive` from now on. */
  adopt(socket: net.Socket | tls.TLSSocket, receive: Receive): net.Socket {
    return this.#memory.take(socket, receive);
  }

  /** For the connections. */
  handle(exchange: ClientExchange): void {
    try {
      this.#options.onRequest(exchange);
    } catch (error) {
      this.#options.onHandlerError?.(error);
      if (exchange.answered) exchange.abort();
      else {
        const accept = exchange.headers.get('accept');
        const contentType = exchange.headers.get('content-type');
        const page = this.renderError(500, 'An unexpected error occurred', { accept, contentType });
        const headers = HeaderList.from(page.headers ?? []);
        headers.set('Content-Type', page.contentType);
        exchange.respond(500, undefined, headers, page.body);
      }
    }
  }

  renderError(status: number, message: string, context: ErrorContext): ErrorPage {
    return this.#options.renderError(status, message, context);
  }

  rejected(rejection: Rejection): void {
    this.#options.onRejected(rejection);
  }

  forget(connection: Http2Connection): void {
    if (!this.#connections.delete(connection) || this.#connections.size > 0) return;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }
}
