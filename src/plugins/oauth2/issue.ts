// Writes codes and tokens. A token takes the place of what bought it – a code, another token – in one change of the store, so
// that nothing is bought twice.
import { newRandomKey } from '../../lib/ids.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { EntityWrite, Environment, PluginConfig } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

/** What a code or token is for. */
export interface Subject {
  readonly client: Entity;
  /** Undefined: good for every service that takes such tokens. */
  readonly service: string | undefined;
  readonly userId: string | undefined;
  readonly scope: string | undefined;
}

export interface Issuer {
  /** Undefined when the client is gone. */
  code(subject: Subject, challenge: string | undefined): Promise<string | undefined>;
  /** The answer to the client; undefined when what bought the token is gone. */
  token(subject: Subject, options: TokenOptions): Promise<JsonObject | undefined>;
  /** The same row with a new access token. */
  renew(token: Entity): Promise<JsonObject | undefined>;
}

export interface TokenOptions {
  readonly refresh: 'with' | 'without';
  /** Taken away in the same change. */
  readonly inPlaceOf: { readonly kind: string; readonly id: string } | undefined;
}

const CODE_SECONDS = 300;

export function createIssuer(config: Config, { entities, clock, instance }: Environment): Issuer {
  // Rounded up: 0 would mean for ever.
  const expiresIn = Math.ceil(config.token_expiration);
  const ttl = config.refresh_token_ttl > 0 ? { ttl: Math.ceil(config.refresh_token_ttl) } : {};

  const reference = ({ client, service, userId, scope }: Subject): JsonObject => ({
    credential: { id: client.id },
    service: service === undefined ? null : { id: service },
    authenticated_userid: userId ?? null,
    scope: scope ?? null,
  });

  const describe = (token: Entity): JsonObject => {
    const refresh = token['refresh_token'];
    return {
      access_token: String(token['access_token']),
      token_type: 'bearer',
      ...(expiresIn > 0 ? { expires_in: expiresIn } : {}),
      ...(typeof refresh === 'string' ? { refresh_token: refresh } : {}),
    };
  };

  return {
    async code(subject, challenge) {
      const values = {
        ...reference(subject),
        plugin: { id: instance.id },
        challenge: challenge ?? null,
        challenge_method: challenge === undefined ? null : 'S256',
        ttl: CODE_SECONDS,
      };
      const written = await entities.write([{ action: 'create', kind: 'oauth2_authorization_codes', values }]);
      return written?.[0]?.['code'] as string | undefined;
    },
    async token(subject, { refresh, inPlaceOf }) {
      const isRefreshable = refresh === 'with' && expiresIn > 0;
      const values = {
        ...reference(subject),
        expires_in: expiresIn,
        refresh_token: isRefreshable ? newRandomKey() : null,
        ...(expiresIn > 0 ? ttl : {}),
      };
      const create: EntityWrite = { action: 'create', kind: 'oauth2_tokens', values };
      const written = await entities.write(
        inPlaceOf === undefined ? [create] : [{ action: 'delete', ...inPlaceOf }, create],
      );
      const token = written?.at(-1);
      return token === undefined ? undefined : describe(token);
    },
    async renew({ id }) {
      const values = {
        access_token: newRandomKey(),
        expires_in: expiresIn,
        created_at: Math.floor(clock.now() / 1000),
        ...ttl,
      };
      const written = await entities.write([{ action: 'update', kind: 'oauth2_tokens', id, values }]);
      const token = written?.[0];
      return token === undefined ? undefined : describe(token);
    },
  };
}
