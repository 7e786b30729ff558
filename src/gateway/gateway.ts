// The data plane as one thing that is opened and closed: listeners, snapshot, connections, plugin instances, timers.
import { type AddressInfo, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';
import { GwctlError } from '../lib/errors.ts';
import type { MetricFamily } from '../lib/exposition.ts';
import { createRequestIds, newUuid } from '../lib/ids.ts';
import type { Json } from '../lib/json.ts';
import type { Environment, PluginDefinition } from '../pdk/index.ts';
import type { Entity } from '../schema/define.ts';
import { foreignId } from '../state/table.ts';
import type { Store } from '../store/store.ts';
import { BalancerRegistry } from './balancer/registry.ts';
import type { GatewayCore, GatewayEvents } from './core.ts';
import { createResolver } from './dns/resolver.ts';
import { SharedAppendFiles } from './environment/append-files.ts';
import { NamedCaches } from './environment/caches.ts';
import { LocalCounters } from './environment/counters.ts';
import { MetricsRegistry } from './environment/metrics.ts';
import { SharedThings } from './environment/once.ts';
import { Outside } from './environment/outside.ts';
import { PluginEntities } from './environment/plugin-entities.ts';
import { renderFault, standardText } from './error-page.ts';
import { SERVER_TOKEN } from './forward-headers.ts';
import { handle } from './handle.ts';
import { UpstreamPool } from './http1/pool.ts';
import { Http1Server, type ServerLimits } from './http1/server.ts';
import { recordRejected } from './observe/access-record.ts';
import { HeaderLabels } from './observe/header-labels.ts';
import { targetHealthFamily } from './observe/target-health.ts';
import { loadPlugins, PluginInstances } from './plugins/instances.ts';
import { Reloader } from './reload.ts';
import { createTrust, type TrustOptions } from './trust.ts';

export interface ListenOn {
  readonly host: string;
  readonly port: number;
  readonly backlog?: number | undefined;
}

export interface GatewayOptions {
  readonly store: Store;
  readonly plugins: readonly PluginDefinition[];
  readonly listen: readonly ListenOn[];
  readonly events: GatewayEvents;
  readonly trust?: TrustOptions;
  readonly serverTokens?: boolean;
  readonly latencyTokens?: boolean;
  readonly calculation?: 'strict' | 'original';
  readonly limits?: Partial<ServerLimits>;
  /** As plugins show it; a new one by default. */
  readonly nodeId?: string;
  /** Of each cache that plugins keep in memory. */
  readonly cacheBytes?: number;
  /** Where the log of the system listens, when it is not the usual place. */
  readonly systemLogSocket?: string;
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
  readonly balancers: BalancerRegistry;
  /** What plugins keep in memory, by name. */
  readonly caches: NamedCaches;
  counters(): GatewayCounters;
  /** What plugins count and show; families without a sample too. */
  metrics(): readonly MetricFamily[];
  /** Stops accepting, lets running requests end for at most `graceMs`, then closes everything. */
  close(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 10_000;
const BUFFER_BODY_BYTES = 1024 * 1024;
const CACHE_BYTES = 128 * 1024 * 1024;
const NO_TRUST: TrustOptions = { trustedIps: [], realIpHeader: 'X-Real-IP', realIpRecursive: false };

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { store, events } = options;
  const clock = { now: () => Date.now() };
  const counters = new LocalCounters(clock);
  const caches = new NamedCaches(clock, options.cacheBytes ?? CACHE_BYTES);
  const things = new SharedThings();
  const node = { id: options.nodeId ?? newUuid(), hostname: hostname() };
  const kinds = new Map(options.plugins.map(({ name, entities = [] }) => [name, new Set(entities.map((e) => e.name))]));
  const kindsOf = (plugin: string): ReadonlySet<string> => kinds.get(plugin) ?? new Set();
  const files = new SharedAppendFiles((message) => events.log('error', message));
  const resolver = createResolver();
  const outside = new Outside({
    resolve: (host) => resolver.resolve(host),
    systemLogSocket: options.systemLogSocket,
    report: (message) => events.log('error', message),
  });
  const balancers = new BalancerRegistry({
    resolve: (host) => resolver.resolve(host),
    onHealthChange: ({ kind, text }) => events.log(kind === 'counted' ? 'debug' : 'warn', `[healthchecks] ${text}`),
  });
  const metrics = new MetricsRegistry();
  metrics.offer(targetHealthFamily(store, balancers));
  const instances = new PluginInstances({
    plugins: await loadPlugins(options.plugins),
    environment: (plugin, entity) =>
      environmentOf(plugin, entity, {
        store,
        kindsOf,
        clock,
        counters,
        caches,
        things,
        node,
        files,
        metrics,
        outside,
        events,
      }),
    onBroken: (plugin, entity, error) =>
      events.log('error', `plugin ${plugin} cannot run with its configuration; its requests get 500`, {
        instance: entity.id,
        error: String(error),
      }),
  });
  const log: GatewayEvents['log'] = (level, message, details) => events.log(level, message, details);
  const reloader = new Reloader(store, { instances, balancers, calculation: options.calculation ?? 'strict', log });

  const pool = new UpstreamPool({
    maxIdlePerKey: options.keepAlive?.poolSize ?? 512,
    idleTimeoutMs: (options.keepAlive?.idleSeconds ?? 60) * 1000,
    maxRequestsPerConnection: options.keepAlive?.maxRequests ?? 10_000,
  });
  const newRequestId = createRequestIds();
  const core: GatewayCore = {
    config: {
      serverTokens: options.serverTokens ?? true,
      latencyTokens: options.latencyTokens ?? true,
      bufferBodyBytes: BUFFER_BODY_BYTES,
    },
    trust: createTrust(options.trust ?? NO_TRUST),
    pool,
    events,
    newRequestId,
    headerLabels: new HeaderLabels(),
    entityTexts: new WeakMap(),
    resolve: (host) => resolver.resolve(host),
  };

  let requests = 0;
  let accepted = 0;
  const http1 = new Http1Server({
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    onRequest(exchange) {
      requests += 1;
      handle(core, reloader.current(), exchange);
    },
    onRejected({ status, remoteAddress, bytesOut }) {
      events.access?.(recordRejected(newRequestId(), remoteAddress, status, bytesOut));
    },
    renderError(status, _message, request) {
      const id = newRequestId();
      const page = renderFault(standardText(status), id, request?.accept, request?.contentType);
      return {
        ...page,
        headers: [
          ['Server', SERVER_TOKEN],
          ['X-Kong-Request-Id', id],
        ],
      };
    },
  });

  const servers: Server[] = [];
  const close = async (graceMs = DEFAULT_GRACE_MS): Promise<void> => {
    for (const server of servers) server.close();
    const timer = setTimeout(() => http1.destroy(), graceMs);
    await http1.drain();
    clearTimeout(timer);
    http1.destroy();
    reloader.close();
    pool.close();
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
  try {
    for (const address of options.listen) {
      const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
        accepted += 1;
        http1.accept(socket);
      });
      servers.push(server);
      addresses.push(await listenOn(server, address));
    }
  } catch (error) {
    await close(0);
    throw error;
  }
  return {
    addresses,
    balancers,
    caches,
    counters: () => ({ requests, connections: http1.connectionCount, accepted }),
    metrics: () => metrics.families(),
    close,
  };
}

function listenOn(server: Server, { host, port, backlog }: ListenOn): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'the address is in use' : error.message;
      reject(new GwctlError('E_LISTEN', `cannot listen on ${host}:${port} for the proxy: ${reason}`, { cause: error }));
    });
    server.listen({ host, port, ...(backlog === undefined ? {} : { backlog }) }, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined);
      resolve(server.address() as AddressInfo);
    });
  });
}

