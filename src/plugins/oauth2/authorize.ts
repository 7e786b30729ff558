// The authorization endpoint. The web application that authenticates users calls it in their name and sends them to the
// address that the answer has. Later checks outrank earlier ones, but for the first two, which end the matter.
import type { JsonObject } from '../../lib/json.ts';
import { type AccessExchange, type Answer, type Environment, error, type PluginConfig } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { clientTypeOf } from './client.ts';
import { answerJson, type Failure, INVALID_CLIENT, UNSUPPORTED_RESPONSE } from './failure.ts';
import type { Issuer } from './issue.ts';
import type { Parameters } from './parameters.ts';
import { readChallenge } from './pkce.ts';
import { chooseRedirect, redirectUrisOf, withFragment, withQuery } from './redirect-uri.ts';
import type { schema } from './schema.ts';
import { grantScope } from './scope.ts';
import { checkProvisionKey, checkUserId } from './trusted-application.ts';

type Config = PluginConfig<typeof schema>;

export function authorizeEndpoint(config: Config, environment: Environment, issuer: Issuer) {
  const isOffered = (type: string | undefined): type is 'code' | 'token' =>
    (type === 'code' && config.enable_authorization_code) || (type === 'token' && config.enable_implicit_grant);

  return async (exchange: AccessExchange, parameters: Parameters, insecure: Failure | undefined): Promise<Answer> => {
    const state = parameters.text('state');
    const withState = (values: JsonObject): JsonObject => (state === undefined ? values : { ...values, state });
    const refuse = (failure: Failure): Answer => answerJson(400, withState({ ...failure }));

    const early = insecure ?? checkProvisionKey(config, parameters) ?? checkUserId(parameters);
    if (early !== undefined) return refuse(early);

    const type = parameters.text('response_type');
    let failure: Failure | undefined = isOffered(type) ? undefined : UNSUPPORTED_RESPONSE;
    const granted = grantScope(parameters.get('scope'), config);
    if (!granted.ok) failure = granted.failure;

    const client = environment.entities.find('oauth2_credentials', 'client_id', parameters.text('client_id') ?? '');
    const [first, ...others] = redirectUrisOf(client);
    if (client === undefined || first === undefined) return refuse(INVALID_CLIENT);
    const redirect = chooseRedirect(parameters.get('redirect_uri'), [first, ...others]);
    failure = redirect.failure ?? failure;

    const answer = (values: JsonObject, isInFragment = false): Answer => {
      const status = 'error' in values ? 400 : 200;
      const put = isInFragment ? withFragment : withQuery;
      return answerJson(status, { redirect_uri: put(redirect.uri, withState(values)) });
    };

    let challenge: string | undefined;
    if (type !== 'token') {
      const read = readChallenge(parameters, config.pkce ?? 'lax', clientTypeOf(client));
      if (read.ok) challenge = read.challenge;
      else failure = read.failure;
    }
    if (failure !== undefined) return answer({ ...failure });

    const subject = subjectOf(exchange, client, granted.ok ? granted.scope : undefined, parameters);
    if (subject === undefined) return error(500);
    if (type === 'token') {
      const token = await issuer.token(subject, { refresh: 'without', inPlaceOf: undefined });
      return token === undefined ? answer({ ...INVALID_CLIENT }) : answer(token, true);
    }
    const code = await issuer.code(subject, challenge);
    return code === undefined ? answer({ ...INVALID_CLIENT }) : answer({ code });
  };

  function subjectOf({ service }: AccessExchange, client: Entity, scope: string | undefined, parameters: Parameters) {
    if (!config.global_credentials && service === undefined) {
      environment.log.error('tokens cannot be given on a route without a service');
      return undefined;
    }
    const userId = parameters.text('authenticated_userid');
    return { client, service: config.global_credentials ? undefined : service!.id, userId, scope };
  }
}
