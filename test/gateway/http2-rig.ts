// An HTTP/2 server alone, without a gateway around it: tests say what becomes of each request.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after } from 'node:test';
import type { ClientExchange } from '../../src/gateway/exchange.ts';
import { Deadlines } from '../../src/gateway/http1/deadlines.ts';
import { HeaderList } from '../../src/gateway/http1/headers.ts';
import { DEFAULT_LIMITS, type Rejection, type ServerLimits } from '../../src/gateway/http1/server.ts';
import { Http2Server } from '../../src/gateway/http2/server.ts';
import {
  connectFrames,
  END_STREAM,
  type Fields,
  FRAME,
  type FrameClient,
  frame,
  request,
  setting,
} from './http2-frames.ts';

export interface Http2Rig {
  readonly port: number;
  readonly server: Http2Server;
  /** Requests in the order in which they came. */
  readonly exchanges: ClientExchange[];
  /** Whose onFinish was called, each time that it was. */
  readonly finished: ClientExchange[];
  readonly rejected: Rejection[];
  readonly errors: unknown[];
  readonly sockets: Socket[];
  /** @param first what it says in place of the preface and its settings. */
  connect(first?: Uint8Array): FrameClient;
  close(): Promise<void>;
}

export interface Http2RigOptions {
  readonly limits?: Partial<ServerLimits>;
  readonly onRequest?: (exchange: ClientExchange) => void;
}

export async function serveHttp2(options: Http2RigOptions = {}): Promise<Http2Rig> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const deadlines = new Deadlines();
  const exchanges: ClientExchange[] = [];
  const finished: ClientExchange[] = [];
  const rejected: Rejection[] = [];
  const errors: unknown[] = [];
  const sockets: Socket[] = [];
  const server = new Http2Server({
    limits,
    deadlines,
    waits: {
      idle: deadlines.list(limits.idleTimeoutMs),
      head: deadlines.list(limits.headTimeoutMs),
      body: deadlines.list(limits.bodyStallTimeoutMs),
      send: deadlines.list(limits.sendStallTimeoutMs),
      linger: deadlines.list(1_000),
    },
    onRequest(exchange) {
      exchanges.push(exchange);
      exchange.onFinish = () => finished.push(exchange);
      (options.onRequest ?? answerOk)(exchange);
    },
    renderError: (status, message) => ({ contentType: 'text/plain', body: `${status} ${message}` }),
    onRejected: (rejection) => rejected.push(rejection),
    onHandlerError: (error) => errors.push(error),
  });
  const listener = createServer((socket) => {
    sockets.push(socket);
    server.accept(socket, {});
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  const clients: FrameClient[] = [];
  const close = async (): Promise<void> => {
    for (const client of clients) client.socket.destroy();
    server.destroy();
    await server.drain();
    listener.close();
    deadlines.close();
  };
  after(close);
  const connect = (first?: Uint8Array): FrameClient => {
    const client = connectFrames(port, first);
    clients.push(client);
    return client;
  };
  return { port, server, exchanges, finished, rejected, errors, sockets, connect, close };
}

export const noLines = (): HeaderList => new HeaderList();

export const answerOk = (exchange: ClientExchange): void => exchange.respond(200, undefined, noLines(), 'ok');

/** Answers with the length of the body, once it is there. */
export function answerLength(exchange: ClientExchange): void {
  let size = 0;
  exchange.body.stream({
    onChunk: (chunk) => {
      size += chunk.length;
      return true;
    },
    onEnd: () => exchange.respond(200, undefined, noLines(), String(size)),
    onError: () => undefined,
  });
}

export const post = (path = '/', more: Fields = []): Fields => [[':method', 'POST'], ...request(path, more).slice(1)];

export const isAnswered = (client: FrameClient, stream: number): boolean =>
  client.frames.some((one) => one.stream === stream && one.type === FRAME.headers);

export const isEnded = (client: FrameClient, stream: number): boolean =>
  client.frames.some(
    ({ stream: id, type, flags }) =>
      id === stream && (type === FRAME.headers || type === FRAME.data) && (flags & END_STREAM) !== 0,
  );

/** What came on a stream. */
export const dataOf = (client: FrameClient, stream: number): Buffer =>
  Buffer.concat(
    client.frames.filter((one) => one.type === FRAME.data && one.stream === stream).map((one) => one.payload),
  );

/** Frames of data, each as large as a frame may be. */
export function dataFrames(stream: number, size: number, isLast = false): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < size; at += 16_384) {
    const end = Math.min(size, at + 16_384);
    parts.push(frame(FRAME.data, isLast && end === size ? END_STREAM : 0, stream, Buffer.alloc(end - at, 'x')));
  }
  return Buffer.concat(parts);
}

/** SETTINGS_INITIAL_WINDOW_SIZE. */
export const windowSetting = (size: number): Buffer => frame(FRAME.settings, 0, 0, setting(4, size));

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
