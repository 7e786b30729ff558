// basic-auth at work. Proxy-Authorization is looked at first; Authorization only when the former names nobody we know.
import {
  type AccessExchange,
  type Answer,
  challenge,
  type Environment,
  error,
  ownerOf,
  type Phases,
  type PluginConfig,
  withAnonymous,
} from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { type BasicCredentials, parseBasicCredentials } from '../shared/basic-credentials.ts';
import { isSameDigest } from '../shared/same-secret.ts';
import { hashSentPassword } from './password.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

interface Found {
  readonly sent: BasicCredentials;
  readonly credential: Entity | undefined;
}

export function create(config: Config, environment: Environment): Phases {
  const { hide_credentials } = config;
  const { entities, log } = environment;
  const refusal = error(401, undefined, { 'WWW-Authenticate': challenge('Basic', config.realm) });
  const broken = error(500);

  function look({ request, upstream }: AccessExchange, name: string): Found | undefined {
    const header = request.header(name);
    if (header === undefined) return undefined;
    const sent = parseBasicCredentials(header, 'basic');
    if (hide_credentials) upstream.removeHeader(name);
    if (sent === undefined) return undefined;
    return { sent, credential: entities.find('basicauth_credentials', 'username', sent.user) };
  }

  function authenticate(exchange: AccessExchange): Answer | undefined {
    let found = look(exchange, 'proxy-authorization');
    if (found?.credential === undefined) found = look(exchange, 'authorization');
    if (found?.credential === undefined) return refusal;
    const { sent, credential } = found;
    const consumer = ownerOf(credential, environment);
    if (consumer === undefined) {
      log.error('the consumer of a credential does not exist', { credential: credential.id });
      return broken;
    }
    const stored = credential['password'];
    if (typeof stored !== 'string' || !isSameDigest(hashSentPassword(sent.password, consumer.id), stored))
      return refusal;
    exchange.client.authenticate(consumer, credential, sent.user);
    return undefined;
  }

  return { access: withAnonymous(authenticate, config.anonymous, environment) };
}
