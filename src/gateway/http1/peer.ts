// Who is at the other end of a client connection, of whatever version of HTTP: known when it is accepted, and the same to its end.
import type * as net from 'node:net';
import { plainAddress } from '../../lib/address.ts';
import type { ClientCertificate } from '../../pdk/index.ts';
import type { ConnectionNotes } from '../exchange.ts';
import type { TlsSession } from '../tls/session.ts';
import { Expiring } from './deadlines.ts';
import type { ConnectionInfo } from './server.ts';

export abstract class Peer extends Expiring {
  readonly encrypted: boolean;
  readonly tlsSession: TlsSession | undefined;
  readonly serverName: string | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  readonly announcedAddress: string | undefined;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly notes: ConnectionNotes = { host: '', callerLines: undefined, logged: undefined };

  constructor(socket: net.Socket, info: ConnectionInfo, tlsSession: TlsSession | undefined) {
    super();
    this.tlsSession = tlsSession;
    this.encrypted = tlsSession !== undefined;
    this.serverName = info.serverName;
    this.clientCertificate = info.clientCertificate;
    this.announcedAddress = info.announcedAddress;
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.localPort = socket.localPort ?? 0;
  }
}
