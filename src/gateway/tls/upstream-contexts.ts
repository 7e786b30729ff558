// How connections to upstreams are secured: which certificate is shown to them, and who must have signed theirs. Everything
// that a connection depends on is in the profile's key, so that no request travels on a connection made for other terms.
import { X509Certificate } from 'node:crypto';
import * as tls from 'node:tls';
import type { JsonObject } from '../../lib/json.ts';
import type { UpstreamTls } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { State } from '../../state/state.ts';
import { foreignId } from '../../state/table.ts';
import type { ResolvedCertificates } from '../vault/resolved-certificates.ts';
import { type CertificatePairs, pairsOf } from './handshakes.ts';
import type { AlternativeNames } from './upstream-identity.ts';

export interface UpstreamTlsDefaults {
  /** Shown where neither service nor upstream has one; PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
  /** Authorities for services that verify and name none; those of the runtime when undefined. */
  readonly trusted?: readonly string[] | undefined;
  readonly verifyDepth: number;
}

export interface TlsProfile {
  readonly key: string;
  readonly secureContext: tls.SecureContext;
  readonly isVerified: boolean;
  /** Most intermediate certificates between the upstream's and its authority. */
  readonly verifyDepth: number;
  readonly alsoNamed: AlternativeNames | undefined;
}

/**
 * @param upstream the name of the upstream that the service's host is, if it is one
 * @param terms of a plugin for one request, in place of the service's; throws for what is no certificate or no key
 */
export type TlsProfiles = (
  service: Entity | undefined,
  upstream: string | undefined,
  terms: UpstreamTls | undefined,
) => TlsProfile;

/** What a profile is made of. */
interface Parts extends Omit<TlsProfile, 'secureContext'> {
  readonly pairs: CertificatePairs | undefined;
  /** PEM; undefined for the default ones. */
  readonly authorities: readonly string[] | undefined;
}

const NO_SERVICE: JsonObject = {};

/** Makes profiles for one configuration after the other; what is made stays while some configuration uses it. */
export class UpstreamContexts {
  readonly #defaults: UpstreamTlsDefaults;
  readonly #certificates: ResolvedCertificates;
  readonly #serials = new WeakMap<object, number>();
  #lastSerial = 0;
  #current = new Map<string, TlsProfile>();
  #previous = new Map<string, TlsProfile>();

  constructor(defaults: UpstreamTlsDefaults, certificates: ResolvedCertificates) {
    this.#defaults = defaults;
    this.#certificates = certificates;
  }

  index(state: State): TlsProfiles {
    this.#previous = this.#current;
    this.#current = new Map();
    const upstreams = new Map<string, Entity>();
    for (const upstream of state.list('upstreams')) upstreams.set(upstream['name'] as string, upstream);
    const known = new Map<string, TlsProfile>();
    const underTerms = new WeakMap<UpstreamTls, Map<string, TlsProfile>>();
    return (service, upstreamName, terms) => {
      const name = `${service?.id ?? ''} ${upstreamName ?? ''}`;
      let profiles = terms === undefined ? known : underTerms.get(terms);
      if (profiles === undefined) {
        profiles = new Map();
        underTerms.set(terms!, profiles);
      }
      let profile = profiles.get(name);
      if (profile === undefined) {
        const upstream = upstreamName === undefined ? undefined : upstreams.get(upstreamName);
        profile =
          terms === undefined
            ? this.#profile(this.#partsOf(state, service ?? NO_SERVICE, upstream))
            : this.#underTerms(terms, state, service ?? NO_SERVICE, upstream);
        profiles.set(name, profile);
      }
      return profile;
    };
  }

  #profile(parts: Parts): TlsProfile {
    const { key } = parts;
    const profile = this.#current.get(key) ??
      this.#previous.get(key) ?? { ...parts, secureContext: this.#context(parts) };
    this.#current.set(key, profile);
    return profile;
  }

  #partsOf(state: State, service: JsonObject, upstream: Entity | undefined): Parts {
    const certificateId =
      foreignId(service, 'client_certificate') ??
      (upstream === undefined ? undefined : foreignId(upstream, 'client_certificate'));
    const certificate = certificateId === undefined ? undefined : this.#certificates.get(state, certificateId);
    const isVerified = service['tls_verify'] === true;
    const authorityIds = service['ca_certificates'] as readonly string[] | null;
    const authorities =
      !isVerified || authorityIds === null || authorityIds === undefined
        ? undefined
        : authorityIds.map((id) => state.get('ca_certificates', id)).filter((one): one is Entity => one !== undefined);
    const verifyDepth = (service['tls_verify_depth'] as number | null | undefined) ?? this.#defaults.verifyDepth;
    const alsoNamed = isVerified ? namesOf(service) : undefined;
    const key = [
      isVerified ? `verified ${verifyDepth}` : 'unverified',
      authorities?.map((one) => this.#serial(one)).join(',') ?? 'default',
      certificate === undefined ? 'default' : this.#serial(certificate),
      ...(alsoNamed === undefined ? [] : [JSON.stringify(alsoNamed)]),
    ].join(' ');
    return {
      key,
      isVerified,
      verifyDepth,
      alsoNamed,
      pairs: certificate === undefined ? undefined : pairsOf(certificate),
      authorities: authorities?.map((one) => one['cert'] as string),
    };
  }

  /** Kept with the terms, not with the configuration: they go when the plugin forgets them. */
  #underTerms(terms: UpstreamTls, state: State, service: JsonObject, upstream: Entity | undefined): TlsProfile {
    const { verify, verifyDepth, authorities, certificate } = terms;
    const asked = verify === undefined ? service : { ...service, tls_verify: verify };
    const own = this.#partsOf(state, asked, upstream);
    for (const one of authorities ?? []) new X509Certificate(one);
    const parts: Parts = {
      ...own,
      key: `${own.key} ${this.#serial(terms)}`,
      verifyDepth: verifyDepth ?? own.verifyDepth,
      pairs: certificate === undefined ? own.pairs : { cert: [certificate.cert], key: [certificate.key] },
      authorities: own.isVerified ? (authorities ?? own.authorities) : undefined,
    };
    return { ...parts, secureContext: this.#context(parts) };
  }

  #context({ pairs, isVerified, authorities }: Parts): tls.SecureContext {
    const { certificate, trusted } = this.#defaults;
    const shown = pairs === undefined ? certificate : { cert: [...pairs.cert], key: [...pairs.key] };
    const ca = authorities ?? trusted;
    return tls.createSecureContext({
      ...(shown !== undefined && { cert: shown.cert, key: shown.key }),
      // Reading the runtime's own list takes long; who does not verify needs none.
      ...(isVerified ? ca !== undefined && { ca: [...ca] } : { ca: [] }),
    });
  }

  /** A changed entity is another object, so it has another number; terms of plugins are objects of theirs. */
  #serial(entity: object): number {
    let serial = this.#serials.get(entity);
    if (serial === undefined) {
      serial = ++this.#lastSerial;
      this.#serials.set(entity, serial);
    }
    return serial;
  }
}

function namesOf(service: JsonObject): AlternativeNames | undefined {
  const names = service['tls_sans'] as { dnsnames?: string[] | null; uris?: string[] | null } | null | undefined;
  return names === null || names === undefined ? undefined : { dnsNames: names.dnsnames ?? [], uris: names.uris ?? [] };
}
