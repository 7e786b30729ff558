// The cookies of one configured instance: the running session, and the one that the browser keeps when `remember` is on.
import { GwctlError } from '../../lib/errors.ts';
import type { Environment, PluginConfig } from '../../pdk/index.ts';
import { formatAttributes } from './cookie.ts';
import { createJar, type Jar } from './jar.ts';
import type { schema } from './schema.ts';
import { createSeal } from './seal.ts';
import type { Timeouts } from './session.ts';
import { cookieStorage, type SessionStorage, storeStorage } from './storage.ts';

type Config = PluginConfig<typeof schema>;

export function openJars(
  config: Config,
  environment: Environment,
): { readonly main: Jar; readonly lasting: Jar | undefined } {
  const audience = config.audience ?? 'default';
  const attributes = formatAttributes({
    path: config.cookie_path,
    domain: config.cookie_domain,
    sameSite: config.cookie_same_site,
    httpOnly: config.cookie_http_only ?? true,
    secure: config.cookie_secure ?? true,
  });
  const metadata = config.store_metadata !== true ? 'none' : config.hash_subject === true ? 'hashed' : 'clear';

  const { secret } = config;
  if (secret === null || secret === '')
    throw new GwctlError('E_CONFIG', 'secret is empty: anybody could make sessions');

  const storageFor = (purpose: string, timeouts: Timeouts): SessionStorage => {
    const seal = createSeal(secret, JSON.stringify([purpose, audience]));
    return config.storage === 'kong'
      ? storeStorage({ seal, timeouts, audience, metadata }, environment)
      : cookieStorage(seal);
  };

  const open = (name: string, purpose: string, timeouts: Timeouts, lasting: () => string): Jar =>
    createJar({
      name,
      timeouts,
      staleSeconds: config.stale_ttl ?? 10,
      storage: storageFor(purpose, timeouts),
      attributes,
      lasting,
    });

  const timeouts = {
    idling: config.idling_timeout ?? 0,
    rolling: config.rolling_timeout ?? 0,
    absolute: config.absolute_timeout ?? 0,
  };
  const main = open(config.cookie_name ?? 'session', 'session', timeouts, () => '');
  if (config.remember !== true) return { main, lasting: undefined };

  const kept = {
    idling: 0,
    rolling: config.remember_rolling_timeout ?? 0,
    absolute: config.remember_absolute_timeout ?? 0,
  };
  const limits = [kept.rolling, kept.absolute].filter((seconds) => seconds > 0);
  const seconds = limits.length === 0 ? undefined : Math.min(...limits);
  const lasting = (): string => {
    if (seconds === undefined) return '';
    const end = new Date(environment.clock.now() + seconds * 1000).toUTCString();
    return `; Expires=${end}; Max-Age=${seconds}`;
  };
  return { main, lasting: open(config.remember_cookie_name ?? 'remember', 'remember', kept, lasting) };
}
