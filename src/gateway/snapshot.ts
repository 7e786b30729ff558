// The configuration in the form in which requests use it: compiled once per state, never changed afterwards. A request
// holds one snapshot from its first byte to its last, so it never sees half of a change.
import { isIP } from 'node:net';
import type { Entity } from '../schema/define.ts';
import type { State } from '../state/state.ts';
import { foreignId } from '../state/table.ts';
import type { Peer, UpstreamBalancer } from './balancer/balancer.ts';
import type { BalancerRegistry } from './balancer/registry.ts';
import { CompiledRoute } from './compiled-route.ts';
import type { LogLevel } from './core.ts';
import type { PluginHandlers } from './plugins/handlers.ts';
import type { PluginInstances } from './plugins/instances.ts';
import { type LinkedPlugins, linkPlugins } from './plugins/linked.ts';
import { type GroupsOf, PluginPlanner } from './plugins/plan.ts';
import type { Users } from './plugins/users.ts';
import type { Router, RouterOptions } from './router/router.ts';
import type { RoutingTableParts } from './router/routing-table.ts';
import type { ClientAskIndex, ClientAsks } from './tls/client-certificates.ts';
import { type CertificateIndex, indexCertificates } from './tls/server-names.ts';
import type { TlsProfiles, UpstreamContexts } from './tls/upstream-contexts.ts';
import { type UpstreamScheme, upstreamScheme } from './upstream-scheme.ts';
import type { ResolvedCertificates } from './vault/resolved-certificates.ts';

/** What a service says about tries and waits, milliseconds; Kong's defaults without a service. */
export interface UpstreamSettings {
  readonly tries: number;
  readonly connectTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly scheme: UpstreamScheme;
  /** The service's own host is an IP address: nothing to resolve, and no upstream can have its name. */
  readonly isAddress: boolean;
  /** Peers of the service's own host by address, made when first needed. */
  readonly peers: Map<string, Peer>;
}

export interface Snapshot {
  readonly state: State;
  readonly router: Router<CompiledRoute>;
  readonly planner: PluginPlanner;
  /** The same for connections that are passed through as they are. */
  readonly streamPlanner: PluginPlanner;
  /** Who uses the instances of both: everybody from his first byte to his last. */
  readonly users: Users;
  /** The plugins with what they share in place. */
  readonly linked: LinkedPlugins;
  /** The stored certificate that answers for a server name. */
  readonly certificates: CertificateIndex;
  /** What clients that call the server by a name are asked to show. */
  readonly clientAsks: ClientAskIndex;
  /** How connections of a service are secured. */
  readonly tlsProfiles: TlsProfiles;
  /** The balancer of an upstream by its name, which a service's host may be. */
  balancer(host: string): UpstreamBalancer | undefined;
}

export interface CompileParts {
  readonly handlers: PluginHandlers;
  readonly instances: PluginInstances;
  readonly balancers: BalancerRegistry;
  readonly upstreamContexts: UpstreamContexts;
  readonly clientAsks: ClientAsks;
  readonly certificates: ResolvedCertificates;
  readonly routing: RouterOptions;
  log(level: LogLevel, message: string): void;
}

const HTTP_FAMILY: ReadonlySet<string> = new Set(['http', 'https', 'grpc', 'grpcs']);
const STREAM_FAMILY: ReadonlySet<string> = new Set(['tcp', 'tls', 'tls_passthrough', 'udp']);

const serves =
  (family: ReadonlySet<string>) =>
  (entity: Entity): boolean =>
    (entity['protocols'] as readonly string[] | null)?.some((protocol) => family.has(protocol)) === true;

const servesHttp = serves(HTTP_FAMILY);
/** Of routes and plugins: one of their protocols is for connections that are passed through as they are. */
export const servesStreams = serves(STREAM_FAMILY);

