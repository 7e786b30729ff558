// The TLS side of `serve`: what its listeners need, put together from properties, and the front of an HTTP server that
// answers over TLS.
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as tls from 'node:tls';
import { listenAdmin } from '../../admin/server.ts';
import type { ListenAddress } from '../../config/listen.ts';
import type { Config } from '../../config/load.ts';
import { readTlsSettings, type TlsSettings } from '../../config/tls.ts';
import { GwctlError } from '../../lib/errors.ts';
import { type CertificatePairs, defaultPairs, readPairs, readPem } from './certificates.ts';

const HANDSHAKE_MS = 10_000;

export interface ServeTls {
  readonly settings: TlsSettings;
  /** The same in all processes of this run, so that a session begun with one goes on with another. */
  readonly ticketSecret: string;
  /** Undefined where no listener has `ssl`. */
  readonly proxy: CertificatePairs | undefined;
  readonly admin: CertificatePairs | undefined;
  readonly status: CertificatePairs | undefined;
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** PEM of the authorities whose certificates clients of the Admin API must show. */
  readonly adminClients: readonly string[] | undefined;
  /** PEM of authorities; undefined for those of the system. */
  readonly trusted: readonly string[] | undefined;
}

export interface Listens {
  readonly proxy: readonly ListenAddress[];
  readonly admin: readonly ListenAddress[];
  readonly status: readonly ListenAddress[];
}

/** @param directory where a certificate made here is kept, if anywhere. */
export function readServeTls(config: Config, listens: Listens, directory: string | undefined): ServeTls {
  let made: CertificatePairs | undefined;
  const pairsFor = (
    property: string,
    addresses: readonly ListenAddress[],
    certificates: readonly string[],
    keys: readonly string[],
  ): CertificatePairs | undefined => {
    const named = readPairs(property, certificates, keys);
    if (!addresses.some(({ ssl }) => ssl)) return undefined;
    return named ?? (made ??= defaultPairs(directory, Date.now()));
  };
  return {
    settings: readTlsSettings(config),
    ticketSecret: randomBytes(32).toString('hex'),
    proxy: pairsFor('ssl_cert', listens.proxy, config.ssl_cert, config.ssl_cert_key),
    admin: pairsFor('admin_ssl_cert', listens.admin, config.admin_ssl_cert, config.admin_ssl_cert_key),
    status: pairsFor('status_ssl_cert', listens.status, config.status_ssl_cert, config.status_ssl_cert_key),
    client: readClient(config),
    adminClients: readAuthorities('admin_ssl_client_ca', config.admin_ssl_client_ca),
    trusted: readTrusted(config.lua_ssl_trusted_certificate),
  };
}

function readClient(config: Config): ServeTls['client'] {
  if (!config.client_ssl) return undefined;
  const certificates = config.client_ssl_cert === null ? [] : [config.client_ssl_cert];
  const keys = config.client_ssl_cert_key === null ? [] : [config.client_ssl_cert_key];
  const pairs = readPairs('client_ssl_cert', certificates, keys);
  if (pairs === undefined) {
    throw new GwctlError('E_CONFIG', 'client_ssl: client_ssl_cert and client_ssl_cert_key are needed', {
      hint: 'Name both, or leave client_ssl off.',
    });
  }
  return { cert: pairs.cert[0]!, key: pairs.key[0]! };
}

const readAuthorities = (property: string, values: readonly string[]): readonly string[] | undefined =>
  values.length === 0 ? undefined : values.map((value) => readPem(property, value));

function readTrusted(values: readonly string[]): readonly string[] | undefined {
  if (values.length === 0 || (values.length === 1 && values[0] === 'system')) return undefined;
  return values.flatMap((value) =>
    value === 'system' ? tls.rootCertificates : [readPem('lua_ssl_trusted_certificate', value)],
  );
}

/** An HTTP server that listens, in clear text or behind TLS. */
export interface Listening {
  readonly server: Server;
  readonly address: AddressInfo;
  readonly ssl: boolean;
  /** Accepts nothing more. */
  close(): void;
}

export interface ListenSecurity {
  readonly pairs: CertificatePairs | undefined;
  readonly settings: TlsSettings;
  /** Who has no certificate of one of these is not let in. */
  readonly clients?: readonly string[] | undefined;
}

export async function listenOn(
  server: Server,
  listen: ListenAddress,
  what: string,
  { pairs, settings, clients }: ListenSecurity,
): Promise<Listening> {
  const { host, port, ssl } = listen;
  const close = (): void => {
    server.close();
    server.closeIdleConnections();
  };
  if (!ssl || pairs === undefined) {
    await listenAdmin(server, host, port, what);
    return { server, address: server.address() as AddressInfo, ssl: false, close };
  }
  const front = createFront(server, pairs, settings, clients);
  await new Promise<void>((resolve, reject) => {
    front.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'the address is in use' : error.message;
      reject(new GwctlError('E_LISTEN', `cannot listen on ${host}:${port} for ${what}: ${reason}`, { cause: error }));
    });
    front.listen(port, host, resolve);
  });
  const closeBoth = (): void => {
    front.close();
    close();
  };
  return { server, address: front.address() as AddressInfo, ssl: true, close: closeBoth };
}

/** Does the handshakes; the connections are the HTTP server's. */
function createFront(
  server: Server,
  { cert, key }: CertificatePairs,
  settings: TlsSettings,
  clients: readonly string[] | undefined,
): tls.Server {
  const { minVersion, maxVersion, ciphers, preferServerCiphers } = settings;
  const front = tls.createServer({
    cert: [...cert],
    key: [...key],
    minVersion,
    maxVersion,
    ciphers,
    honorCipherOrder: preferServerCiphers,
    handshakeTimeout: HANDSHAKE_MS,
    ...(clients !== undefined && { ca: [...clients], requestCert: true, rejectUnauthorized: true }),
    ALPNProtocols: ['http/1.1'],
  });
  front.on('secureConnection', (socket) => server.emit('connection', socket));
  front.on('tlsClientError', (_error, socket) => socket.destroy());
  return front;
}
