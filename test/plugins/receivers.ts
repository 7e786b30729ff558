// Servers that log plugins send to: each keeps what it got. All on the loopback interface, on ports of their own.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { type Running, type SetUp, start } from './gateway-fixture.ts';

export interface Receiver<T> {
  readonly port: number;
  readonly received: T[];
  close(): Promise<void>;
}

/** Waits until there are `count`, then for a moment more: nothing else may come. */
export async function take<T>({ received }: { readonly received: readonly T[] }, count: number): Promise<readonly T[]> {
  for (let i = 0; i < 300 && received.length < count; i++) await sleep(10);
  await sleep(20);
  assert.equal(received.length, count, `got ${JSON.stringify(received)}`);
  return received;
}

export async function receiveUdp(): Promise<Receiver<string>> {
  const received: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (message) => received.push(message.toString('utf8')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    received,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

export interface TcpReceiver extends Receiver<string> {
  /** How many connections were made. */
  connections(): number;
  /** The server name each TLS connection asked for. */
  readonly serverNames: string[];
  dropConnections(): void;
}

/** Lines with their line feeds. With a path it is a socket of the file system. */
export async function receiveTcp(
  options: { readonly tls?: { key: string; cert: string }; readonly path?: string; readonly port?: number } = {},
): Promise<TcpReceiver> {
  const received: string[] = [];
  const serverNames: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const accept = (socket: Socket): void => {
    connections += 1;
    sockets.add(socket);
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) received.push(`${line}\n`);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server =
    options.tls === undefined
      ? createTcpServer(accept)
      : createTlsServer(options.tls, (socket) => {
          serverNames.push(String(socket.servername));
          accept(socket);
        });
  server.on('tlsClientError', () => undefined);
  if (options.path === undefined) server.listen(options.port ?? 0, '127.0.0.1');
  else server.listen(options.path);
  await once(server, 'listening');
  return {
    port: options.path === undefined ? (server.address() as AddressInfo).port : 0,
    received,
    serverNames,
    connections: () => connections,
    dropConnections: () => {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface HttpMessage {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Status of an answer, or what happens in its place. */
export type HttpReaction = number | 'break' | 'silence';

export async function receiveHttp(
  react: (message: HttpMessage, index: number) => HttpReaction = () => 200,
  tls?: { readonly key: string; readonly cert: string },
): Promise<Receiver<HttpMessage>> {
  const received: HttpMessage[] = [];
  const onRequest: RequestListener = async (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    for await (const chunk of request) body += chunk as string;
    const message = { method: request.method!, url: request.url!, headers: request.headers, body };
    received.push(message);
    const reaction = react(message, received.length - 1);
    if (reaction === 'break') response.destroy();
    else if (reaction !== 'silence') response.writeHead(reaction).end('noted');
  };
  const server = tls === undefined ? createHttpServer(onRequest) : createHttpsServer(tls, onRequest);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A gateway in front of the receiver; both are closed in the end. */
export async function withReceiver<R extends { close(): Promise<void> }>(
  receiver: R,
  setUp: SetUp,
  run: (running: Running, receiver: R) => Promise<void>,
): Promise<void> {
  try {
    const running = await start(setUp);
    try {
      await run(running, receiver);
    } finally {
      await running.close();
    }
  } finally {
    await receiver.close();
  }
}

/** Waits for a line of the gateway's own log. */
export async function logged(logs: readonly string[], expression: RegExp): Promise<void> {
  const isLogged = (): boolean => logs.some((line) => expression.test(line));
  for (let i = 0; i < 300 && !isLogged(); i++) await sleep(10);
  assert.ok(isLogged(), `no line ${expression} in\n${logs.join('\n')}`);
}