/** Compiles a state around its router; parts whose entities did not change since `previous` are taken over. */
export function compileSnapshot(
  state: State,
  router: Router<CompiledRoute>,
  previous: Snapshot | undefined,
  parts: CompileParts,
): Snapshot {
  const unchanged = (...kinds: readonly string[]): boolean =>
    previous !== undefined && kinds.every((kind) => previous.state.generation(kind) === state.generation(kind));

  const { planner, streamPlanner, users, linked } = unchanged(
    'plugins',
    'partials',
    'consumer_group_consumers',
    'consumer_groups',
  )
    ? previous!
    : compilePlugins(state, previous, parts);
  const balancer = unchanged('upstreams', 'targets')
    ? previous!.balancer
    : parts.balancers.update(
        state.list('upstreams').map((upstream) => ({
          upstream: upstream as never,
          targets: state.children('targets', 'upstream', upstream.id) as never,
        })),
      );
  const certificates = unchanged('certificates', 'snis', 'vaults')
    ? previous!.certificates
    : indexCertificates(state, parts.certificates);
  const clientAsks =
    previous?.planner === planner && unchanged('routes', 'ca_certificates')
      ? previous.clientAsks
      : parts.clientAsks.index(state, planner.asking);
  const tlsProfiles = unchanged('services', 'upstreams', 'certificates', 'ca_certificates', 'vaults')
    ? previous!.tlsProfiles
    : parts.upstreamContexts.index(state);
  return { state, router, planner, streamPlanner, users, linked, certificates, clientAsks, tlsProfiles, balancer };
}

/** Compiles one route at a time; those of one service share its settings. */
export function createRouteCompiler(): RoutingTableParts<CompiledRoute>['compileRoute'] {
  const known = new WeakMap<Entity, UpstreamSettings>();
  const ofNoService = settingsOf(undefined);
  return (entity, state, before) => {
    if (!servesHttp(entity)) return undefined;
    const serviceId = foreignId(entity, 'service');
    const service = serviceId === undefined ? undefined : state.get('services', serviceId);
    if (service?.['enabled'] === false) return undefined;
    if (before !== undefined && before.entity === entity && before.service === service) return before;
    let upstream = service === undefined ? ofNoService : known.get(service);
    if (upstream === undefined) {
      upstream = settingsOf(service);
      known.set(service!, upstream);
    }
    return new CompiledRoute(entity, service, upstream);
  };
}

function settingsOf(service: Entity | undefined): UpstreamSettings {
  const read = (name: string, fallback: number): number => {
    const value = service?.[name];
    return typeof value === 'number' ? value : fallback;
  };
  return {
    tries: 1 + read('retries', 5),
    connectTimeoutMs: read('connect_timeout', 60_000),
    sendTimeoutMs: read('write_timeout', 60_000),
    readTimeoutMs: read('read_timeout', 60_000),
    scheme: upstreamScheme(service?.['protocol']),
    isAddress: isIP(String(service?.['host'] ?? '')) !== 0,
    peers: new Map(),
  };
}

function compilePlugins(
  state: State,
  previous: Snapshot | undefined,
  parts: CompileParts,
): Pick<Snapshot, 'planner' | 'streamPlanner' | 'users' | 'linked'> {
  const enabled = state.list('plugins').filter((plugin) => plugin['enabled'] !== false);
  const groupsOf = createGroupsOf(state);
  const linked = linkPlugins(state, enabled, previous?.linked, ({ id }) =>
    parts.log('error', `plugin ${id} shares settings with a partial that is not there: it acts on its own`),
  );
  const instances = parts.instances.adopt(linked.entities);
  const serving = (is: (plugin: Entity) => boolean): PluginPlanner =>
    new PluginPlanner(
      instances.filter(({ entity }) => is(entity)),
      groupsOf,
    );
  const { users } = parts.instances;
  return { planner: serving(servesHttp), streamPlanner: serving(servesStreams), users, linked };
}

/** Of a consumer's groups the first by name comes first. */
function createGroupsOf(state: State): GroupsOf {
  const known = new Map<string, readonly string[]>();
  const nameOf = (group: string): string => String(state.get('consumer_groups', group)?.['name']);
  return (consumer) => {
    let groups = known.get(consumer);
    if (groups === undefined) {
      const memberships = state.children('consumer_group_consumers', 'consumer', consumer);
      groups = memberships
        .map((membership) => foreignId(membership, 'consumer_group')!)
        .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
      known.set(consumer, groups);
    }
    return groups;
  };
}
