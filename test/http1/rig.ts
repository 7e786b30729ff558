// The engine between raw sockets: a server that forwards everything through a pool to an upstream that records the bytes.
import { once } from 'node:events';
import net from 'node:net';
import { after } from 'node:test';
import type { Exchange } from '../../src/gateway/http1/exchange.ts';
import { HeaderList } from '../../src/gateway/http1/headers.ts';
import { UpstreamPool } from '../../src/gateway/http1/pool.ts';
import { Http1Server, type Rejection, type ServerLimits } from '../../src/gateway/http1/server.ts';
import type { UpstreamCall, UpstreamError, UpstreamHandler, UpstreamHead } from '../../src/gateway/http1/upstream.ts';
import { readRequests } from './strict-reader.ts';

export { expand, fixture } from './fixtures.ts';

/** What a failed test left open is closed at the end of its file. */
const open: (() => void)[] = [];
after(() => {
  for (const close of open) close();
});

/** A raw listener; `port` is where. */
export async function listen(onSocket: (socket: net.Socket) => void, options: net.ServerOpts = {}) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true, ...options }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  open.push(close);
  return { port: (server.address() as net.AddressInfo).port, sockets, close };
}

/** Answers every whole request with "ok" and keeps what came, a text a connection. */
export async function recordingUpstream() {
  const connections: { text: string; answered: number }[] = [];
  const listener = await listen((socket) => {
    const record = { text: '', answered: 0 };
    connections.push(record);
    socket.on('data', (chunk) => {
      record.text += chunk.toString('latin1');
      const { messages } = readRequests(record.text);
      for (; record.answered < messages.length; record.answered++) {
        const isHead = messages[record.answered]?.startLine.startsWith('HEAD ');
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${isHead ? '' : 'ok'}`);
      }
    });
  });
  return {
    ...listener,
    connections,
    /** Everything since the last call. */
    take: () => {
      const text = connections.map((record) => record.text).join('');
      const readings = connections.map((record) => readRequests(record.text));
      const messages = readings.flatMap((reading) => reading.messages);
      const faults = readings.map((reading) => reading.fault).filter((fault) => fault !== undefined);
      // A connection left in the middle of a request is about to go; what it got belongs to this take only.
      for (const record of connections.splice(0)) {
        if (readRequests(record.text).rest === '') connections.push(record);
        record.text = '';
        record.answered = 0;
      }
      return { text, messages, faults };
    },
  };
}

export const renderError = (status: number, message: string) => ({
  contentType: 'text/plain',
  body: `${status} ${message}\n`,
});

/** Passes an exchange on as a gateway would, without changing it. */
export class Forwarding implements UpstreamHandler {
  readonly exchange: Exchange;
  call: UpstreamCall | undefined;
  error: UpstreamError | undefined;
  constructor(exchange: Exchange) {
    this.exchange = exchange;
    exchange.onAbort = () => this.call?.abort();
  }
  onHead(head: UpstreamHead): void {
    this.exchange.startResponse(head.status, head.reason, head.headers, head.length);
  }
  onData(chunk: Buffer): boolean {
    if (this.exchange.write(chunk)) return true;
    this.exchange.onDrain = () => this.call?.resume();
    return false;
  }
  onEnd(trailers?: HeaderList): void {
    this.exchange.end(trailers);
  }
  onError(error: UpstreamError): void {
    this.error = error;
    if (this.exchange.finished) return;
    if (this.exchange.answered) this.exchange.abort();
    else
      this.exchange.respond(error.kind.endsWith('timeout') ? 504 : 502, undefined, new HeaderList(), `${error.kind}\n`);
  }
}

export interface RigOptions {
  limits?: Partial<ServerLimits>;
  upstreamPort?: number;
  onRequest?: (exchange: Exchange, forward: () => Forwarding) => void;
  timeoutMs?: number;
  pool?: ConstructorParameters<typeof UpstreamPool>[0];
}

export async function startEngine(options: RigOptions = {}) {
  const pool = new UpstreamPool(options.pool);
  const finished: Exchange[] = [];
  const rejections: Rejection[] = [];
  const timeout = options.timeoutMs ?? 2_000;
  const forward = (exchange: Exchange): Forwarding => {
    const forwarding = new Forwarding(exchange);
    const port = options.upstreamPort ?? 1;
    forwarding.call = pool.dispatch(
      {
        target: { host: '127.0.0.1', port, key: String(port) },
        method: exchange.method,
        path: exchange.target,
        hostHeader: exchange.host === '' ? 'none.test' : exchange.host,
        headers: exchange.headers,
        body: exchange.body.kind === 'none' ? undefined : exchange.body,
        connectTimeoutMs: timeout,
        sendTimeoutMs: timeout,
        readTimeoutMs: timeout,
      },
      forwarding,
    );
    return forwarding;
  };
  const server = new Http1Server({
    limits: options.limits ?? {},
    renderError,
    onRejected: (rejection) => rejections.push(rejection),
    onRequest: (exchange) => {
      exchange.onFinish = () => finished.push(exchange);
      if (options.onRequest === undefined) forward(exchange);
      else options.onRequest(exchange, () => forward(exchange));
    },
  });
  const listener = await listen((socket) => server.accept(socket), { pauseOnConnect: true });
  const close = (): void => {
    server.destroy();
    pool.close();
    listener.close();
  };
  open.push(close);
  return { port: listener.port, server, pool, finished, rejections, close };
}

export interface Reply {
  text: string;
  /** How the connection ended, or that it stayed open. */
  end: 'closed' | 'reset' | 'open';
}

/** Sends the pieces one turn apart; resolves when `isEnough` or when the server closes, or as open after the patience. */
export function talk(
  port: number,
  pieces: readonly Buffer[],
  isEnough: (text: string) => boolean,
  options: { halfClose?: boolean; patienceMs?: number } = {},
): Promise<Reply> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    let text = '';
    const finish = (end: Reply['end']): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, end });
    };
    const timer = setTimeout(() => finish('open'), options.patienceMs ?? 3_000);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (isEnough(text)) finish('open');
    });
    socket.on('end', () => finish('closed'));
    socket.on('error', () => finish('reset'));
    socket.on('connect', () => {
      let next = 0;
      const send = (): void => {
        if (socket.destroyed || socket.writableEnded) return;
        const piece = pieces[next++];
        if (piece !== undefined) socket.write(piece, () => setImmediate(send));
        else if (options.halfClose) socket.end();
      };
      send();
    });
  });
}

export const never = (): boolean => false;
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until it holds; fails the caller after two seconds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (holds()) return;
    await wait(5);
  }
  throw new Error('it never came to hold');
}
