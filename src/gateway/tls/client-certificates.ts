// Which clients are asked for a certificate in their handshake. The request is not known then, only the name that the client
// calls the server: whoever may be on the way to a plugin that wants a certificate is asked, nobody else. What was asked
// for is kept with the connection, so that a plugin can tell a client without a certificate from one that was not asked.
import type { X509Certificate } from 'node:crypto';
import type * as tls from 'node:tls';
import type { CertificateWish, ClientCertificate } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import type { State } from '../../state/state.ts';
import { foreignId } from '../../state/table.ts';
import type { PluginInstance } from '../plugins/instances.ts';
import { ServerNameMap } from './server-name-map.ts';

/** The same object for as long as the same is asked for. */
export interface ClientAsk {
  readonly key: string;
  /** Ids of CA certificates. */
  readonly authorities: ReadonlySet<string>;
  /** Certificates whose names the client is told; PEM. */
  readonly told: readonly string[];
}

/** Undefined when nothing is asked for. */
export type ClientAskIndex = (serverName: string | undefined) => ClientAsk | undefined;

const NOBODY: ClientAskIndex = () => undefined;
const MAX_CHAIN = 10;

/** Makes indexes for one configuration after the other; what is asked for in both stays the same object. */
export class ClientAsks {
  #current = new Map<string, ClientAsk>();
  #previous = new Map<string, ClientAsk>();

  /** @param asking instances with a wish. Compiled when a client comes. */
  index(state: State, asking: readonly PluginInstance[]): ClientAskIndex {
    if (asking.length === 0) return NOBODY;
    let index: ClientAskIndex | undefined;
    return (serverName) => {
      if (index === undefined) {
        this.#previous = this.#current;
        this.#current = new Map();
        index = this.#compile(state, asking);
      }
      return index(serverName);
    };
  }

  #compile(state: State, asking: readonly PluginInstance[]): ClientAskIndex {
    const named = new ServerNameMap<CertificateWish>();
    const everywhere = new Set<CertificateWish>();
    /** Their routes name hosts; a client that calls the gateway by a name of no route may mean one of those. */
    const unlessElsewhere = new Set<CertificateWish>();
    for (const { entity, phases } of asking) {
      const wish = phases.certificateWish!;
      for (const { names, isByServerName } of routesOf(state, entity).map(readNames)) {
        if (names === undefined) everywhere.add(wish);
        else for (const name of names) named.add(name, wish);
        if (!isByServerName) unlessElsewhere.add(wish);
      }
    }
    const known = new ServerNameMap<true>();
    for (const route of state.each('routes')) {
      if (isSecured(route)) for (const name of readNames(route).names ?? []) known.add(name, true);
    }
    return (serverName) => {
      const wishes = new Set(everywhere);
      const isElsewhere = serverName !== undefined && known.find(serverName).length > 0;
      if (!isElsewhere) for (const wish of unlessElsewhere) wishes.add(wish);
      if (serverName !== undefined) for (const wish of named.find(serverName)) wishes.add(wish);
      return wishes.size === 0 ? undefined : this.#ask(state, [...wishes]);
    };
  }

  #ask(state: State, wishes: readonly CertificateWish[]): ClientAsk {
    const ids = [...new Set(wishes.flatMap(({ authorities }) => authorities))].sort();
    const entities = ids.map((id) => state.get('ca_certificates', id)).filter((one) => one !== undefined);
    // A client that is told some names does not choose others: all have to be told, or none.
    const tellsNames = wishes.every((wish) => wish.tellsNames);
    const told = tellsNames ? entities.map((entity) => entity['cert'] as string) : [];
    const key = [...ids, ...(tellsNames ? entities.map((entity) => String(entity['cert_digest'])) : [])].join(' ');
    const ask = this.#current.get(key) ?? this.#previous.get(key) ?? { key, authorities: new Set(ids), told };
    this.#current.set(key, ask);
    return ask;
  }
}

const EVERY_ROUTE = undefined;

/** The secured routes whose requests an instance may get; one that stands for all when it is bound to none. */
function routesOf(state: State, instance: Entity): readonly (Entity | typeof EVERY_ROUTE)[] {
  const route = foreignId(instance, 'route');
  const service = foreignId(instance, 'service');
  if (route === undefined && service === undefined) return [EVERY_ROUTE];
  const routes = route === undefined ? state.children('routes', 'service', service!) : [state.get('routes', route)];
  return routes.filter((one) => one !== undefined && isSecured(one));
}

const isSecured = (route: Entity): boolean => {
  const protocols = route['protocols'] as readonly string[];
  return protocols.includes('https') || protocols.includes('grpcs');
};

/** Server names, else hosts; undefined when the route takes any. */
function readNames(route: Entity | typeof EVERY_ROUTE): {
  readonly names: readonly string[] | undefined;
  readonly isByServerName: boolean;
} {
  const list = (field: string): readonly string[] => (route?.[field] as readonly string[] | null | undefined) ?? [];
  const snis = list('snis');
  if (snis.length > 0) return { names: snis, isByServerName: true };
  const hosts = list('hosts');
  return { names: hosts.length === 0 ? undefined : hosts.map(withoutPort), isByServerName: false };
}

const withoutPort = (host: string): string => host.replace(/:\d+$/, '');

/** Read at once: a socket that was handed on may not tell any more. */
export function clientCertificateOf(socket: tls.TLSSocket, ask: ClientAsk): ClientCertificate {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next);
    const issuer: X509Certificate | undefined = next.issuerCertificate;
    next = issuer?.fingerprint256 === next.fingerprint256 ? undefined : issuer;
  }
  return { authorities: ask.authorities, chain };
}
