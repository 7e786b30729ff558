// How connections to upstreams are secured: which certificate is shown to them, and who must have signed theirs. Everything
// that a connection depends on is in the profile's key, so that no request travels on a connection made for other terms.
import * as tls from 'node:tls';
import type { Entity } from '../../schema/define.ts';
import type { State } from '../../state/state.ts';
import { foreignId } from '../../state/table.ts';
import type { ResolvedCertificates } from '../vault/resolved-certificates.ts';
import { pairsOf } from './handshakes.ts';
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

/** @param upstream the name of the upstream that the service's host is, if it is one. */
export type TlsProfiles = (service: Entity, upstream: string | undefined) => TlsProfile;

/** Makes profiles for one configuration after the other; what is made stays while some configuration uses it. */
export class UpstreamContexts {
  readonly #defaults: UpstreamTlsDefaults;
  readonly #certificates: ResolvedCertificates;
  readonly #serials = new WeakMap<Entity, number>();
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
    return (service, upstreamName) => {
      const name = `${service.id} ${upstreamName ?? ''}`;
      let profile = known.get(name);
      if (profile === undefined) {
        const upstream = upstreamName === undefined ? undefined : upstreams.get(upstreamName);
        profile = this.#profile(state, service, upstream);
        known.set(name, profile);
      }
      return profile;
    };
  }

  #profile(state: State, service: Entity, upstream: Entity | undefined): TlsProfile {
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
    const verifyDepth = (service['tls_verify_depth'] as number | null) ?? this.#defaults.verifyDepth;
    const alsoNamed = isVerified ? namesOf(service) : undefined;
    const key = [
      isVerified ? `verified ${verifyDepth}` : 'unverified',
      authorities?.map((one) => this.#serial(one)).join(',') ?? 'default',
      certificate === undefined ? 'default' : this.#serial(certificate),
      ...(alsoNamed === undefined ? [] : [JSON.stringify(alsoNamed)]),
    ].join(' ');
    const found = this.#current.get(key) ?? this.#previous.get(key);
    const profile = found ?? {
      key,
      isVerified,
      verifyDepth,
      alsoNamed,
      secureContext: this.#context(certificate, isVerified, authorities),
    };
    this.#current.set(key, profile);
    return profile;
  }

  #context(
    certificate: Entity | undefined,
    isVerified: boolean,
    authorities: readonly Entity[] | undefined,
  ): tls.SecureContext {
    const shown = certificate === undefined ? this.#defaults.certificate : undefined;
    const pairs = certificate === undefined ? undefined : pairsOf(certificate);
    const ca = authorities?.map((one) => one['cert'] as string) ?? this.#defaults.trusted;
    return tls.createSecureContext({
      ...(pairs !== undefined && { cert: [...pairs.cert], key: [...pairs.key] }),
      ...(shown !== undefined && { cert: shown.cert, key: shown.key }),
      // Reading the runtime's own list takes long; who does not verify needs none.
      ...(isVerified ? ca !== undefined && { ca: [...ca] } : { ca: [] }),
    });
  }

  /** A changed entity is another object, so it has another number. */
  #serial(entity: Entity): number {
    let serial = this.#serials.get(entity);
    if (serial === undefined) {
      serial = ++this.#lastSerial;
      this.#serials.set(entity, serial);
    }
    return serial;
  }
}

function namesOf(service: Entity): AlternativeNames | undefined {
  const names = service['tls_sans'] as { dnsnames?: string[] | null; uris?: string[] | null } | null | undefined;
  return names === null || names === undefined ? undefined : { dnsNames: names.dnsnames ?? [], uris: names.uris ?? [] };
}
