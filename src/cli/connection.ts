// Which Admin API to talk to, and as whom. The flags come here complete: settings.ts has already filled in what the
// environment and config files say.
import { readFileSync } from 'node:fs';
import type { Connection } from '../control/remote/client.ts';
import { GwctlError } from '../lib/errors.ts';
import { readCookies } from './cookie-jar.ts';

/** The values of the global flags. */
export interface ConnectionFlags {
  readonly 'kong-addr'?: string | undefined;
  readonly headers?: readonly string[] | undefined;
  readonly 'kong-admin-token'?: string | undefined;
  readonly 'tls-skip-verify'?: boolean | undefined;
  readonly 'tls-server-name'?: string | undefined;
  readonly 'ca-cert'?: string | undefined;
  readonly 'ca-cert-file'?: string | undefined;
  readonly 'tls-client-cert'?: string | undefined;
  readonly 'tls-client-cert-file'?: string | undefined;
  readonly 'tls-client-key'?: string | undefined;
  readonly 'tls-client-key-file'?: string | undefined;
  readonly timeout?: number | undefined;
  readonly workspace?: string | undefined;
  readonly 'kong-cookie-jar-path'?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_ADDRESS = 'http://localhost:8001';
const DEFAULT_TIMEOUT_S = 10;

/** `kong-addr` → GWCTL_KONG_ADDR, else DECK_KONG_ADDR, whichever is set. */
export function variableOf(env: Environment, flag: string): string | undefined {
  const name = flag.toUpperCase().replaceAll(/[.-]/g, '_');
  return [`GWCTL_${name}`, `DECK_${name}`].find((variable) => env[variable] !== undefined);
}

export function readVariable(env: Environment, flag: string): string | undefined {
  const variable = variableOf(env, flag);
  return variable === undefined ? undefined : env[variable];
}

export function createConnection(flags: ConnectionFlags): Connection {
  const text = (flag: keyof ConnectionFlags & string): string | undefined => {
    const value = flags[flag];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const fileOr = (inline: keyof ConnectionFlags & string, file: keyof ConnectionFlags & string): string | undefined => {
    const path = text(file);
    return text(inline) ?? (path === undefined ? undefined : readPem(file, path));
  };
  const ca = fileOr('ca-cert', 'ca-cert-file');
  const cert = fileOr('tls-client-cert', 'tls-client-cert-file');
  const key = fileOr('tls-client-key', 'tls-client-key-file');
  if ((cert === undefined) !== (key === undefined)) {
    throw new GwctlError('E_USAGE', 'a client certificate needs its key, and a key its certificate', {
      hint: 'Pass --tls-client-cert-file and --tls-client-key-file together.',
    });
  }
  const servername = text('tls-server-name');
  const address = checkAddress(text('kong-addr') ?? DEFAULT_ADDRESS);
  const jar = text('kong-cookie-jar-path');
  const cookies = jar === undefined ? undefined : readCookies(jar, address, Date.now());
  return {
    address,
    workspace: text('workspace'),
    headers: {
      ...createHeaders((flags.headers ?? []).flatMap(splitHeaders), text('kong-admin-token')),
      ...(cookies === undefined ? {} : { cookie: cookies }),
    },
    timeoutMs: (flags.timeout ?? DEFAULT_TIMEOUT_S) * 1000,
    tls: {
      ...(flags['tls-skip-verify'] === true ? { rejectUnauthorized: false } : {}),
      ...(servername === undefined ? {} : { servername }),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  };
}

function checkAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new GwctlError('E_USAGE', `'${text}' is no address of an Admin API`, {
      hint: `Write it like ${DEFAULT_ADDRESS}.`,
    });
  }
  return text.replace(/\/+$/, '');
}

/** A comma separates headers where what follows looks like the next `name:`. */
const splitHeaders = (text: string): string[] => text.split(/,(?=\s*[A-Za-z0-9-]+:)/);

function createHeaders(list: readonly string[], token: string | undefined): Record<string, string> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const item of list) {
    const colon = item.indexOf(':');
    const name = item.slice(0, colon).trim().toLowerCase();
    // The value may be a credential: the message does not repeat it.
    if (colon < 1 || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
      throw new GwctlError('E_USAGE', 'a header is written name:value', {
        hint: 'Example: --headers "x-team:payments"',
      });
    }
    headers[name] = item.slice(colon + 1).trim();
  }
  if (token !== undefined) headers['kong-admin-token'] = token;
  return headers;
}

function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new GwctlError('E_FILE_READ', `cannot read ${path} (--${flag}): ${(error as Error).message}`, {
      cause: error,
    });
  }
}
