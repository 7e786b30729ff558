// The engines that clients speak to, one for each version of HTTP, as one: under the same limits and deadlines, reading into the
// same memory, with the same words for requests that never reach the gateway's way.
import type * as net from 'node:net';
import type * as tls from 'node:tls';
import type { GatewayCore } from './core.ts';
import { renderFault, standardText } from './error-page.ts';
import type { ClientExchange } from './exchange.ts';
import { SERVER_TOKEN } from './forward-headers.ts';
import {
  type ConnectionInfo,
  type ErrorContext,
  type ErrorPage,
  Http1Server,
  type Rejection,
  type ServerLimits,
} from './http1/server.ts';
import { Http2Server } from './http2/server.ts';
import { recordRejected } from './observe/access-record.ts';

export interface HttpServersOptions {
  readonly core: GatewayCore;
  readonly limits: Partial<ServerLimits> | undefined;
  readonly speaksHttp2: boolean;
  onRequest(exchange: ClientExchange): void;
}

export class HttpServers {
  readonly #http1: Http1Server;
  readonly #http2: Http2Server;

  constructor({ core, limits: given, speaksHttp2, onRequest }: HttpServersOptions) {
    const { events, newRequestId } = core;
    const onRejected = ({ status, remoteAddress, bytesOut }: Rejection): void => {
      events.access?.(recordRejected(newRequestId(), remoteAddress, status, bytesOut));
    };
    const renderError = (status: number, _message: string, request: ErrorContext): ErrorPage => {
      const id = newRequestId();
      const page = renderFault(core.config.errorPages, standardText(status), id, request.accept, request.contentType);
      const headers: [string, string][] = [
        ['Server', SERVER_TOKEN],
        ['X-Kong-Request-Id', id],
      ];
      return { ...page, headers };
    };
    const onHandlerError = (error: unknown): void => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      events.log('error', 'request failed inside the gateway', { error: text });
    };
    const told = { onRequest, onRejected, renderError, onHandlerError };
    this.#http1 = new Http1Server({
      ...(given === undefined ? {} : { limits: given }),
      ...told,
      ...(speaksHttp2 && { onHttp2: (socket, bytes, info) => this.#http2.acceptRead(socket, bytes, info) }),
    });
    const { limits, deadlines, waits, memory } = this.#http1;
    this.#http2 = new Http2Server({ limits, deadlines, waits, memory, ...told });
  }

  get connectionCount(): number {
    return this.#http1.connectionCount + this.#http2.connectionCount;
  }

  /** @param alpn what TLS agreed on. */
  accept(socket: net.Socket | tls.TLSSocket, alpn: string | undefined, info: ConnectionInfo): void {
    if (alpn === 'h2') this.#http2.accept(socket, info);
    else this.#http1.accept(socket, info);
  }

  /** Every answer is the last of its connection from now on; resolves when the last connection is gone. */
  async drain(): Promise<void> {
    await Promise.all([this.#http1.drain(), this.#http2.drain()]);
  }

  destroy(): void {
    this.#http1.destroy();
    this.#http2.destroy();
  }
}
