// The database that flags and properties name, for every command that opens one.
import * as Flags from '@oclif/core/flags';
import type { Config } from '../config/load.ts';
import { GwctlError } from '../lib/errors.ts';
import type { LastingPlace } from '../store/administer.ts';
import type { PostgresAddress } from '../store/postgres/address.ts';

export const databaseFlag = {
  data: Flags.string({
    helpValue: 'DIR',
    description: 'directory of the SQLite file that keeps the configuration; made when it is missing',
  }),
  database: Flags.string({
    helpValue: 'URL',
    description: 'postgres://USER@HOST:PORT/DATABASE, shared by several nodes; see KONG_PG_* for the parts',
  }),
};

export type Place = { readonly kind: 'memory' | 'declarative' } | LastingPlace;

export function choosePlace(config: Config, data: string | undefined): Place {
  if (data === undefined) {
    if (config.database === 'postgres') return { kind: 'postgres', address: addressOf(config) };
    return { kind: config.database === 'off' ? 'declarative' : 'memory' };
  }
  if (config.database === null) return { kind: 'sqlite', directory: data };
  const other = config.database === 'off' ? 'database off' : 'a PostgreSQL database';
  throw new GwctlError('E_USAGE', `--data and ${other} exclude each other`, {
    hint: 'Choose one place for the configuration (flags, KONG_DATABASE).',
  });
}

function addressOf(config: Config): PostgresAddress {
  return {
    host: config.pg_host,
    port: config.pg_port,
    user: config.pg_user,
    password: config.pg_password ?? undefined,
    database: config.pg_database,
    schema: config.pg_schema ?? undefined,
    tls: !config.pg_ssl ? 'off' : config.pg_ssl_verify ? 'verified' : 'unverified',
    timeoutMs: config.pg_timeout,
  };
}

/** For commands that look after a database: where it is, or how to say it. */
export async function chooseLastingPlace(flags: {
  readonly data?: string | undefined;
  readonly database?: string | undefined;
}): Promise<LastingPlace> {
  const { loadConfig } = await import('../config/load.ts');
  const { databaseFlags } = await import('../config/database.ts');
  const place = choosePlace(loadConfig(databaseFlags(flags.database), process.env), flags.data);
  if (place.kind === 'sqlite' || place.kind === 'postgres') return place;
  throw new GwctlError('E_USAGE', 'no database is named', {
    hint: 'Name one with --data DIR or --database postgres://…, or set KONG_DATABASE and KONG_PG_*.',
  });
}
