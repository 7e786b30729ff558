// Certificates as TLS uses them: with what their vault references stand for in place. One stored certificate is always the
// same object here, because servers and connections are kept by it; a change of the vaults makes new ones.
import type { Entity } from '../../schema/define.ts';
import { isPair } from '../../schema/pem.ts';
import type { State } from '../../state/state.ts';
import { pairsOf } from '../tls/handshakes.ts';
import type { VaultReader } from './references.ts';

export class ResolvedCertificates {
  readonly #vaults: VaultReader;
  readonly #report: (message: string) => void;
  #known = new WeakMap<Entity, Entity>();
  #generation: object | undefined = undefined;

  /** @param report told once of each certificate that cannot be used; texts without any secret. */
  constructor(vaults: VaultReader, report: (message: string) => void) {
    this.#vaults = vaults;
    this.#report = report;
  }

  /** Undefined for one that is not there; one that cannot be had has neither certificate nor key. */
  get(state: State, id: string): Entity | undefined {
    const certificate = state.get('certificates', id);
    if (certificate === undefined) return undefined;
    const generation = state.generation('vaults');
    if (generation !== this.#generation) {
      this.#known = new WeakMap();
      this.#generation = generation;
    }
    let resolved = this.#known.get(certificate);
    if (resolved === undefined) {
      resolved = this.#resolve(certificate);
      this.#known.set(certificate, resolved);
    }
    return resolved;
  }

  #resolve(certificate: Entity): Entity {
    try {
      const resolved = this.#vaults.resolve(certificate) as Entity;
      // What is stored was validated.
      if (resolved === certificate || arePairs(resolved)) return resolved;
      this.#report(`certificate ${certificate.id} cannot be used: its references lead to no certificate with its key`);
    } catch (error) {
      this.#report(`certificate ${certificate.id} cannot be used: ${(error as Error).message}`);
    }
    return { id: certificate.id };
  }
}

function arePairs(certificate: Entity): boolean {
  const { cert, key } = pairsOf(certificate);
  return cert.length > 0 && cert.length === key.length && cert.every((text, i) => isPair(text, key[i]!));
}

/** False for one that could not be had. */
export const hasMaterial = (certificate: Entity): boolean => typeof certificate['cert'] === 'string';
