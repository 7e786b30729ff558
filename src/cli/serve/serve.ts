// One run of the gateway: files → state → store → data plane and Admin API, until a signal ends it.

import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import type { NodeInfo } from '../../admin/node.ts';
import { loadPluginRoutes } from '../../admin/plugin-routes.ts';
import { createAdminServer } from '../../admin/server.ts';
import type { ParseDocument } from '../../admin/special.ts';
import { createStatusServer } from '../../admin/status-server.ts';
import { parseListen } from '../../config/listen.ts';
import { type Config, hideSecrets } from '../../config/load.ts';
import { createSchemas } from '../../entities/registry.ts';
import { type Gateway, startGateway } from '../../gateway/gateway.ts';
import { newUuid } from '../../lib/ids.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { PluginDefinition } from '../../pdk/index.ts';
import { loadPluginDefinitions } from '../../plugins/loader.ts';
import { WatchedPlugins } from '../../plugins/watched-plugins.ts';
import type { SchemaSet } from '../../schema/schema-set.ts';
import { deleteExpired } from '../../store/expire.ts';
import { settlingStore } from '../../store/settling.ts';
import type { Store } from '../../store/store.ts';
import { ignoreLostOutput } from '../closed-pipe.ts';
import { resolvePluginImports } from '../plugin-imports.ts';
import { schemaUse } from '../schema-use.ts';
import { createUnexecutedWarning } from '../unexecuted-plugins.ts';
import type { WorkerPool } from '../workers/pool.ts';
import { openAccessLog } from './access-log.ts';
import { banner } from './banner.ts';
import { keepDebugToken, withDebugToken } from './debug-token.ts';
import { openErrorLog } from './error-log.ts';
import { guardOf } from './guard.ts';
import { createLogLevel, type LogLevelSwitch } from './log-level.ts';
import { type OpenedStore, openStore } from './open-store.ts';
import { type PidFile, refuseSecond, writePidFile } from './pid-file.ts';
import { createPostReader } from './post-apart.ts';
import { proxyOptions } from './proxy-options.ts';
import { createReadiness } from './readiness.ts';
import { Reloading } from './reloading.ts';
import { type Listening, listenOn, readServeTls } from './serve-tls.ts';
import { createServerLog } from './server-log.ts';
import { untilSignal } from './signals.ts';
import { reportStrayRejections } from './stray-rejections.ts';
import { holdYoungGeneration, releaseCompilers, releaseYoungGeneration, setEngineFlags } from './v8-flags.ts';

export interface ServeOptions {
  readonly inputs: readonly string[];
  readonly config: Config;
  readonly isWatching: boolean;
  /** What to say of the configuration once there is a log. */
  readonly remarks: readonly string[];
  /** Directory of a SQLite store. */
  readonly data?: string | undefined;
  /** What to do with files when the store holds something else. */
  readonly onOtherContent?: 'refuse' | 'replace';
}

type Log = ReturnType<typeof createServerLog>;

const EXPIRY_SWEEP_MS = 1000;
const GRACE_MS = 10_000;

