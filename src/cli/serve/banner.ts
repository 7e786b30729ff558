// What `serve` prints once it is ready: what listens where, and what was loaded.
import { showAddress } from '../../config/listen.ts';
import { VERSION } from '../../lib/version.ts';
import type { State } from '../../state/state.ts';

interface Place {
  readonly address: { readonly address: string; readonly port: number };
  readonly ssl: boolean;
}

export interface BannerFacts {
  readonly proxy: readonly Place[];
  readonly streams: readonly (Place & { readonly udp: boolean })[];
  readonly admin: readonly Place[];
  readonly status: readonly Place[];
  readonly state: State;
  readonly files: readonly string[];
  /** What the files are written in. */
  readonly writtenFor: string | undefined;
  readonly isWatching: boolean;
  /** Where the configuration is kept. */
  readonly kept: string;
  readonly readyMs: number;
}

export function banner(facts: BannerFacts): string {
  const lines = [`gwctl ${VERSION} is ready in ${Math.round(facts.readyMs)} ms`];
  for (const place of facts.proxy) lines.push(`  proxy      ${url(place)}`);
  for (const { address, ssl, udp } of facts.streams) {
    const scheme = udp ? 'udp' : ssl ? 'tls' : 'tcp';
    lines.push(`  streams    ${scheme}://${showAddress(address.address, address.port)}`);
  }
  for (const place of facts.admin) lines.push(`  Admin API  ${url(place)}`);
  for (const place of facts.status) lines.push(`  Status API ${url(place)}`);
  lines.push(`  loaded     ${countEntities(facts.state)}`);
  if (facts.files.length > 0) {
    const remarks = [`in the form of ${facts.writtenFor}`, ...(facts.isWatching ? ['watched for changes'] : [])];
    lines.push(`  from       ${facts.files.join(', ')} (${remarks.join(', ')})`);
  }
  lines.push(`  kept       ${facts.kept}`);
  return lines.join('\n');
}

const url = ({ address, ssl }: Place): string =>
  `${ssl ? 'https' : 'http'}://${showAddress(address.address, address.port)}`;

/** `2 services, 5 routes, …`: every kind that has some. */
export function countEntities(state: State): string {
  const parts: string[] = [];
  for (const kind of state.schemas.entities.keys()) {
    const count = state.count(kind);
    if (count > 0) parts.push(`${count} ${count === 1 ? singular(kind) : kind}`);
  }
  return parts.length === 0 ? 'nothing: every request is answered with 404' : parts.join(', ');
}

const singular = (kind: string): string => kind.replace(/s$/, '');
