// The options of the TLS side of a listener. Certificates are looked up when a client names a server, in the configuration
// that is current then: nothing has to be told to a listener when they change.
import type * as tls from 'node:tls';
import type { ServerContexts } from './server-contexts.ts';
import type { CertificateIndex } from './server-names.ts';

export function serverTlsOptions(
  contexts: ServerContexts,
  find: CertificateIndex,
  speaksHttp2: boolean,
): tls.TlsOptions {
  return {
    ...contexts.options(),
    ALPNProtocols: speaksHttp2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    SNICallback(serverName, done) {
      const certificate = find(serverName);
      // Without a context of its own the name is answered for by the default certificate.
      done(null, certificate === undefined ? undefined : contexts.of(certificate));
    },
  };
}
