// The token endpoint: which grant, which client, and does it show its secret. Later checks outrank earlier ones.
import type { JsonObject } from '../../lib/json.ts';
import { type AccessExchange, type Answer, type Environment, error, type PluginConfig } from '../../pdk/index.ts';
import { checkSecret, credentialsOf } from './client.ts';
import { answerJson, type Failure, INVALID_CLIENT, UNSUPPORTED_GRANT } from './failure.ts';
import { createGrants } from './grants.ts';
import type { Issuer } from './issue.ts';
import type { Parameters } from './parameters.ts';
import { chooseRedirect, redirectUrisOf } from './redirect-uri.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const BASIC = { 'WWW-Authenticate': 'Basic realm="OAuth2.0"' };

export function tokenEndpoint(config: Config, environment: Environment, issuer: Issuer) {
  const { entities, log } = environment;
  const grants = createGrants(config, environment, issuer);
  const headerName = config.auth_header_name ?? 'authorization';

  return async (exchange: AccessExchange, parameters: Parameters, insecure: Failure | undefined): Promise<Answer> => {
    const state = parameters.text('state');
    const withState = (values: JsonObject): JsonObject => (state === undefined ? values : { ...values, state });
    const sent = credentialsOf(exchange, parameters, headerName);
    const refuse = (failure: Failure): Answer =>
      failure === INVALID_CLIENT && sent.isFromHeader
        ? answerJson(401, withState({ ...failure }), BASIC)
        : answerJson(400, withState({ ...failure }));
    if (insecure !== undefined) return refuse(insecure);

    const type = parameters.text('grant_type');
    const grant = grants[type ?? ''];
    const client = entities.find('oauth2_credentials', 'client_id', sent.id ?? '');
    const [first, ...others] = redirectUrisOf(client);
    const needsRedirect = type !== 'client_credentials';
    if (client === undefined || (needsRedirect && first === undefined)) return refuse(INVALID_CLIENT);
    const redirect =
      needsRedirect && first !== undefined
        ? chooseRedirect(parameters.get('redirect_uri'), [first, ...others])
        : undefined;
    const failure =
      (await checkSecret(client, sent.secret)) ??
      redirect?.failure ??
      (grant === undefined ? UNSUPPORTED_GRANT : undefined);
    if (failure !== undefined || grant === undefined) return refuse(failure ?? UNSUPPORTED_GRANT);

    if (!config.global_credentials && exchange.service === undefined) {
      log.error('tokens cannot be given on a route without a service');
      return error(500);
    }
    const bought = await grant({ exchange, parameters, client });
    return bought.ok ? answerJson(200, withState(bought.token)) : refuse(bought.failure);
  };
}
