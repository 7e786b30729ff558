// Which Admin API to talk to, and as whom: flags first, then GWCTL_* and DECK_* variables, then defaults. One table, so
// that flags, variables and documentation cannot drift apart.
import { readFileSync } from 'node:fs';
import type { Connection } from '../control/remote/client.ts';
import { GwctlError } from '../lib/errors.ts';

/** The values of the global flags as parsed; absent ones come from the environment. */
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
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_ADDRESS = 'http://localhost:8001';
const DEFAULT_TIMEOUT_S = 10;

/** `kong-addr` → the value of GWCTL_KONG_ADDR, else of DECK_KONG_ADDR. */
export function readVariable(env: Environment, flag: string): string | undefined {
  const name = flag.toUpperCase().replaceAll(/[.-]/g, '_');
  return env[`GWCTL_${name}`] ?? env[`DECK_${name}`];
}

export function createConnection(flags: ConnectionFlags, env: Environment): Connection {
  const text = (flag: keyof ConnectionFlags & string): string | undefined => {
    const value = flags[flag];
    const found = typeof value === 'string' ? value : readVariable(env, flag);
    return found === '' ? undefined : found;
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
  const skipVerify = flags['tls-skip-verify'] ?? isTrue(readVariable(env, 'tls-skip-verify'));
  return {
    address: checkAddress(text('kong-addr') ?? DEFAULT_ADDRESS),
    workspace: text('workspace'),
    headers: createHeaders(flags.headers ?? splitHeaders(readVariable(env, 'headers')), text('kong-admin-token')),
    timeoutMs: readTimeout(flags.timeout, env) * 1000,
    tls: {
      ...(skipVerify ? { rejectUnauthorized: false } : {}),
      ...(servername === undefined ? {} : { servername }),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  };
}

const isTrue = (text: string | undefined): boolean =>
  text !== undefined && ['1', 'true', 'yes', 'on'].includes(text.toLowerCase());

function checkAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new GwctlError('E_USAGE', `'${text}' is no address of an Admin API`, {
      hint: `Write it like ${DEFAULT_ADDRESS}.`,
    });
  }
  return text.replace(/\/+$/, '');
}

/** A blank or a comma separates headers in a variable, as long as what follows looks like the next `name:`. */
const splitHeaders = (text: string | undefined): string[] =>
  text === undefined || text === '' ? [] : text.split(/[,\s]+(?=[A-Za-z0-9-]+:)/);

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

function readTimeout(flag: number | undefined, env: Environment): number {
  const text = readVariable(env, 'timeout');
  const seconds = flag ?? (text === undefined ? DEFAULT_TIMEOUT_S : Number(text));
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new GwctlError('E_USAGE', `'${String(text ?? flag)}' is no number of seconds for --timeout`);
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
