// What handshakes with clients need: for each certificate, and each request for the client's, a TLS server that does not
// listen but takes sockets, made once for as long as its entity lives, and the settings that all of them share. Each has its
// own ticket keys: a session begun under one certificate is not taken up again under another.
import { constants, createHash, hkdfSync } from 'node:crypto';
import * as tls from 'node:tls';
import type { Entity } from '../../schema/define.ts';
import type { ClientAsk } from './client-certificates.ts';

/** As the runtime wants them. */
const TICKET_KEY_BYTES = 48;

/** One key pair, or two of different key types; PEM. */
export interface CertificatePairs {
  readonly cert: readonly string[];
  readonly key: readonly string[];
}

export interface ServerTls {
  /** For clients that name no server, or none that is known. */
  readonly certificate: CertificatePairs;
  readonly minVersion: tls.SecureVersion;
  readonly maxVersion: tls.SecureVersion;
  /** OpenSSL's list, the suites of TLS 1.3 included. */
  readonly ciphers: string;
  readonly preferServerCiphers: boolean;
  readonly sessionTickets: boolean;
  readonly sessionTimeoutSeconds: number;
  /** Shared by processes that are to take up each other's sessions. */
  readonly ticketSecret?: string | undefined;
}

export interface HandshakeEvents {
  /** @param ask what the client was asked to show. */
  onSecured(socket: tls.TLSSocket, ask: ClientAsk | undefined): void;
  onFailed(error: Error): void;
  /** A stored certificate cannot be used. */
  onUnusable(message: string): void;
}

export interface HandshakeOptions {
  readonly settings: ServerTls;
  readonly protocols: readonly string[];
  readonly timeoutMs: number;
  readonly events: HandshakeEvents;
}

export class Handshakes {
  readonly #options: HandshakeOptions;
  readonly #default: tls.Server;
  readonly #known = new WeakMap<ClientAsk | typeof NOTHING, WeakMap<Entity | typeof NOTHING, tls.Server>>();

  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.#default = this.#make(options.settings.certificate, undefined);
  }

  /** The server to emit 'connection' on. A certificate that OpenSSL does not take is stood in for by the default one. */
  serverFor(certificate: Entity | undefined, ask?: ClientAsk): tls.Server {
    if (certificate === undefined && ask === undefined) return this.#default;
    let servers = this.#known.get(ask ?? NOTHING);
    if (servers === undefined) {
      servers = new WeakMap();
      this.#known.set(ask ?? NOTHING, servers);
    }
    let server = servers.get(certificate ?? NOTHING);
    if (server === undefined) {
      server =
        certificate === undefined
          ? this.#make(this.#options.settings.certificate, ask)
          : (this.#tryToMake(certificate, ask) ?? this.serverFor(undefined, ask));
      servers.set(certificate ?? NOTHING, server);
    }
    return server;
  }

  #tryToMake(certificate: Entity, ask: ClientAsk | undefined): tls.Server | undefined {
    try {
      return this.#make(pairsOf(certificate), ask);
    } catch (error) {
      this.#options.events.onUnusable(`certificate ${certificate.id} cannot be used: ${(error as Error).message}`);
      return undefined;
    }
  }

  #make({ cert, key }: CertificatePairs, ask: ClientAsk | undefined): tls.Server {
    const { settings, protocols, timeoutMs, events } = this.#options;
    const server = tls.createServer({
      cert: [...cert],
      key: [...key],
      minVersion: settings.minVersion,
      maxVersion: settings.maxVersion,
      ciphers: settings.ciphers,
      honorCipherOrder: settings.preferServerCiphers,
      sessionTimeout: settings.sessionTimeoutSeconds,
      sessionIdContext: ask === undefined ? NO_CLIENT_AUTHORITIES : contextOf(ask.key),
      ...(ask !== undefined && { requestCert: true, rejectUnauthorized: false, ca: [...ask.told] }),
      // A session that is taken up again has lost the client's chain.
      ...(settings.sessionTickets && ask === undefined ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
      ...(settings.ticketSecret !== undefined && { ticketKeys: ticketKeys(settings.ticketSecret, cert) }),
      ALPNProtocols: [...protocols],
      handshakeTimeout: timeoutMs,
      allowHalfOpen: true,
    });
    server.on('secureConnection', (socket) => events.onSecured(socket, ask));
    server.on('tlsClientError', (error, socket) => {
      events.onFailed(error);
      socket.destroy();
    });
    return server;
  }
}

/** A session may only be taken up again where the same authorities vouch for clients. */
const contextOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
const NO_CLIENT_AUTHORITIES = contextOf('no client certificates');

/** Different for every certificate, the same in every process. */
const ticketKeys = (secret: string, certificates: readonly string[]): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', contextOf(certificates.join('\n')), TICKET_KEY_BYTES));

/** In the place of what is not there. */
const NOTHING = {};

export function pairsOf(certificate: Entity): CertificatePairs {
  const texts = (...names: readonly string[]): string[] =>
    names.map((name) => certificate[name]).filter((value): value is string => typeof value === 'string');
  return { cert: texts('cert', 'cert_alt'), key: texts('key', 'key_alt') };
}