export async function serve(options: ServeOptions): Promise<void> {
  const config = withDebugToken(options.config);
  const { inputs, isWatching, remarks, data, onOtherContent } = options;
  const startedAt = performance.now();
  setEngineFlags();
  ignoreLostOutput();
  const proxyListen = parseListen('proxy_listen', config.proxy_listen);
  const streamListen = parseListen('stream_listen', config.stream_listen);
  const adminListen = parseListen('admin_listen', config.admin_listen);
  const statusListen = parseListen('status_listen', config.status_listen);
  const listens = { proxy: [...proxyListen, ...streamListen], admin: adminListen, status: statusListen };
  const tls = readServeTls(config, listens, data === undefined ? undefined : join(data, 'ssl'));
  let pool: WorkerPool | undefined;
  const logLevel = createLogLevel(config.log_level, (level) => pool?.tellLogLevel(level));
  const errorLog = openErrorLog(config.proxy_error_log);
  const log = createServerLog(logLevel.current, errorLog.write);
  reportStrayRejections(log);
  const guard = guardOf(config, adminListen);
  for (const remark of remarks) log('warn', remark);

  resolvePluginImports();
  const watched = isWatching ? new WatchedPlugins(config.plugins, process.cwd()) : undefined;
  let plugins = await (watched?.load() ?? loadPluginDefinitions(config.plugins, process.cwd()));
  const schemasOf = (known: readonly PluginDefinition[]): SchemaSet =>
    createSchemas(known, { routerFlavor: config.router_flavor, use: schemaUse(config) });
  const opened = await openStore({
    inputs,
    data,
    onOtherContent: onOtherContent ?? 'refuse',
    isWatching,
    config,
    schemas: schemasOf(plugins),
    report: log,
  });
  holdYoungGeneration();
  const { store } = opened;
  const warnOfUnexecuted = createUnexecutedWarning((message) => log('warn', message), plugins);
  warnOfUnexecuted(store.state);
  store.subscribe(warnOfUnexecuted);
  const accessLog = openAccessLog({
    path: config.proxy_access_log,
    format: config.access_log_format,
    report: (message) => log('error', message),
  });
  const nodeId = newUuid();
  const workerCount =
    config.nginx_worker_processes === 'auto' ? availableParallelism() : Number(config.nginx_worker_processes);
  const starting = startGateway({
    store,
    nodeId,
    plugins,
    ...proxyOptions(config, tls),
    // With workers this process probes and counts for them, and proxies nothing itself.
    ...(workerCount > 1 && {
      listen: [],
      streamListen: [],
      shared: {
        probes: 'here' as const,
        onVerdict: (verdict) => pool?.tellVerdict(verdict),
        onEvent: (topic, message) => pool?.tellEvent(topic, message),
      },
    }),
    events: { access: accessLog.write, log },
  });
  // A store that stays open would keep the process from ending.
  const gateway = await starting.catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const adminSecurity = { pairs: tls.admin, settings: tls.settings, clients: tls.adminClients };
  const admins: Listening[] = [];
  const statuses: Listening[] = [];
  const readiness = createReadiness(store);
  let pluginRoutes: Awaited<ReturnType<typeof loadPluginRoutes>> = [];
  let pidFile: PidFile | undefined;
  const settled = async (): Promise<void> => {
    await Promise.all([gateway.settled(), pool?.settled()]);
  };
  const reloading = new Reloading({
    opened,
    gateway,
    plugins,
    watched,
    log,
    print: errorLog.write,
    schemasOf,
    async prepare(known) {
      const routes = await loadPluginRoutes(known, gateway.openInstance);
      return () => {
        plugins = known;
        pluginRoutes = routes;
      };
    },
    make: (change) => pool?.renew(change) ?? change(),
  });
  let ending: Promise<void>;
  try {
    // Before anybody can find this process, or is served by its workers: by default signals would end it at once.
    ending = untilSignal({
      reload: () => void reloadAsked(opened, reloading, log),
      reopen() {
        for (const opener of [accessLog, errorLog, pool]) opener?.reopen();
        log('info', 'logs opened again');
      },
      onEnding: (signal) => log('info', `received ${signal}: waiting for running requests`),
    });
    if (config.prefix !== null) refuseSecond(config.prefix);
    pluginRoutes = await loadPluginRoutes(plugins, gateway.openInstance);
    if (workerCount > 1) {
      const { WorkerPool } = await import('../workers/pool.ts');
      pool = new WorkerPool({
        count: workerCount,
        config,
        store,
        gateway,
        tls,
        nodeId,
        logLevel: logLevel.current,
        log,
      });
      await pool.start();
    }
    const node = describeNode({ id: nodeId, config, gateway, pool, store, logLevel, plugins: () => plugins });
    for (const address of statusListen) {
      const server = createStatusServer({
        store,
        node,
        auto: { now: () => Date.now() },
        readiness,
        onError: (error) => log('error', `Status API: ${error instanceof Error ? (error.stack ?? '') : String(error)}`),
      });
      statuses.push(await listenOn(server, address, 'the Status API', { pairs: tls.status, settings: tls.settings }));
    }
    const loadApart = createPostReader(store, config);
    for (const address of adminListen) {
      const server = createAdminServer({
        store: settlingStore(store, settled),
        node,
        auto: { now: () => Date.now() },
        parse: readDocument,
        ...(loadApart && { loadApart }),
        guard,
        settled,
        pluginRoutes: () => pluginRoutes,
        onError: (error) => log('error', `Admin API: ${error instanceof Error ? (error.stack ?? '') : String(error)}`),
      });
      admins.push(await listenOn(server, address, 'the Admin API', adminSecurity));
    }
    if (config.prefix !== null) pidFile = writePidFile(config.prefix);
    keepDebugToken(config);
  } catch (error) {
    for (const listening of [...statuses, ...admins]) listening.close();
    await pool?.stop(0);
    await gateway.close(0);
    pidFile?.remove();
    await store.close();
    throw error;
  }

  // Out of reach, the database keeps what has expired until the next sweep.
  const sweep = setInterval(() => void deleteExpired(store, Date.now()).catch(() => {}), EXPIRY_SWEEP_MS);
  if (isWatching) reloading.watch();
  const streams = (pool ?? gateway).streamAddresses.map((address, i) => ({ address, ...streamListen[i]! }));
  const proxies = (pool ?? gateway).addresses.map((address, i) => ({ address, ssl: proxyListen[i]!.ssl }));
  releaseYoungGeneration();
  releaseCompilers();
  const readyMs = performance.now() - startedAt;
  process.stdout.write(
    `${banner({ proxy: proxies, streams, admin: admins, status: statuses, state: store.state, files: opened.files, writtenFor: opened.writtenFor, isWatching, kept: opened.kept, readyMs })}\n`,
  );

  await ending;
  // Whoever asks meanwhile is told not to send more.
  readiness.drain();
  reloading.close();
  watched?.close();
  clearInterval(sweep);
  for (const admin of admins) admin.close();
  await pool?.stop(GRACE_MS);
  await gateway.close(GRACE_MS);
  for (const status of statuses) status.close();
  for (const { server } of [...admins, ...statuses]) server.closeAllConnections();
  logLevel.close();
  await accessLog.close();
  await store.close();
  pidFile?.remove();
  log('info', 'stopped');
  await errorLog.close();
}

