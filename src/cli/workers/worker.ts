// A worker: a process that only proxies. The primary gives it the configuration, keeps what it counts, and tells it when to
// end. Signals of a terminal reach all processes, but only the primary decides; without it a worker ends.
import cluster from 'node:cluster';
import { createSchemas } from '../../entities/registry.ts';
import { type Gateway, startGateway } from '../../gateway/gateway.ts';
import { loadPluginDefinitions } from '../../plugins/loader.ts';
import { resolvePluginImports } from '../plugin-imports.ts';
import { schemaUse } from '../schema-use.ts';
import { openAccessLog } from '../serve/access-log.ts';
import { openErrorLog } from '../serve/error-log.ts';
import { createLogLevel } from '../serve/log-level.ts';
import { proxyOptions } from '../serve/proxy-options.ts';
import { createServerLog } from '../serve/server-log.ts';
import { reportStrayRejections } from '../serve/stray-rejections.ts';
import { releaseCompilers, releaseYoungGeneration, setEngineFlags } from '../serve/v8-flags.ts';
import { Calls } from './calls.ts';
import { packFamilies } from './figures.ts';
import { Inbox, type Start } from './inbox.ts';
import { packError, type ToPrimary, type ToWorker } from './messages.ts';
import { MirrorStore } from './mirror-store.ts';
import { RemoteCounters } from './remote-counters.ts';

const GRACE_MS = 10_000;

export async function serveAsWorker(): Promise<void> {
  setEngineFlags();
  const send = (message: ToPrimary): void => {
    if (process.connected) process.send?.(message);
  };
  const calls = new Calls(send);
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  process.on('SIGUSR1', () => undefined);
  const inbox = new Inbox(process);
  send({ type: 'up' });
  const start = await inbox.start;
  try {
    inbox.open(await run({ start, calls, send }));
  } catch (error) {
    send({ type: 'failed', error: packError(error) });
    process.disconnect?.();
    process.exitCode = 1;
  }
}

interface Parts {
  readonly start: Start;
  readonly calls: Calls;
  readonly send: (message: ToPrimary) => void;
}

async function run({ start, calls, send }: Parts): Promise<(message: ToWorker) => void> {
  const { config, nodeId, tls, news, verdicts } = start;
  const logLevel = createLogLevel(start.logLevel);
  const errorLog = openErrorLog(config.proxy_error_log);
  const log = createServerLog(logLevel.current, errorLog.write);
  reportStrayRejections(log);
  resolvePluginImports();
  const plugins = await loadPluginDefinitions(config.plugins, process.cwd());
  releaseCompilers();
  const schemas = createSchemas(plugins, { routerFlavor: config.router_flavor, use: schemaUse(config) });
  const shared = news.facts.hasSharedCounters ? new RemoteCounters(calls, 'store') : undefined;
  const store = new MirrorStore({ schemas, news, calls, counters: shared });
  const accessLog = openAccessLog({
    path: config.proxy_access_log,
    format: config.access_log_format,
    report: (message) => log('error', message),
  });
  const gateway = await startGateway({
    ...proxyOptions(config, tls),
    store,
    plugins,
    nodeId,
    events: { access: accessLog.write, log },
    shared: {
      counters: new RemoteCounters(calls, 'node'),
      probes: 'elsewhere',
      onVerdict: (verdict) => send({ type: 'verdict', verdict }),
      onEvent: (topic, message) => send({ type: 'event', topic, message }),
    },
  });
  for (const verdict of verdicts) gateway.adoptVerdict(verdict);
  const { addresses, streamAddresses } = gateway;
  releaseYoungGeneration();
  send({ type: 'ready', addresses, streamAddresses });

  let isEnding = false;
  const end = async (graceMs: number): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    try {
      await gateway.close(graceMs);
      send({ type: 'figures', figures: figuresOf(gateway) });
      calls.close();
      await accessLog.close();
      await store.close();
      logLevel.close();
      await errorLog.close();
    } finally {
      // Whatever could not be closed: a process that serves no more must not stay.
      if (process.connected) process.disconnect?.();
      process.exit(0);
    }
  };
  process.on('SIGTERM', () => void end(GRACE_MS));
  process.on('SIGQUIT', () => void end(GRACE_MS));
  // Up to here Node ends the process with its primary; from now on requests get their time, but no answers from there.
  cluster.worker!.exitedAfterDisconnect = true;
  process.on('disconnect', () => {
    calls.close();
    void end(GRACE_MS);
  });

  return (message) => {
    switch (message.type) {
      case 'news':
        store.take(message.news);
        void gateway.settled().then(() => send({ type: 'settled', sequence: message.news.sequence }));
        return;
      case 'reply':
        return calls.answer(message);
      case 'verdict':
        return gateway.adoptVerdict(message.verdict);
      case 'event':
        return gateway.adoptEvent(message.topic, message.message);
      case 'logLevel':
        return logLevel.set(message.level, 0);
      case 'reopen':
        accessLog.reopen();
        return errorLog.reopen();
      case 'figures':
        return send({ type: 'figures', figures: figuresOf(gateway) });
      case 'stop':
        return void end(message.graceMs);
      default:
        return undefined;
    }
  };
}

/** The state of the node is what the primary knows. */
const figuresOf = (gateway: Gateway) => ({
  counters: gateway.counters(),
  families: packFamilies(gateway.metrics()).filter(({ type, aggregator }) => type !== 'gauge' || aggregator === 'sum'),
});
