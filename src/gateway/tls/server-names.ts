// Which certificate answers for a server name. The order is that of lookups by name: the name itself, then with its first
// label replaced by `*`, then with its last one, then `*` alone. Nothing found, or no name at all, means the default.
import { isIP } from 'node:net';
import type { Entity } from '../../schema/define.ts';
import type { State } from '../../state/state.ts';
import { foreignId } from '../../state/table.ts';
import { hasMaterial, type ResolvedCertificates } from '../vault/resolved-certificates.ts';

/** Finds the stored certificate for a name; undefined stands for the default one. */
export type CertificateIndex = (serverName: string) => Entity | undefined;

/** @param certificates those that cannot be had are left out: the default one stands in for them. */
export function indexCertificates(state: State, certificates: ResolvedCertificates): CertificateIndex {
  const byName = new Map<string, Entity>();
  for (const sni of state.list('snis')) {
    const id = foreignId(sni, 'certificate');
    const certificate = id === undefined ? undefined : certificates.get(state, id);
    if (certificate !== undefined && hasMaterial(certificate)) byName.set(sni['name'] as string, certificate);
  }
  return (serverName) => {
    if (byName.size === 0) return undefined;
    for (const name of namesFor(serverName)) {
      const certificate = byName.get(name);
      if (certificate !== undefined) return certificate;
    }
    return undefined;
  };
}

const NAME = /^(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]*)(?:\.[A-Za-z0-9_-]+)*(?:\.\*)?$/;

/** Stored names that answer for this one, the most specific first. Empty for what is no server name. */
export function namesFor(serverName: string): string[] {
  const name = serverName.endsWith('.') ? serverName.slice(0, -1) : serverName;
  if (!NAME.test(name) || isIP(name) !== 0) return [];
  const names = [name];
  const first = name.indexOf('.');
  const last = name.lastIndexOf('.');
  if (!name.includes('*')) {
    // `domain.test` has no wildcard of its own: `*.test` would stand for a whole top-level domain.
    if (first >= 0 && first !== last) names.push(`*${name.slice(first)}`);
    if (last >= 0) names.push(`${name.slice(0, last)}.*`);
  }
  names.push('*');
  return names;
}