/** By a signal, which may come to a gateway that has no files, or that keeps its configuration elsewhere. */
function reloadAsked(opened: OpenedStore, reloading: Reloading, log: Log): Promise<void> | undefined {
  const { kind } = opened.store;
  if (opened.files.length > 0 && (kind === 'memory' || kind === 'declarative')) return reloading.files();
  const why = opened.files.length === 0 ? 'there are none' : 'that would undo what the Admin API has written';
  log('warn', `files are not loaded again: ${why}`);
  return undefined;
}

interface NodeParts {
  readonly id: string;
  readonly config: Config;
  readonly gateway: Gateway;
  readonly pool: WorkerPool | undefined;
  readonly store: Store;
  readonly logLevel: LogLevelSwitch;
  readonly plugins: () => readonly PluginDefinition[];
}

function describeNode({ id, config, gateway, pool, store, logLevel, plugins }: NodeParts): NodeInfo {
  return {
    id,
    hostname: hostname(),
    configuration: {
      ...hideSecrets(config),
      // A client asks this to know whether it may write entities.
      database: store.isReadOnly ? 'off' : 'postgres',
      role: 'traditional',
    } as unknown as JsonObject,
    get plugins() {
      return plugins().map(({ name, version, priority }) => ({ name, version, priority }));
    },
    counters() {
      const { requests, connections, accepted } = (pool ?? gateway).counters();
      return {
        total_requests: requests,
        connections_active: connections,
        connections_accepted: accepted,
        connections_handled: accepted,
        connections_reading: 0,
        connections_writing: connections,
        connections_waiting: 0,
      };
    },
    health: {
      targets: (upstreamId) => gateway.balancers.targets(upstreamId),
      upstream: (upstreamId) => gateway.balancers.upstream(upstreamId),
      setTarget: (...which) => gateway.balancers.setTarget(...which),
    },
    metrics: () => pool?.families() ?? gateway.metrics(),
    ...(pool && { refresh: () => pool.refresh(), workers: () => pool.pids }),
    logLevel,
  };
}

/** A configuration that comes as text to the Admin API. */
const readDocument: ParseDocument = async (text) => {
  const { parseState } = await import('../../control/file/parse.ts');
  return parseState(text);
};
