// mtls-auth at work. Whom a trusted certificate means is looked up for every request, so that a credential that is taken away counts
// at once.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { JsonObject } from '../../lib/json.ts';
import { isPromise } from '../../lib/promise.ts';
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  findConsumer,
  ownerOf,
  type Phases,
  type PluginConfig,
  withAnonymous,
} from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { authenticatedGroups } from '../shared/groups.ts';
import type { schema } from './schema.ts';
import { createJudge, type Identity, type Verdict } from './verdicts.ts';

type Config = PluginConfig<typeof schema>;

interface Caller {
  readonly consumer: Entity;
  readonly credential: JsonObject;
  readonly identifier: string;
}

/** What only this plugin may say, in every spelling that an upstream may take for it. */
const CLAIMS: readonly string[] = ['DN', 'SAN'].flatMap((last) =>
  ['Client', 'Cert', last].reduce<readonly string[]>(
    (names, word) => names.flatMap((name) => [`${name}-${word}`, `${name}_${word}`]),
    ['X'],
  ),
);

export function create(config: Config, environment: Environment): Phases {
  const { entities, log } = environment;
  const { anonymous, ca_certificates, skip_consumer_lookup, default_consumer, authenticated_group_by } = config;
  const consumerBy = config.consumer_by ?? [];
  const verdictOf = createJudge(config, environment);

  const misdirected = error(421);
  const noCertificate = error(401, 'No required TLS certificate was sent');
  const untrusted = error(401, 'TLS certificate failed verification');
  const unknown = error(401, 'Unauthorized');
  const broken = error(500);

  function credentialOf({ names, authorities }: Identity): Entity | undefined {
    const issuers = [...authorities.map((id) => ({ id })), null];
    for (const ca_certificate of issuers) {
      for (const subject_name of names) {
        const found = entities.findTuple('mtls_auth_credentials', { subject_name, ca_certificate });
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  function callerOf(identity: Identity): Caller | Answer {
    const credential = credentialOf(identity);
    if (credential !== undefined) {
      const consumer = ownerOf(credential, environment);
      if (consumer !== undefined) return { consumer, credential, identifier: credential.id };
      log.error('the consumer of a name in certificates does not exist', { credential: credential.id });
      return broken;
    }
    for (const name of identity.names) {
      for (const field of consumerBy) {
        const consumer = entities.find('consumers', field, name);
        if (consumer !== undefined) return { consumer, credential: { id: identity.fingerprint }, identifier: name };
      }
    }
    if (default_consumer === null) {
      log.info('a client certificate is that of nobody', { names: [...identity.names] });
      return unknown;
    }
    const consumer = findConsumer(default_consumer, environment);
    if (consumer === undefined) {
      return error(500, `default consumer ${default_consumer} is configured but doesn't exist`);
    }
    return { consumer, credential: { id: identity.fingerprint }, identifier: identity.distinguishedName };
  }

  function authenticate(exchange: AccessExchange): Answer | undefined | Promise<Answer | undefined> {
    const shown = exchange.request.connection.clientCertificate;
    if (shown === undefined || shown.chain.length === 0) return noCertificate;
    const verdict = verdictOf(shown);
    return isPromise<Verdict>(verdict) ? verdict.then((one) => admit(exchange, one)) : admit(exchange, verdict);
  }

  function admit(exchange: AccessExchange, { identity }: Verdict): Answer | undefined {
    exchange.setLogValue('request.tls.client_verify', identity === undefined ? 'FAILED:not trusted' : 'SUCCESS');
    if (identity === undefined) return untrusted;
    if (skip_consumer_lookup) return pass(exchange, identity);
    const caller = callerOf(identity);
    if ('kind' in caller) return caller;
    exchange.client.authenticate(caller.consumer, caller.credential, caller.identifier);
    return undefined;
  }

  function pass({ client, shared, upstream }: AccessExchange, identity: Identity): undefined {
    client.authenticate(undefined, { id: identity.fingerprint }, identity.distinguishedName);
    upstream.setHeader('X-Client-Cert-DN', utf8ToBytes(identity.distinguishedName));
    if (identity.alternativeNames !== '') {
      upstream.setHeader('X-Client-Cert-SAN', utf8ToBytes(identity.alternativeNames));
    }
    const group = authenticated_group_by === 'CN' ? identity.commonName : identity.distinguishedName;
    if (authenticated_group_by !== null && group !== undefined) shared.set(authenticatedGroups, [group]);
    return undefined;
  }

  /** The handshake was about another server name, whose clients are asked for other certificates or for none. */
  function isMisdirected({ request, client }: AccessExchange): boolean {
    if (request.scheme !== 'https' || (anonymous !== null && client.credential !== undefined)) return false;
    const asked = request.connection.clientCertificate?.authorities;
    return asked === undefined || !ca_certificates.every((id) => asked.has(id));
  }

  const attempt = withAnonymous(authenticate, anonymous, environment);
  return {
    certificateWish: { authorities: ca_certificates, tellsNames: config.send_ca_dn },
    access(exchange) {
      for (const name of CLAIMS) exchange.upstream.removeHeader(name);
      return isMisdirected(exchange) ? misdirected : attempt(exchange);
    },
  };
}
