// Servers and clients for tests of connections that are passed through as they are: TCP, TLS and UDP on real sockets.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import * as tls from 'node:tls';
import { loadState, start } from '../gateway/rig.ts';
import { pem, serverTls } from '../gateway/tls-rig.ts';

export const HOST = '127.0.0.1';

/** Speaks first, says its name, then repeats whatever it hears. */
export async function startEcho(t: TestContext, name: string): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => greet(socket, name));
  return listening(t, server);
}

export async function startTlsEcho(t: TestContext, name: string, onName?: (name: unknown) => void): Promise<number> {
  const own = { cert: pem('tls', 'upstream'), key: pem('tls', 'upstream.key') };
  const server = tls.createServer({ ...own, allowHalfOpen: true }, (socket) => {
    onName?.((socket as unknown as { servername: unknown }).servername);
    greet(socket, name);
  });
  server.on('tlsClientError', () => undefined);
  return listening(t, server);
}

function greet(socket: Socket, name: string): void {
  socket.on('error', () => undefined);
  socket.write(`${name}\n`);
  socket.pipe(socket);
}

async function listening(t: TestContext, server: ReturnType<typeof createServer>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export async function startUdpEcho(t: TestContext, name: string): Promise<number> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => socket.send(`${name} ${bytes}`, from.port, from.address));
  await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  t.after(() => socket.close());
  return socket.address().port;
}

type Listen = NonNullable<NonNullable<Parameters<typeof start>[1]>['streamListen']>[number];

/** A gateway with stream listeners; the ports are in the order of `listen`. */
export async function startStreams(
  t: TestContext,
  content: object,
  listen: readonly Partial<Listen>[],
  options: Parameters<typeof start>[1] = {},
) {
  const streamListen = listen.map((one) => ({ host: HOST, port: 0, ...one }));
  const running = await start(content, { streamListen, tls: serverTls, ...options });
  t.after(() => running.close());
  const replace = async (next: object): Promise<void> => {
    await running.store.replace(await loadState(next));
  };
  return { ...running, replace, ports: running.gateway.streamAddresses.map(({ port }) => port) };
}

/** Sends a text, ends its side, and gives everything that came until the other side ended. */
export function talk(port: number, text: string, from = HOST): Promise<string> {
  return conversation(connect({ host: HOST, port, localAddress: from, allowHalfOpen: true }), text);
}

export function talkTls(port: number, text: string, options: tls.ConnectionOptions = {}): Promise<string> {
  const socket = tls.connect({ host: HOST, port, rejectUnauthorized: false, ...options });
  return conversation(socket, text);
}

function conversation(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = '';
    socket.on('data', (chunk) => (heard += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
    socket.end(text);
  });
}

export function udpClient(t: TestContext): UdpSocket {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  return socket;
}

/** Resolves to undefined when nothing comes. */
export function ask(socket: UdpSocket, port: number, text: string, waitMs = 1000): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(undefined), waitMs);
    const finish = (answer: string | undefined): void => {
      clearTimeout(timer);
      socket.removeListener('message', hear);
      resolve(answer);
    };
    const hear = (bytes: Buffer): void => finish(String(bytes));
    socket.on('message', hear);
    socket.send(text, port, HOST);
  });
}
