// The configuration in the form in which requests use it: compiled once per state, never changed afterwards. A request
// holds one snapshot from its first byte to its last, so it never sees half of a change.
import { isIP } from 'node:net';
import type { Entity } from '../schema/define.ts';
import type { State } from '../state/state.ts';
import { foreignId } from '../state/table.ts';
import type { Peer, UpstreamBalancer } from './balancer/balancer.ts';
import type { BalancerRegistry } from './balancer/registry.ts';
import type { LogLevel } from './core.ts';
import type { PluginInstances } from './plugins/instances.ts';
import { PluginPlanner } from './plugins/plan.ts';
import { compileRouter, type Router, type RouterRoute } from './router/router.ts';
import { type CertificateIndex, indexCertificates } from './tls/server-names.ts';

/** A route ready to match: the stored entity, with its service looked up. */
export interface CompiledRoute extends RouterRoute {
  readonly entity: Entity;
  readonly service: Entity | undefined;
  readonly upstream: UpstreamSettings;
}

/** What a service says about tries and waits, milliseconds; Kong's defaults without a service. */
export interface UpstreamSettings {
  readonly tries: number;
  readonly connectTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** The service's own host is an IP address: nothing to resolve, and no upstream can have its name. */
  readonly isAddress: boolean;
  /** Peers of the service's own host by address, made when first needed. */
  readonly peers: Map<string, Peer>;
}

export interface Snapshot {
  readonly state: State;
  readonly router: Router<CompiledRoute>;
  readonly planner: PluginPlanner;
  /** The stored certificate that answers for a server name. */
  readonly certificates: CertificateIndex;
  /** The balancer of an upstream by its name, which a service's host may be. */
  balancer(host: string): UpstreamBalancer | undefined;
}

export interface CompileParts {
  readonly instances: PluginInstances;
  readonly balancers: BalancerRegistry;
  readonly calculation: 'strict' | 'original';
  log(level: LogLevel, message: string): void;
}

const HTTP_FAMILY: ReadonlySet<string> = new Set(['http', 'https', 'grpc', 'grpcs']);

const servesHttp = (entity: Entity): boolean =>
  (entity['protocols'] as readonly string[] | null)?.some((protocol) => HTTP_FAMILY.has(protocol)) === true;

/** Compiles a state; parts whose entities did not change since `previous` are taken over. */
export function compileSnapshot(state: State, previous: Snapshot | undefined, parts: CompileParts): Snapshot {
  const unchanged = (...kinds: readonly string[]): boolean =>
    previous !== undefined && kinds.every((kind) => previous.state.generation(kind) === state.generation(kind));

  const router = unchanged('routes', 'services') ? previous!.router : compileRoutes(state, parts);
  const planner = unchanged('plugins', 'consumer_group_consumers') ? previous!.planner : compilePlugins(state, parts);
  const balancer = unchanged('upstreams', 'targets')
    ? previous!.balancer
    : parts.balancers.update(
        state.list('upstreams').map((upstream) => ({
          upstream: upstream as never,
          targets: state.children('targets', 'upstream', upstream.id) as never,
        })),
      );
  const certificates = unchanged('certificates', 'snis') ? previous!.certificates : indexCertificates(state);
  return { state, router, planner, certificates, balancer };
}

function compileRoutes(state: State, parts: CompileParts): Router<CompiledRoute> {
  const routes: CompiledRoute[] = [];
  for (const entity of state.list('routes')) {
    if (!servesHttp(entity)) continue;
    const serviceId = foreignId(entity, 'service');
    const service = serviceId === undefined ? undefined : state.get('services', serviceId);
    if (service?.['enabled'] === false) continue;
    routes.push({ ...(entity as unknown as RouterRoute), entity, service, upstream: settingsOf(service) });
  }
  const router = compileRouter(routes, { flavor: 'traditional_compatible', calculation: parts.calculation });
  for (const { id, reason } of router.skipped)
    parts.log('error', `route ${id} cannot be matched and is left out: ${reason}`);
  return router;
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
    isAddress: isIP(String(service?.['host'] ?? '')) !== 0,
    peers: new Map(),
  };
}

function compilePlugins(state: State, parts: CompileParts): PluginPlanner {
  const enabled = state.list('plugins').filter((plugin) => plugin['enabled'] !== false && servesHttp(plugin));
  const groupsOf = (consumer: string): string[] =>
    state
      .children('consumer_group_consumers', 'consumer', consumer)
      .map((membership) => foreignId(membership, 'consumer_group')!);
  return new PluginPlanner(parts.instances.adopt(enabled), groupsOf);
}