interface EnvironmentParts {
  readonly store: Store;
  /** Of the entities that a plugin owns. */
  readonly kindsOf: (plugin: string) => ReadonlySet<string>;
  readonly clock: Environment['clock'];
  readonly counters: Environment['counters'];
  readonly caches: NamedCaches;
  readonly things: SharedThings;
  readonly node: Environment['node'];
  readonly files: Environment['files'];
  readonly metrics: Environment['metrics'];
  readonly outside: Outside;
  readonly events: GatewayEvents;
}

function environmentOf(plugin: string, entity: Entity, parts: EnvironmentParts): Environment {
  const { store, clock, counters, caches, things, node, files, metrics, outside, events } = parts;
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, details?: Readonly<Record<string, Json>>): void =>
      events.log(level, `[${plugin}] ${message}`, details);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return {
    log,
    clock,
    counters,
    files,
    metrics,
    network: outside.network,
    systemLog: outside.systemLog,
    openCache: (name) => caches.open(name),
    once: (name, make) => things.once(name, make),
    node,
    openQueue: (queue) => outside.openQueue({ ...queue, report: (level, message) => log[level](message) }),
    entities: new PluginEntities(store, clock, parts.kindsOf(plugin)),
    instance: {
      id: entity.id,
      route: foreignId(entity, 'route'),
      service: foreignId(entity, 'service'),
      consumer: foreignId(entity, 'consumer'),
    },
  };
}
