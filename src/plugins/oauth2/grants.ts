// What buys a token: a code, a user's consent told by the trusted web application, the client's own secret, or the refresh
// token of an earlier one.
import type { JsonObject } from '../../lib/json.ts';
import { type AccessExchange, type Environment, hasExpired, type PluginConfig } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { clientTypeOf } from './client.ts';
import {
  type Failure,
  INVALID_CLIENT,
  INVALID_CODE,
  invalidRequest,
  invalidScope,
  UNAUTHORIZED_CLIENT,
} from './failure.ts';
import type { Issuer } from './issue.ts';
import type { Parameters } from './parameters.ts';
import { checkVerifier, isRequired } from './pkce.ts';
import type { schema } from './schema.ts';
import { grantScope, isStillGranted } from './scope.ts';
import { isGoodFor, serviceOf } from './service.ts';
import { checkProvisionKey, checkUserId } from './trusted-application.ts';

type Config = PluginConfig<typeof schema>;

export interface GrantRequest {
  readonly exchange: AccessExchange;
  readonly parameters: Parameters;
  /** Has shown its secret. */
  readonly client: Entity;
}

export type Bought =
  | { readonly ok: true; readonly token: JsonObject }
  | { readonly ok: false; readonly failure: Failure };
export type Grant = (request: GrantRequest) => Promise<Bought>;

const refuse = (failure: Failure): Bought => ({ ok: false, failure });
const boughtOr = (token: JsonObject | undefined, failure: Failure): Bought =>
  token === undefined ? refuse(failure) : { ok: true, token };

const INVALID_REFRESH = invalidRequest('Invalid refresh_token');
const SCOPE_MISMATCH = invalidScope('Scope mismatch');

const textOf = (row: Entity, field: string): string | undefined => {
  const value = row[field];
  return typeof value === 'string' ? value : undefined;
};
const idOf = (row: Entity, field: string): string | undefined => (row[field] as { id: string } | null | undefined)?.id;

export function createGrants(
  config: Config,
  environment: Environment,
  issuer: Issuer,
): Readonly<Record<string, Grant | undefined>> {
  const { entities, clock, instance } = environment;
  const isGlobal = config.global_credentials;

  /** A code or token of that name that is alive and good here. */
  function find(kind: string, field: string, value: string | undefined, exchange: AccessExchange): Entity | undefined {
    const row = value === undefined || value === '' ? undefined : entities.find(kind, field, value);
    if (row === undefined || hasExpired(row, clock.now())) return undefined;
    return isGoodFor(row, exchange, isGlobal) ? row : undefined;
  }

  const authorizationCode: Grant = async ({ exchange, parameters, client }) => {
    const code = find('oauth2_authorization_codes', 'code', parameters.text('code'), exchange);
    if (code === undefined || idOf(code, 'credential') !== client.id) return refuse(INVALID_CODE);
    if (isGlobal && idOf(code, 'plugin') !== instance.id) return refuse(INVALID_CODE);
    const challenge = textOf(code, 'challenge');
    if (challenge !== undefined || isRequired(config.pkce ?? 'lax', clientTypeOf(client))) {
      const failure = checkVerifier(parameters, challenge);
      if (failure !== undefined) return refuse(failure);
    }
    const subject = {
      client,
      service: serviceOf(code),
      userId: textOf(code, 'authenticated_userid'),
      scope: textOf(code, 'scope'),
    };
    const inPlaceOf = { kind: 'oauth2_authorization_codes', id: code.id };
    return boughtOr(await issuer.token(subject, { refresh: 'with', inPlaceOf }), INVALID_CODE);
  };

  const consent = (refresh: 'with' | 'without', isUserNeeded: boolean): Grant => {
    return async ({ exchange, parameters, client }) => {
      const hasUser = isUserNeeded || parameters.get('authenticated_userid') !== undefined;
      const failure = hasUser ? (checkProvisionKey(config, parameters) ?? checkUserId(parameters)) : undefined;
      if (failure !== undefined) return refuse(failure);
      const granted = grantScope(parameters.get('scope'), config);
      if (!granted.ok) return refuse(granted.failure);
      const subject = {
        client,
        service: isGlobal ? undefined : exchange.service?.id,
        userId: parameters.text('authenticated_userid'),
        scope: granted.scope,
      };
      return boughtOr(await issuer.token(subject, { refresh, inPlaceOf: undefined }), INVALID_CLIENT);
    };
  };

  const fromSecret = consent('without', false);
  const clientCredentials: Grant = (request) =>
    // The name of a public client is no secret, so it proves nothing.
    clientTypeOf(request.client) === 'public' ? Promise.resolve(refuse(UNAUTHORIZED_CLIENT)) : fromSecret(request);

  const refreshToken: Grant = async ({ exchange, parameters, client }) => {
    const token = find('oauth2_tokens', 'refresh_token', parameters.text('refresh_token'), exchange);
    if (token === undefined) return refuse(INVALID_REFRESH);
    if (idOf(token, 'credential') !== client.id) return refuse(INVALID_CLIENT);
    const scope = textOf(token, 'scope');
    if (!isStillGranted(scope, config)) return refuse(SCOPE_MISMATCH);
    if (config.reuse_refresh_token) return boughtOr(await issuer.renew(token), INVALID_REFRESH);
    const subject = { client, service: serviceOf(token), userId: textOf(token, 'authenticated_userid'), scope };
    const inPlaceOf = { kind: 'oauth2_tokens', id: token.id };
    return boughtOr(await issuer.token(subject, { refresh: 'with', inPlaceOf }), INVALID_REFRESH);
  };

  return Object.assign(Object.create(null) as Record<string, Grant>, {
    authorization_code: authorizationCode,
    refresh_token: refreshToken,
    ...(config.enable_client_credentials ? { client_credentials: clientCredentials } : {}),
    ...(config.enable_password_grant ? { password: consent('with', true) } : {}),
  });
}
