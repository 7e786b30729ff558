// Key pairs for tests of TLS, and a client that shows what a handshake led to.
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import type { ListenOn } from '../../src/gateway/listen/listener.ts';
import type { ServerTls } from '../../src/gateway/tls/handshakes.ts';

export const pem = (folder: 'schema' | 'tls', name: string): string =>
  readFileSync(new URL(`../../fixtures/${folder}/${name}.pem`, import.meta.url), 'utf8');

export const pair = (name: string) => ({ cert: pem('schema', `cert-${name}`), key: pem('schema', `key-${name}`) });

const suites =
  'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384';

/** The certificate of clients that name nobody is `upstream.test`. */
export const serverTls: ServerTls = {
  certificate: { cert: [pem('tls', 'upstream')], key: [pem('tls', 'upstream.key')] },
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: suites,
  preferServerCiphers: true,
  sessionTickets: true,
  sessionTimeoutSeconds: 3600,
};

export const onTls: ListenOn = { host: '127.0.0.1', port: 0, ssl: true };

export interface Handshake {
  /** Common name of the certificate. */
  readonly name: string;
  readonly protocol: string | null;
  readonly alpn: string | false | null;
  readonly resumed: boolean;
}

export async function handshake(port: number, options: tls.ConnectionOptions = {}): Promise<Handshake> {
  const socket = await connectTls(port, options);
  const subject = socket.getPeerCertificate().subject as { CN?: string } | undefined;
  const result = {
    name: subject?.CN ?? '',
    protocol: socket.getProtocol(),
    alpn: socket.alpnProtocol,
    resumed: socket.isSessionReused(),
  };
  socket.destroy();
  return result;
}

export function connectTls(port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () =>
      resolve(socket),
    );
    socket.on('error', reject);
  });
}

/** Sends a text, answers everything that came until the other side closed. */
export function exchangeText(socket: NodeJS.ReadWriteStream, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    socket.on('data', (chunk) => (received += String(chunk)));
    socket.on('error', () => resolve(received));
    socket.on('close', () => resolve(received));
    socket.write(text);
  });
}
