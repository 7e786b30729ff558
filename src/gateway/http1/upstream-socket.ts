// The plain doings with an upstream's socket: opening it, and writing messages with as few system calls as can be.
import * as net from 'node:net';
import * as tls from 'node:tls';
import { checkUpstreamIdentity } from '../tls/upstream-identity.ts';
import { latin1Of } from './latin1.ts';
import type { ReadMemory } from './read-memory.ts';
import type { UpstreamTarget, UpstreamTls } from './upstream.ts';

const SMALL = 8_192;

export const connect = ({ host, port }: UpstreamTarget): net.Socket => net.connect({ host, port, noDelay: true });

/** @param read is given what came; the bytes may be overwritten once it returns. It answers whether to go on reading. */
export const connectInto = (
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

/** A head with a whole body: one write up to 8 KiB, one gathered write above. */
export function writeMessage(socket: net.Socket, head: string, body: Uint8Array | undefined): void {
  if (body === undefined || body.length === 0) socket.write(head, 'latin1');
  else if (body.length <= SMALL) socket.write(head + latin1Of(body), 'latin1');
  else {
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
  }
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
