// ldap-auth at work: a simple bind says whether a password is right. Verdicts are kept for a while, and callers who ask for
// the same one at the same time wait for one bind.
import { isUtf8 } from 'node:buffer';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { bytesToUtf8 } from '../../lib/byte-text.ts';
import {
  type AccessExchange,
  type Answer,
  challenge,
  type Environment,
  error,
  type Phases,
  type PluginConfig,
  type Step,
  withAnonymous,
} from '../../pdk/index.ts';
import { parseBasicCredentials } from '../shared/basic-credentials.ts';
import type { LdapServer } from './connection.ts';
import { userName } from './distinguished-name.ts';
import { LdapPool } from './pool.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

interface Login {
  readonly user: string;
  readonly password: string;
}

interface Verdict {
  readonly isRight: boolean;
}

/** Of an entry in the cache: the key, the verdict and what a map needs. */
const ENTRY_BYTES = 256;
/** Results that tell something of the user: success, no such object, invalid name, invalid credentials. */
const VERDICTS: ReadonlySet<number> = new Set([0, 32, 34, 49]);
const HEADERS = ['proxy-authorization', 'authorization'] as const;

export function create(config: Config, environment: Environment): Phases {
  const { log } = environment;
  const scheme = config.header_type ?? 'ldap';
  const passwords = openPasswords(config, environment);
  const refusal = error(401, undefined, {
    'WWW-Authenticate': challenge(scheme === 'ldap' ? 'LDAP' : scheme, config.realm),
  });

  const sentIn = ({ request }: AccessExchange): Login[] =>
    HEADERS.map((name) => request.header(name))
      .filter((header) => header !== undefined)
      .map((header) => parseBasicCredentials(header, scheme))
      .filter((sent) => sent !== undefined && sent.password !== '' && isUtf8(Buffer.from(sent.password, 'latin1')))
      .map((sent) => ({ user: sent!.user, password: bytesToUtf8(sent!.password) }));

  async function verify(exchange: AccessExchange, candidates: readonly Login[]): Promise<Answer | undefined> {
    const { client, upstream, request } = exchange;
    try {
      for (const { user, password } of candidates) {
        if (!(await passwords.areRight(user, password))) continue;
        if (config.hide_credentials) for (const name of HEADERS) upstream.removeHeader(name);
        client.authenticate(undefined, { id: passwords.idOf(user), username: user }, user);
        return undefined;
      }
      return refusal;
    } catch (failure) {
      log.error('the LDAP server cannot be asked', { error: String(failure), request_id: request.id });
      return error(500);
    }
  }

  function authenticate(exchange: AccessExchange): Step {
    const candidates = sentIn(exchange);
    return candidates.length === 0 ? refusal : verify(exchange, candidates);
  }

  return {
    access: withAnonymous(authenticate, config.anonymous, environment),
    close: () => passwords.close(),
  };
}

function openPasswords(config: Config, environment: Environment) {
  const { log, openCache, network } = environment;
  const { base_dn, attribute, cache_ttl } = config;
  const server: LdapServer = {
    host: config.ldap_host,
    port: config.ldap_port,
    tls: config.ldaps ? 'from-start' : config.start_tls ? 'start-tls' : 'none',
    verify: config.verify_ldap_host,
    timeoutMs: config.timeout ?? 10_000,
    lookup: network.lookup,
  };
  const pool = new LdapPool(server, config.keepalive ?? 60_000);
  const cache = openCache<Verdict>('ldap-auth');
  const underway = new Map<string, Promise<boolean>>();
  // Passwords are in the keys: with a key of our own they cannot be guessed from them.
  const cacheKey = randomBytes(32);

  const keyOf = (user: string, password: string): string =>
    createHmac('sha256', cacheKey)
      .update(JSON.stringify([user]))
      .update(password)
      .digest('base64');

  async function ask(key: string, user: string, password: string): Promise<boolean> {
    const { code } = await pool.bind(userName(attribute, user, base_dn), password);
    const isRight = code === 0;
    if (!VERDICTS.has(code)) log.warn('the LDAP server refused a bind, not for the password', { code });
    else if (cache_ttl > 0) cache.set(key, { isRight }, { bytes: ENTRY_BYTES, ttlSeconds: cache_ttl });
    return isRight;
  }

  function askOnce(key: string, user: string, password: string): Promise<boolean> {
    const asked = ask(key, user, password).finally(() => underway.delete(key));
    underway.set(key, asked);
    return asked;
  }

  return {
    areRight(user: string, password: string): boolean | Promise<boolean> {
      const key = keyOf(user, password);
      return cache.get(key)?.isRight ?? underway.get(key) ?? askOnce(key, user, password);
    },
    /** The same on every node, and says nothing of the password. */
    idOf: (user: string): string =>
      createHash('sha256')
        .update(JSON.stringify([server.host, server.port, base_dn, attribute, user]))
        .digest('hex'),
    close: () => pool.close(),
  };
}
