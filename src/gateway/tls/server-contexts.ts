// What handshakes with clients need: certificates made ready, each once for as long as its entity lives, and the settings
// that all of them share.
import { constants, createHash } from 'node:crypto';
import * as tls from 'node:tls';
import type { Entity } from '../../schema/define.ts';

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
}

export class ServerContexts {
  readonly #settings: ServerTls;
  readonly #report: (message: string) => void;
  readonly #known = new WeakMap<Entity, tls.SecureContext | null>();

  constructor(settings: ServerTls, report: (message: string) => void) {
    this.#settings = settings;
    this.#report = report;
  }

  /** For `tls.createServer`, with the default certificate. */
  options(): tls.SecureContextOptions {
    return this.#optionsFor(this.#settings.certificate);
  }

  /** Undefined, after a report, for a certificate that OpenSSL does not take: the default one answers then. */
  of(certificate: Entity): tls.SecureContext | undefined {
    const known = this.#known.get(certificate);
    if (known !== undefined) return known ?? undefined;
    const made = this.#make(certificate);
    this.#known.set(certificate, made ?? null);
    return made;
  }

  #make(certificate: Entity): tls.SecureContext | undefined {
    try {
      return tls.createSecureContext(this.#optionsFor(pairsOf(certificate)));
    } catch (error) {
      this.#report(`certificate ${certificate.id} cannot be used: ${(error as Error).message}`);
      return undefined;
    }
  }

  #optionsFor({ cert, key }: CertificatePairs): tls.SecureContextOptions {
    const { minVersion, maxVersion, ciphers, preferServerCiphers, sessionTickets, sessionTimeoutSeconds } =
      this.#settings;
    return {
      cert: [...cert],
      key: [...key],
      minVersion,
      maxVersion,
      ciphers,
      honorCipherOrder: preferServerCiphers,
      sessionTimeout: sessionTimeoutSeconds,
      sessionIdContext: NO_CLIENT_AUTHORITIES,
      ...(sessionTickets ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
    };
  }
}

/** A session may only be taken up again where the same authorities vouch for clients; here none do. */
const NO_CLIENT_AUTHORITIES = createHash('sha256').update('no client certificates').digest('hex').slice(0, 32);

export function pairsOf(certificate: Entity): CertificatePairs {
  const texts = (...names: readonly string[]): string[] =>
    names.map((name) => certificate[name]).filter((value): value is string => typeof value === 'string');
  return { cert: texts('cert', 'cert_alt'), key: texts('key', 'key_alt') };
}
