// The data plane as one thing that is opened and closed: listeners, snapshot, connections, plugin instances, timers.
import type { AddressInfo } from 'node:net';
import { properties } from '../config/properties.ts';
import { type ShownHeaders, shownHeaders } from '../config/shown-headers.ts';
import type { MetricFamily } from '../lib/exposition.ts';
import { createRequestIds } from '../lib/ids.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { NodeTracing, PluginAdminWork, PluginDefinition, SharedCounters } from '../pdk/index.ts';
import type { Entity } from '../schema/define.ts';
import type { Store } from '../store/store.ts';
import { BalancerRegistry, type SharedVerdict } from './balancer/registry.ts';
import { type GatewayCore, type GatewayEvents, reportPluginError } from './core.ts';
import { createResolver, type ResolverOptions } from './dns/resolver.ts';
import { EndedRequests } from './ended.ts';
import { SharedAppendFiles } from './environment/append-files.ts';
import { NamedCaches } from './environment/caches.ts';
import { LocalCounters } from './environment/counters.ts';
import { holdCounters } from './environment/held-counters.ts';
import { LogWatchers } from './environment/log-watchers.ts';
import { MetricsRegistry } from './environment/metrics.ts';
import { nodeOf } from './environment/node.ts';
import { NodeTopics } from './environment/node-events.ts';
import { SharedThings } from './environment/once.ts';
import { Outside } from './environment/outside.ts';
import { kindsByPlugin } from './environment/plugin-entities.ts';
import { environmentOf, type OwnedEnvironment } from './environment/plugin-environment.ts';
import { type ErrorPages, OWN_PAGES } from './error-page.ts';
import { handle, logEnded } from './handle.ts';
import { HttpServers } from './http-servers.ts';
import { UpstreamPool } from './http1/pool.ts';
import type { ServerLimits } from './http1/server.ts';
import { Http2Pool } from './http2/upstream-pool.ts';
import { ConnectionCap } from './listen/connection-cap.ts';
import { Listener, type ListenOn } from './listen/listener.ts';
import { cacheFamilies } from './observe/cache-size.ts';
import { targetHealthFamily } from './observe/target-health.ts';
import { PluginHandlers } from './plugins/handlers.ts';
import { type PluginInstance, PluginInstances } from './plugins/instances.ts';
import { Reloader } from './reload.ts';
import { rememberNothing } from './remembered.ts';
import type { RouterFlavor } from './router/router.ts';
import type { SharedBetweenProcesses } from './shared-between-processes.ts';
import { type StreamListenOn, StreamServer } from './stream/server.ts';
import { type Hello, PluginPairs, runCertificatePhase, type Shown } from './tls/certificate-phase.ts';
import { ClientAsks } from './tls/client-certificates.ts';
import type { ServerTls } from './tls/handshakes.ts';
import { probeTlsFrom } from './tls/probe-tls.ts';
import { UpstreamContexts, type UpstreamTlsDefaults } from './tls/upstream-contexts.ts';
import { createTrust, type TrustOptions } from './trust.ts';
import { createVaultReader } from './vault/references.ts';
import { ResolvedCertificates } from './vault/resolved-certificates.ts';

/** As clients name it in a TLS handshake. */
const HTTP_1 = ['http/1.1', 'http/1.0'];

