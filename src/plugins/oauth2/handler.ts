// oauth2 at work: two endpoints below every route that has the plugin, and the check of access tokens on all other requests.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { Json } from '../../lib/json.ts';
import { isPromise } from '../../lib/promise.ts';
import {
  type AccessExchange,
  type Answer,
  type Attempt,
  challenge,
  type Environment,
  error,
  exit,
  hasExpired,
  ownerOf,
  type Phases,
  type PluginConfig,
  type RequestView,
  type Step,
  type UpstreamView,
  withAnonymous,
} from '../../pdk/index.ts';
import { authorizeEndpoint } from './authorize.ts';
import { accessDenied, answerJson, type Failure } from './failure.ts';
import { findToken } from './find-token.ts';
import { createIssuer } from './issue.ts';
import { parametersOf, readFields } from './parameters.ts';
import type { schema } from './schema.ts';
import { isGoodFor, serviceOf } from './service.ts';
import { tokenEndpoint } from './token-endpoint.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, environment: Environment): Phases {
  const issuer = createIssuer(config, environment);
  const endpoints = {
    token: tokenEndpoint(config, environment, issuer),
    authorization: authorizeEndpoint(config, environment, issuer),
  };
  const checkToken = tokenCheck(config, environment);

  async function serve(exchange: AccessExchange, name: keyof typeof endpoints): Promise<Answer> {
    const { request } = exchange;
    const parameters = parametersOf(request.rawQuery, await readFields(request));
    return endpoints[name](exchange, parameters, checkHttps(request, config));
  }

  return {
    access(exchange) {
      const name = endpointOf(exchange.request.path);
      if (name === undefined) return checkToken(exchange);
      if (exchange.request.method === 'POST') return serve(exchange, name);
      return wrongMethod(config.realm, exchange.request.method, name);
    },
  };
}

function endpointOf(path: string): 'token' | 'authorization' | undefined {
  const end = path.endsWith('/') ? path.slice(0, -1) : path;
  if (end.endsWith('/oauth2/token')) return 'token';
  return end.endsWith('/oauth2/authorize') ? 'authorization' : undefined;
}

function wrongMethod(realm: string | null, method: string, name: string): Answer {
  const failure = {
    error: 'invalid_method',
    error_description: `The HTTP method ${method} is invalid for the ${name} endpoint`,
  };
  return answerJson(405, failure, { 'WWW-Authenticate': bearerChallenge(realm, failure) });
}

function bearerChallenge(realm: string | null, failure: Failure): string {
  const separator = realm === null ? ' ' : ', ';
  const { error: code, error_description: description } = failure;
  return `${challenge('Bearer', realm)}${separator}error="${code}", error_description="${description}"`;
}

/** The client spoke TLS to us, or to a proxy in front whom we trust. */
function checkHttps(request: RequestView, config: Config): Failure | undefined {
  if (request.scheme === 'https') return undefined;
  if (config.accept_http_if_already_terminated) {
    if (request.headerValues('x-forwarded-proto').length > 1) {
      return accessDenied('Only one X-Forwarded-Proto header allowed');
    }
    if (request.forwarded.scheme.toLowerCase() === 'https') return undefined;
  }
  return accessDenied('You must use HTTPS');
}

/** What the client itself claims in these headers was removed when the request arrived. */
function tell(upstream: UpstreamView, name: string, value: Json | undefined): void {
  if (typeof value === 'string' && value !== '') upstream.setHeader(name, utf8ToBytes(value));
}

function tokenCheck(config: Config, environment: Environment): (exchange: AccessExchange) => Step {
  const { entities, clock, log } = environment;
  const { anonymous, global_credentials: isGlobal, realm } = config;
  const place = { headerName: config.auth_header_name ?? 'authorization', isHidden: config.hide_credentials };

  const refusal = (failure: Failure, authenticate: string): Answer =>
    exit(401, { ...failure }, { 'WWW-Authenticate': authenticate });
  const invalidToken = (description: string): Answer => {
    const failure = { error: 'invalid_token', error_description: description };
    return refusal(failure, bearerChallenge(realm, failure));
  };
  const orAnonymous = (answer: Answer): Attempt => withAnonymous(() => answer, anonymous, environment);
  const missing = orAnonymous(
    refusal({ error: 'invalid_request', error_description: 'The access token is missing' }, challenge('Bearer', realm)),
  );
  const invalid = orAnonymous(invalidToken('The access token is invalid or has expired'));
  // Ends the request even where an anonymous consumer would do: the configuration is at odds with itself.
  const global = invalidToken(
    "The access token is global, but the current plugin is configured without 'global_credentials'",
  );
  const broken = error(500);

  function verify(exchange: AccessExchange, text: string | undefined): Step {
    if (text === undefined) return missing(exchange);
    const token = entities.find('oauth2_tokens', 'access_token', text);
    const now = clock.now();
    if (token === undefined || hasExpired(token, now)) return invalid(exchange);
    if (serviceOf(token) === undefined && !isGlobal) return global;
    if (!isGoodFor(token, exchange, isGlobal)) return invalid(exchange);
    const expiresIn = Number(token['expires_in']);
    if (expiresIn > 0 && Math.floor(now / 1000) - Number(token['created_at']) >= expiresIn) return invalid(exchange);

    const credential = entities.get('oauth2_credentials', (token['credential'] as { id: string }).id);
    const consumer = credential === undefined ? undefined : ownerOf(credential, environment);
    if (credential === undefined || consumer === undefined) {
      log.error('the consumer of a token does not exist', { token: token.id });
      return broken;
    }
    const { client, upstream } = exchange;
    client.authenticate(consumer, credential, String(credential['client_id']));
    tell(upstream, 'X-Authenticated-Scope', token['scope']);
    tell(upstream, 'X-Authenticated-UserId', token['authenticated_userid']);
    return undefined;
  }

  return (exchange) => {
    if (anonymous !== null && exchange.client.credential !== undefined) return undefined;
    const found = findToken(exchange, place);
    return isPromise(found)
      ? found.then((text) => verify(exchange, text) as Promise<Answer | undefined> | Answer | undefined)
      : verify(exchange, found);
  };
}
