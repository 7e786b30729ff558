// What one plugin instance gets of the gateway: its own log, queue and entities, and what all instances share.
import type { Json } from '../../lib/json.ts';
import type { Environment } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { foreignId } from '../../state/table.ts';
import type { Store } from '../../store/store.ts';
import type { GatewayEvents } from '../core.ts';
import type { NamedCaches } from './caches.ts';
import type { LogWatchers } from './log-watchers.ts';
import { InstanceEvents, type NodeTopics } from './node-events.ts';
import type { SharedThings } from './once.ts';
import type { Outside } from './outside.ts';
import { PluginEntities } from './plugin-entities.ts';
import { PluginTimers } from './plugin-timers.ts';

export interface EnvironmentParts {
  readonly store: Store;
  /** Of the entities that a plugin owns. */
  readonly kindsOf: (plugin: string) => ReadonlySet<string>;
  readonly clock: Environment['clock'];
  readonly counters: Environment['counters'];
  readonly nodeCounters: Environment['nodeCounters'];
  readonly caches: NamedCaches;
  readonly things: SharedThings;
  readonly node: Environment['node'];
  readonly files: Environment['files'];
  readonly metrics: Environment['metrics'];
  readonly outside: Outside;
  readonly topics: NodeTopics;
  readonly events: GatewayEvents;
  readonly logWatchers: LogWatchers;
  readonly vault: Environment['vault'];
  readonly isTrusted: Environment['isTrusted'];
}

export interface OwnedEnvironment extends Environment {
  /** The plugin's code threw there. */
  failed(where: string, error: unknown): void;
  /** Its instance is gone. */
  release(): void;
}

export function environmentOf(plugin: string, entity: Entity, parts: EnvironmentParts): OwnedEnvironment {
  const { store, clock, counters, nodeCounters, caches, things, node, files, metrics, outside, events, logWatchers } =
    parts;
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, details?: Readonly<Record<string, Json>>): void =>
      events.log(level, `[${plugin}] ${message}`, details);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const failed = (where: string, error: unknown): void =>
    events.log('error', `plugin ${plugin} failed in ${where}`, {
      instance: entity.id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  const timers = new PluginTimers((error) => failed('a timer', error));
  const nodeEvents = new InstanceEvents(parts.topics, (error) => failed('a listener', error));
  return {
    log,
    failed,
    timers,
    vault: parts.vault,
    isTrusted: parts.isTrusted,
    release() {
      timers.close();
      nodeEvents.close();
    },
    events: nodeEvents,
    watchLog: (listener) => logWatchers.add(listener),
    clock,
    counters,
    files,
    metrics,
    network: outside.network,
    systemLog: outside.systemLog,
    sharedCounters: store.counters,
    nodeCounters,
    openCache: (name) => caches.open(name),
    once: (name, make) => things.once(name, make),
    node,
    openQueue: ({ name, ...queue }) =>
      outside.openQueue(
        { ...queue, report: (level, message) => log[level](message) },
        name === undefined ? undefined : `${plugin} ${name}`,
      ),
    entities: new PluginEntities(store, clock, parts.kindsOf(plugin)),
    instance: {
      id: entity.id,
      name: (entity['instance_name'] ?? undefined) as string | undefined,
      route: foreignId(entity, 'route'),
      service: foreignId(entity, 'service'),
      consumer: foreignId(entity, 'consumer'),
    },
  };
}
