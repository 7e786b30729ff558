// mtls-auth at work. A chain is verified once a connection and again when something it rests on has changed; whom it means is
// looked up for every request, so that a credential that is taken away counts at once.
import { X509Certificate } from 'node:crypto';
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { JsonObject } from '../../lib/json.ts';
import {
  type AccessExchange,
  type Answer,
  type ClientCertificate,
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
import { fieldsOf, findWay, type Way } from './chain.ts';
import type { schema } from './schema.ts';
import { alternativeNameList, commonName, distinguishedName, namesOf } from './subject-names.ts';

type Config = PluginConfig<typeof schema>;

/** What a trusted certificate says. */
interface Identity {
  readonly fingerprint: string;
  readonly names: readonly string[];
  readonly commonName: string | undefined;
  readonly distinguishedName: string;
  readonly alternativeNames: string;
  /** Ids of the trusted certificates on its way. */
  readonly authorities: readonly string[];
}

/** Holds while the trusted certificates are these, up to a moment. */
interface Verdict {
  readonly trusted: readonly (Entity | undefined)[];
  readonly until: number;
  readonly identity: Identity | undefined;
}

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

/** A client whose chain is not good can be asked again, but not more often. */
const REFUSAL_MS = 1000;

export function create(config: Config, environment: Environment): Phases {
  const { entities, clock, log } = environment;
  const { anonymous, ca_certificates, skip_consumer_lookup, default_consumer, authenticated_group_by } = config;
  const consumerBy = config.consumer_by ?? [];
  const verdicts = new WeakMap<ClientCertificate, Verdict>();
  const parsed = new WeakMap<Entity, X509Certificate>();

  const misdirected = error(421);
  const noCertificate = error(401, 'No required TLS certificate was sent');
  const untrusted = error(401, 'TLS certificate failed verification');
  const unknown = error(401, 'Unauthorized');
  const broken = error(500);

  const authority = (id: string): Entity | undefined => entities.get('ca_certificates', id);

  function certificateOf(entity: Entity): X509Certificate {
    let certificate = parsed.get(entity);
    if (certificate === undefined) {
      certificate = new X509Certificate(entity['cert'] as string);
      parsed.set(entity, certificate);
    }
    return certificate;
  }

  function verdictOf(shown: ClientCertificate): Verdict {
    const known = verdicts.get(shown);
    const now = clock.now();
    if (
      known !== undefined &&
      now < known.until &&
      ca_certificates.every((id, i) => authority(id) === known.trusted[i])
    ) {
      return known;
    }
    const verdict = judge(shown, now);
    verdicts.set(shown, verdict);
    return verdict;
  }

  function judge({ chain }: ClientCertificate, now: number): Verdict {
    const trusted = ca_certificates.map(authority);
    const certificates = trusted.filter((one) => one !== undefined).map(certificateOf);
    const way = findWay(chain, { trusted: certificates, allowsPartial: config.allow_partial_chain, now });
    const identity = way === undefined ? undefined : identityOf(way, trusted);
    if (identity === undefined) return { trusted, until: now + REFUSAL_MS, identity };
    return { trusted, until: Math.min(...way!.map(({ validToDate }) => validToDate.getTime())), identity };
  }

  function identityOf(way: Way, trusted: readonly (Entity | undefined)[]): Identity | undefined {
    const [client] = way;
    const fields = fieldsOf(client!);
    if (fields === undefined) return undefined;
    const onWay = new Set(way.map(({ fingerprint256 }) => fingerprint256));
    return {
      fingerprint: client!.fingerprint256.replaceAll(':', '').toLowerCase(),
      names: namesOf(fields),
      commonName: commonName(fields.subject),
      distinguishedName: distinguishedName(fields.subject),
      alternativeNames: alternativeNameList(fields.alternativeNames),
      authorities: trusted
        .filter((one) => one !== undefined)
        .filter((one) => onWay.has(certificateOf(one).fingerprint256))
        .map(({ id }) => id),
    };
  }

  function credentialOf({ names, authorities }: Identity): Entity | undefined {
    for (const subject_name of names) {
      for (const id of [...authorities, null]) {
        const ca_certificate = id === null ? null : { id };
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
    if (default_consumer === null) return unknown;
    const consumer = findConsumer(default_consumer, environment);
    if (consumer === undefined) {
      return error(500, `default consumer ${default_consumer} is configured but doesn't exist`);
    }
    return { consumer, credential: { id: identity.fingerprint }, identifier: identity.distinguishedName };
  }

  function authenticate(exchange: AccessExchange): Answer | undefined {
    const shown = exchange.request.connection.clientCertificate;
    if (shown === undefined || shown.chain.length === 0) return noCertificate;
    const { identity } = verdictOf(shown);
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
