// Which database the properties name: what --database says becomes the properties that KONG_* variables set as well. A URL
// holds a password, so no message here repeats it.
import { GwctlError } from '../lib/errors.ts';

export type DatabaseFlags = Readonly<Record<string, string | undefined>>;

const HINT = 'Write --database postgres://USER:PASSWORD@HOST:PORT/DATABASE, or leave the password to KONG_PG_PASSWORD.';
const TLS: Readonly<Record<string, readonly [ssl: string, verify: string]>> = {
  disable: ['off', 'off'],
  prefer: ['on', 'off'],
  require: ['on', 'off'],
  'verify-ca': ['on', 'on'],
  'verify-full': ['on', 'on'],
};

/** @param text of the flag: `off`, `postgres`, or a URL. */
export function databaseFlags(text: string | undefined): DatabaseFlags {
  if (text === undefined) return {};
  if (text === 'off' || text === 'postgres') return { database: text };
  const refuse = (problem: string): GwctlError => new GwctlError('E_CONFIG', `--database: ${problem}`, { hint: HINT });
  if (!/^postgres(ql)?:\/\//.test(text)) throw refuse('neither off nor postgres nor a postgres:// address');
  if (!URL.canParse(text)) throw refuse('this is no address');
  const url = new URL(text);
  const host = decode(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  const name = decode(url.pathname.slice(1));
  if (name.includes('/')) throw refuse('the name of the database holds a slash');
  const flags: Record<string, string | undefined> = {
    database: 'postgres',
    pg_host: host === '' ? undefined : host,
    pg_port: url.port === '' ? undefined : url.port,
    pg_user: url.username === '' ? undefined : decode(url.username),
    pg_password: url.password === '' ? undefined : decode(url.password),
    pg_database: name === '' ? undefined : name,
  };
  for (const [key, value] of url.searchParams) {
    if (key === 'host') flags['pg_host'] = value;
    else if (key === 'schema') flags['pg_schema'] = value;
    else if (key === 'sslmode' && TLS[value] !== undefined) [flags['pg_ssl'], flags['pg_ssl_verify']] = TLS[value];
    else throw refuse(key === 'sslmode' ? `unknown sslmode '${value}'` : `unknown parameter '${key}'`);
  }
  return flags;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that escapes nothing stands for itself.
    return text;
  }
}
