// Where a PostgreSQL database is and how to log in. Only showAddress may reach messages and logs: it knows no credentials.

export interface PostgresAddress {
  /** A host name, an address, or the directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  /** Of the tables; undefined for the first one of the server's search path. */
  readonly schema: string | undefined;
  /** `unverified` encrypts, and believes any certificate. */
  readonly tls: 'off' | 'unverified' | 'verified';
  /** Limit for connecting. */
  readonly timeoutMs: number;
}

export function showAddress({ host, port, database }: PostgresAddress): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `PostgreSQL at ${shown}:${port}/${database}`;
}

/** What went wrong, without the credentials that a driver or a server may repeat. */
export function describeFailure(address: PostgresAddress, error: unknown): string {
  const parts = error instanceof AggregateError ? error.errors : [error];
  const text = parts.map((part) => (part instanceof Error ? part.message : String(part))).join('; ');
  const secret = address.password ?? '';
  return secret === '' ? text : text.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***');
}