export interface GatewayOptions {
  readonly store: Store;
  readonly plugins: readonly PluginDefinition[];
  /** Whose handlers are loaded when the configuration first uses them. */
  readonly mayWait?: (plugin: PluginDefinition) => boolean;
  readonly listen: readonly ListenOn[];
  /** For connections that are passed through as they are. */
  readonly streamListen?: readonly StreamListenOn[];
  /** The port that clients use, by the one that is listened on. */
  readonly portMaps?: ReadonlyMap<number, number>;
  /** On every listener, whichever asked for it. */
  readonly http2?: boolean;
  /** For listeners with `ssl`. */
  readonly tls?: ServerTls;
  readonly upstreamTls?: UpstreamTlsDefaults;
  readonly events: GatewayEvents;
  /** How host names are resolved. */
  readonly dns?: ResolverOptions;
  readonly trust?: TrustOptions;
  /** Which headers of its own the gateway adds. */
  readonly shown?: ShownHeaders;
  readonly errorPages?: ErrorPages;
  /** Clients that send Kong-Debug are told route and service. */
  readonly allowsDebug?: boolean;
  /** What X-Kong-Request-Debug needs from other machines; null hears it from none, without it that is not heard at all. */
  readonly debugToken?: string | null | undefined;
  readonly routerFlavor?: RouterFlavor;
  readonly calculation?: 'strict' | 'original';
  readonly limits?: Partial<ServerLimits>;
  /** Of clients, over all listeners; 0 is without limit. */
  readonly maxConnections?: number;
  /** As plugins show it; a new one by default. */
  readonly nodeId?: string;
  /** Which spans plugins make. */
  readonly tracing?: NodeTracing;
  /** Of each cache that plugins keep in memory. */
  readonly cacheBytes?: number;
  /** Where the log of the system listens, when it is not the usual place. */
  readonly systemLogSocket?: string;
  /** Where several processes serve for this node. */
  readonly shared?: SharedBetweenProcesses | undefined;
  readonly keepAlive?: { readonly poolSize: number; readonly idleSeconds: number; readonly maxRequests: number };
}

export interface GatewayCounters {
  readonly requests: number;
  readonly connections: number;
  readonly accepted: number;
}

