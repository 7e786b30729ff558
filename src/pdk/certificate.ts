// What a plugin sees of a TLS handshake: no request yet, only who calls, where, and by which name.

/** PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/**
 * Return nothing to go on, a pair to answer with in place of the gateway's own choice, or `refuse` to end the handshake. What
 * the first plugin returns counts.
 */
export type CertificateStep =
  | CertificatePair
  | 'refuse'
  | undefined
  | void
  // biome-ignore lint/suspicious/noConfusingVoidType: the same
  | Promise<CertificatePair | 'refuse' | undefined | void>;

export interface CertificateExchange {
  readonly client: {
    /** Of the connection. */
    readonly peerIp: string;
    readonly port: number;
  };
  readonly connection: {
    /** That the client asks for, in small letters. */
    readonly serverName: string | undefined;
    readonly localAddress: string;
    readonly localPort: number;
    /** Milliseconds since the epoch. */
    readonly startedAt: number;
  };
  /** Id of the stored certificate that answers if no plugin gives another; undefined for the default one. */
  readonly certificateId: string | undefined;
}
