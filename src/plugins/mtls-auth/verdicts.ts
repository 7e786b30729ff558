// Is the certificate of a connection to be trusted, and whom does it name? Judged once a connection, and again when something that it
// rests on has changed or is over.
import { X509Certificate } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { isPromise } from '../../lib/promise.ts';
import type { ClientCertificate, Environment, PluginConfig } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { createTrouble } from '../shared/trouble.ts';
import { fieldsOf, findWay, type Way } from './chain.ts';
import { createRevocationCheck, type RevocationOptions, type Standing } from './revocation.ts';
import type { schema } from './schema.ts';
import { alternativeNameList, commonName, distinguishedName, namesOf } from './subject-names.ts';

type Config = PluginConfig<typeof schema>;

/** What a trusted certificate says. */
export interface Identity {
  readonly fingerprint: string;
  readonly names: readonly string[];
  readonly commonName: string | undefined;
  readonly distinguishedName: string;
  readonly alternativeNames: string;
  /** Ids of the trusted certificates on its way. */
  readonly authorities: readonly string[];
}

/** Holds while the trusted certificates are these, up to a moment. */
export interface Verdict {
  readonly trusted: readonly (Entity | undefined)[];
  readonly until: number;
  readonly identity: Identity | undefined;
}

/** A client whose chain is not good can be asked again, but not more often. */
const REFUSAL_MS = 1000;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_AGE_MS = 60_000;

export function createJudge(
  config: Config,
  environment: Environment,
): (shown: ClientCertificate) => Verdict | Promise<Verdict> {
  const { entities, clock, log } = environment;
  const { ca_certificates } = config;
  /** A promise where an authority is still being asked. */
  const verdicts = new WeakMap<ClientCertificate, Verdict | Promise<Verdict>>();
  const parsed = new WeakMap<Entity, X509Certificate>();
  const isStrict = config.revocation_check_mode === 'STRICT';
  const checkRevocation =
    config.revocation_check_mode === 'SKIP' ? undefined : createRevocationCheck(revocationOptions(config), environment);
  const trouble = createTrouble(log, clock);

  const authority = (id: string): Entity | undefined => entities.get('ca_certificates', id);

  function certificateOf(entity: Entity): X509Certificate {
    let certificate = parsed.get(entity);
    if (certificate === undefined) {
      certificate = new X509Certificate(entity['cert'] as string);
      parsed.set(entity, certificate);
    }
    return certificate;
  }

  const isStillSo = ({ until, trusted }: Verdict): boolean =>
    clock.now() < until && ca_certificates.every((id, i) => authority(id) === trusted[i]);

  function judge({ chain }: ClientCertificate, now: number): Verdict | Promise<Verdict> {
    const trusted = ca_certificates.map(authority);
    const certificates = trusted.filter((one) => one !== undefined).map(certificateOf);
    const refused = (why: string): Verdict => {
      log.warn('a client certificate is refused', { subject: chain[0]?.subject ?? '', why });
      return { trusted, until: clock.now() + REFUSAL_MS, identity: undefined };
    };
    const way = findWay(chain, { trusted: certificates, allowsPartial: config.allow_partial_chain, now });
    const identity = way === undefined ? undefined : identityOf(way, trusted);
    if (way === undefined || identity === undefined) return refused('it leads to no trusted certificate');
    const end = Math.min(...way.map(({ validToDate }) => validToDate.getTime()));
    if (checkRevocation === undefined) return { trusted, until: end, identity };

    const weigh = ({ status, until, reasons }: Standing): Verdict => {
      if (status === 'revoked') return refused('it is revoked');
      if (isStrict && status !== 'good') return refused(['its revocation is not known', ...reasons].join('; '));
      if (status === 'unknown') trouble('revocation could not be checked', reasons.join('; '));
      return { trusted, until: Math.min(end, until), identity };
    };
    const standing = checkRevocation(way, new Set(certificates.map(({ fingerprint256 }) => fingerprint256)));
    return isPromise<Standing>(standing) ? standing.then(weigh) : weigh(standing);
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

  return (shown) => {
    const known = verdicts.get(shown);
    if (known !== undefined && (isPromise<Verdict>(known) || isStillSo(known))) return known;
    const verdict = judge(shown, clock.now());
    verdicts.set(shown, verdict);
    if (isPromise<Verdict>(verdict)) void verdict.then((one) => verdicts.set(shown, one));
    return verdict;
  };
}

function revocationOptions(config: Config): RevocationOptions {
  const { http_timeout, cert_cache_ttl, http_proxy_host, http_proxy_port, https_proxy_host, https_proxy_port } = config;
  const proxy = (host: string | null, port: number | null): string | undefined =>
    host === null || port === null ? undefined : `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  return {
    timeoutMs: http_timeout ?? DEFAULT_TIMEOUT_MS,
    maxAgeMs: cert_cache_ttl ?? DEFAULT_MAX_AGE_MS,
    proxies: {
      'http:': proxy(http_proxy_host, http_proxy_port),
      'https:': proxy(https_proxy_host, https_proxy_port),
    },
  };
}