export interface Gateway {
  /** Where the proxy really listens, in the order of `listen`. */
  readonly addresses: readonly AddressInfo[];
  /** The same for `streamListen`. */
  readonly streamAddresses: readonly AddressInfo[];
  readonly balancers: BalancerRegistry;
  /** What plugins keep in memory, by name. */
  readonly caches: NamedCaches;
  counters(): GatewayCounters;
  /** What is counted here, for other processes to count along. */
  readonly heldCounters: SharedCounters;
  /** What another process found out about an address. */
  adoptVerdict(verdict: SharedVerdict): void;
  /** What plugins in another process tell. */
  adoptEvent(topic: string, message: Json): void;
  /** Loads these plugins; what it answers puts them in place of those before, for the next state that the store tells. */
  preparePlugins(plugins: readonly PluginDefinition[]): Promise<() => void>;
  /** Resolves when requests are served by all that the store told until now. */
  settled(): Promise<void>;
  /** What the instance of this stored plugin runs with. */
  openInstance(entity: Entity): PluginAdminWork;
  /** What plugins count and show; families without a sample too. */
  metrics(): readonly MetricFamily[];
  /** Stops accepting, lets running requests end for at most `graceMs`, then closes everything. */
  close(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 10_000;
const BUFFER_BODY_BYTES = 1024 * 1024;
const CACHE_BYTES = 128 * 1024 * 1024;

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { store } = options;
  const logWatchers = new LogWatchers();
  const events = logWatchers.watched(options.events);
  const clock = { now: () => Date.now() };
  const counters = new LocalCounters(clock);
  const caches = new NamedCaches(clock, options.cacheBytes ?? CACHE_BYTES);
  const things = new SharedThings();
  const topics = new NodeTopics(options.shared?.onEvent);
  let requests = 0;
  let accepted = 0;
  let connections = (): number => 0;
  const figures = (): GatewayCounters => ({ requests, connections: connections(), accepted });
  const node = nodeOf(options, figures);
  let kinds = kindsByPlugin(options.plugins);
  const kindsOf = (plugin: string): ReadonlySet<string> => kinds.get(plugin) ?? new Set();
  const files = new SharedAppendFiles((message) => events.log('error', message));
  const resolver = createResolver(options.dns);
  const outside = new Outside({
    resolve: (host) => resolver.resolve(host),
    systemLogSocket: options.systemLogSocket,
    report: (message) => events.log('error', message),
  });
  let isAdopting = false;
  const vaults = createVaultReader(() => store.state, process.env);
  const certificates = new ResolvedCertificates(vaults, (message) => events.log('error', message));
  const balancers = new BalancerRegistry({
    resolve: (host) => resolver.answer(host),
    probeTls: probeTlsFrom(store, certificates, options.upstreamTls),
    probes: options.shared?.probes,
    onHealthChange(change) {
      const { kind, text, peer, step, upstream, isHealthy } = change;
      if (isAdopting) return;
      events.log(kind === 'counted' ? 'debug' : 'warn', `[healthchecks] ${text}`);
      if (peer === undefined) return;
      const { hostname, key } = peer;
      options.shared?.onVerdict({ upstream, hostname, key, isHealthy, ...(kind === 'counted' && { step }) });
    },
  });
  const trust = createTrust(options.trust);
  const metrics = new MetricsRegistry();
  metrics.offer(targetHealthFamily(store, balancers));
  const environment = (plugin: string, entity: Entity): OwnedEnvironment =>
    environmentOf(plugin, entity, {
      store,
      kindsOf,
      clock,
      counters,
      nodeCounters: options.shared?.counters,
      caches,
      things,
      node,
      files,
      metrics,
      outside,
      topics,
      events,
      logWatchers,
      vault,
      isTrusted: trust.isTrusted,
    });
  const resolve = (config: JsonObject): JsonObject => vaults.resolve(config);
  const vault = { get: (reference: string): string => resolve({ reference })['reference'] as string };
  const handlers = new PluginHandlers(options.mayWait ?? (() => false));
  (await handlers.prepare(options.plugins, store.state))();
  const instances = new PluginInstances({
    resolve,
    handlers,
    environment,
    onBroken: (plugin, entity, error, instead) =>
      events.log('error', `plugin ${plugin} cannot run with its configuration: ${String(error)}`, {
        instance: entity.id,
        ...(instead !== undefined && { instead: 'what its former code made', stack: stackOf(error) }),
      }),
  });
  const upstreamContexts = new UpstreamContexts(options.upstreamTls ?? { verifyDepth: 1 }, certificates);
  const log: GatewayEvents['log'] = (level, message, details) => events.log(level, message, details);
  // The store may have told another state meanwhile.
  for (let loading = handlers.load(store.state); loading; loading = handlers.load(store.state)) await loading;
  const reloader = new Reloader(store, {
    instances,
    handlers,
    balancers,
    upstreamContexts,
    clientAsks: new ClientAsks(),
    certificates,
    routing: { flavor: options.routerFlavor ?? 'traditional_compatible', calculation: options.calculation ?? 'strict' },
    log,
  });

  const pool = new UpstreamPool({
    maxIdlePerKey: options.keepAlive?.poolSize ?? 512,
    idleTimeoutMs: (options.keepAlive?.idleSeconds ?? 60) * 1000,
    maxRequestsPerConnection: options.keepAlive?.maxRequests ?? 10_000,
  });
  const http2Pool = new Http2Pool({
    idleTimeoutMs: (options.keepAlive?.idleSeconds ?? 60) * 1000,
    maxRequestsPerConnection: options.keepAlive?.maxRequests ?? 10_000,
  });
  const newRequestId = createRequestIds();
  const core: GatewayCore = {
    config: {
      shown: options.shown ?? shownHeaders(properties.headers.default, properties.headers_upstream.default, 'off'),
      errorPages: options.errorPages ?? OWN_PAGES,
      allowsDebug: options.allowsDebug ?? false,
      debugToken: options.debugToken,
      bufferBodyBytes: BUFFER_BODY_BYTES,
    },
    trust,
    pool,
    http2Pool,
    events,
    ended: new EndedRequests(logEnded),
    newRequestId,
    ...rememberNothing(),
    advertisedPort: (port) => options.portMaps?.get(port) ?? port,
    resolve: (host) => resolver.answer(host),
  };

  const speaksHttp2 = options.http2 ?? false;
  const servers = new HttpServers({
    core,
    limits: options.limits,
    speaksHttp2,
    onRequest(exchange) {
      requests += 1;
      handle(core, reloader.current(), exchange);
    },
  });
  connections = () => servers.connectionCount;

  const pairs = new PluginPairs();
  const choose = (hello: Hello, handshaking: readonly PluginInstance[]): Shown | Promise<Shown> =>
    runCertificatePhase(hello, {
      instances: handshaking,
      pairs,
      onError: (instance, error) => reportPluginError(core, instance, 'certificate', error),
    });
  const streams = new StreamServer({
    core,
    choose: (hello) => choose(hello, reloader.current().streamPlanner.certificate),
    flavor: options.routerFlavor ?? 'traditional_compatible',
    tls: options.tls,
    snapshot: () => reloader.current(),
  });
  const listeners: Listener[] = [];
  const cap = new ConnectionCap(options.maxConnections ?? 0, (message) => events.log('error', message));
  const close = async (graceMs = DEFAULT_GRACE_MS): Promise<void> => {
    for (const listener of listeners) listener.close();
    const destroy = (): void => {
      servers.destroy();
      streams.destroy();
    };
    const timer = setTimeout(destroy, graceMs);
    await Promise.all([servers.drain(), streams.drain()]);
    clearTimeout(timer);
    destroy();
    reloader.close();
    pool.close();
    http2Pool.close();
    balancers.close();
    instances.close();
    await outside.close();
    await things.close();
    caches.close();
    resolver.close();
    counters.close();
    await files.close();
  };

  const addresses: AddressInfo[] = [];
  const streamAddresses: AddressInfo[] = [];
  try {
    for (const listen of options.listen) {
      const listener = new Listener({
        listen,
        tls: options.tls,
        certificates: (name) => reloader.current().certificates(name),
        clientAsks: (name) => reloader.current().clientAsks(name),
        choose: (hello) => choose(hello, reloader.current().planner.certificate),
        protocols: speaksHttp2 ? ['h2', ...HTTP_1] : HTTP_1,
        onConnection() {
          accepted += 1;
          const preparing = listeners.reduce((sum, one) => sum + one.preparingCount, 0);
          return cap.admits(connections() + preparing);
        },
        onArrival({ socket, serverName, alpn, announced, clientCertificate }) {
          servers.accept(socket, alpn, { serverName, clientCertificate, announcedAddress: announced?.address });
        },
        onTlsError: (error) => events.log('debug', `TLS handshake failed: ${error.message}`),
        onUnusableCertificate: (message) => events.log('error', message),
      });
      listeners.push(listener);
      addresses.push(await listener.open());
    }
    for (const listen of options.streamListen ?? []) streamAddresses.push(await streams.open(listen));
  } catch (error) {
    await close(0);
    throw error;
  }
  return {
    addresses,
    streamAddresses,
    get balancers() {
      // They follow the snapshot, and nobody may have asked for the newest one yet.
      reloader.current();
      return balancers;
    },
    caches,
    counters: figures,
    heldCounters: holdCounters(counters),
    adoptVerdict(verdict) {
      // Nobody is told what he said himself.
      isAdopting = true;
      balancers.adopt(verdict);
      isAdopting = false;
    },
    adoptEvent: (topic, message) => topics.receive(topic, message),
    async preparePlugins(plugins) {
      const use = await handlers.prepare(plugins, store.state);
      return () => {
        kinds = kindsByPlugin(plugins);
        use();
      };
    },
    settled: () => reloader.settled(),
    openInstance: (entity) => ({
      config: resolve(entity['config'] as JsonObject),
      environment: environment(entity['name'] as string, entity),
    }),
    metrics: () => [...metrics.families(), ...cacheFamilies(caches, node.id)],
    close,
  };
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? '') : '');
