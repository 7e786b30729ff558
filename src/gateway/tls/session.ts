// What a finished handshake agreed on, as log records show it.
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

export interface TlsSession {
  /** As OpenSSL names it: TLSv1.3 … */
  readonly version: string;
  readonly cipher: string;
}

/** Asked while the connection is open: afterwards nobody knows. Undefined for one that is not encrypted. */
export function tlsSessionOf(socket: Socket | TLSSocket): TlsSession | undefined {
  if (!('encrypted' in socket) || socket.encrypted !== true) return undefined;
  return { version: socket.getProtocol() ?? '', cipher: socket.getCipher()?.name ?? '' };
}
