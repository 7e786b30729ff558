// The plain doings with an upstream's socket: opening it, and writing messages with as few system calls as can be.
import * as net from 'node:net';
import * as tls from 'node:tls';
import { checkUpstreamIdentity } from '../tls/upstream-identity.ts';
import { latin1Of } from './latin1.ts';
import type { ReadMemory } from './read-memory.ts';
import type { UpstreamTarget, UpstreamTls } from './upstream.ts';

const SMALL = 8_192;

export interface SocketEvents {
  /** TCP stands; TLS comes next. */
  reached(): void;
  /** Ready for the first byte. */
  opened(): void;
  /** It is open but not to be used. */
  refused(reason: string): void;
  /** bytes[0, size) came; they may be overwritten once it returns. It answers whether to go on reading. */
  received(bytes: Buffer, size: number): boolean;
}

/** @param memory to read into, where the target's connections may. */
export function openSocket(target: UpstreamTarget, memory: ReadMemory | undefined, on: SocketEvents): net.Socket {
  const { tls: secured } = target;
  if (secured === undefined && memory !== undefined) {
    return connectInto(memory, target, on.received).once('connect', on.opened);
  }
  const socket = secured === undefined ? connect(target) : connectTls(target, secured);
  socket.on('data', (chunk: Buffer) => on.received(chunk, chunk.length));
  if (secured === undefined) return socket.once('connect', on.opened);
  return socket.once('connect', on.reached).once('secureConnect', () => {
    if (isChainTooLong(socket as tls.TLSSocket, secured)) on.refused('the chain of certificates is too long');
    else on.opened();
  });
}

export const connect = ({ host, port }: UpstreamTarget): net.Socket => net.connect({ host, port, noDelay: true });

const connectInto = (
  memory: ReadMemory,
  { host, port }: UpstreamTarget,
  read: (bytes: Buffer, size: number) => boolean,
): net.Socket =>
  net.connect({
    host,
    port,
    noDelay: true,
    onread: {
      // `undefined` means the same memory again, which the types do not know.
      buffer: () => memory.next() as Buffer,
      callback: (size: number) => read(memory.bytes, size),
    },
  });

export function connectTls(
  target: UpstreamTarget,
  options: UpstreamTls,
  protocol: 'http/1.1' | 'h2' | 'any' = 'http/1.1',
): tls.TLSSocket {
  const { servername, alsoNamed, rejectUnauthorized, secureContext } = options;
  return tls
    .connect({
      host: target.host,
      port: target.port,
      rejectUnauthorized,
      ...(protocol !== 'any' && { ALPNProtocols: [protocol] }),
      // An address is no server name (RFC 6066).
      ...(servername !== undefined && net.isIP(servername) === 0 && { servername }),
      ...(servername !== undefined && {
        checkServerIdentity: (_host: string, certificate: tls.PeerCertificate) =>
          checkUpstreamIdentity(servername, alsoNamed, certificate),
      }),
      ...(secureContext && { secureContext }),
    })
    .setNoDelay(true);
}

/** The chain was verified but is longer than it may be. */
export function isChainTooLong(socket: tls.TLSSocket, { rejectUnauthorized, verifyDepth }: UpstreamTls): boolean {
  if (!rejectUnauthorized || verifyDepth === undefined) return false;
  let intermediates = 0;
  let certificate = socket.getPeerX509Certificate()?.issuerCertificate;
  // One that signed itself is the authority. Upstreams need not send it.
  for (; certificate !== undefined && certificate.issuer !== certificate.subject; intermediates++) {
    if (intermediates > verifyDepth) break;
    certificate = certificate.issuerCertificate;
  }
  return intermediates > verifyDepth;
}

/** A head with a whole body as one text; undefined above 8 KiB. */
export function smallMessage(head: string, body: Uint8Array | undefined): string | undefined {
  if (body === undefined || body.length === 0) return head;
  return body.length <= SMALL ? head + latin1Of(body) : undefined;
}

/** A head with a large body, or with none yet: one gathered write. */
export function writeMessage(socket: net.Socket, head: string, body: Uint8Array | undefined): void {
  socket.cork();
  socket.write(head, 'latin1');
  if (body !== undefined) socket.write(body);
  socket.uncork();
}

export function writeChunk(socket: net.Socket, chunk: Uint8Array): void {
  const size = `${chunk.length.toString(16)}\r\n`;
  if (chunk.length <= SMALL) {
    socket.write(`${size}${latin1Of(chunk)}\r\n`, 'latin1');
    return;
  }
  socket.cork();
  socket.write(size, 'latin1');
  socket.write(chunk);
  socket.write('\r\n', 'latin1');
  socket.uncork();
}
