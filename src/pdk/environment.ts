// What a plugin instance gets from the gateway besides requests. Everything here is owned by the gateway and passed in;
// a plugin keeps no globals.
import type { JsonObject } from '../lib/json.ts';
import type { QueueOptions } from '../lib/queue.ts';
import type { Entity } from '../schema/define.ts';
import type { Instrumentation } from '../schema/typedefs.ts';
import type { NodeEvents } from './events.ts';
import type { Metrics } from './metrics.ts';
import type { Network, SystemLog } from './network.ts';
import type { SharedCounters } from './shared-counters.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Log {
  debug(message: string, details?: JsonObject): void;
  info(message: string, details?: JsonObject): void;
  warn(message: string, details?: JsonObject): void;
  error(message: string, details?: JsonObject): void;
}

/** Read access to the configuration as it is now. Look-ups by id or unique field are one hash look-up. */
export interface EntityReader {
  get(kind: string, id: string): Entity | undefined;
  find(kind: string, field: string, value: string): Entity | undefined;
  /** By the tuple that is unique for this kind (`cache_key`); null for an unset member. */
  findTuple(kind: string, values: JsonObject): Entity | undefined;
  children(kind: string, field: string, parent: string): readonly Entity[];
  /** All of them: not for every request. */
  list(kind: string): readonly Entity[];
}

/** `values` are validated and completed as in the Admin API; `ttl` is in seconds from now. */
export type EntityWrite =
  | { readonly action: 'create'; readonly kind: string; readonly values: JsonObject }
  | { readonly action: 'update'; readonly kind: string; readonly id: string; readonly values: JsonObject }
  | { readonly action: 'delete'; readonly kind: string; readonly id: string };

export interface EntityStore extends EntityReader {
  /** The configuration is kept elsewhere, as one piece: `write` always rejects. */
  readonly isReadOnly: boolean;
  /**
   * All changes or none, to kinds that the plugin owns. Answers the entities as they were written or removed; undefined when
   * one to change is gone, or a reference or a unique value forbids a change. Rejects when the store cannot be written.
   */
  write(writes: readonly EntityWrite[]): Promise<readonly Entity[] | undefined>;
}

/** Named numbers that live as long as the node, shared by all instances that use the same key. */
export interface Counters {
  get(key: string): number;
  /** Adds and answers the new value; the counter disappears `ttlSeconds` after it was made. */
  increment(key: string, by: number, ttlSeconds: number): number;
  /** The number itself, for who needs it many times: made when there is none, and good until it expires. */
  open(key: string, ttlSeconds: number): Counter;
}

export interface Counter {
  value: number;
  /** Milliseconds since the epoch; from then on it stands for nothing. */
  readonly expiresAt: number;
}

/** Files opened for appending, shared by path; lines are written whole. Bytes are copied: they are good to be used again. */
export interface AppendFiles {
  append(path: string, line: string | Uint8Array, options: { readonly reopen: boolean }): void;
}

/** Entries on their way to somewhere else. Adding never fails; losses are reported under the plugin's name. */
export interface Queue<E> {
  push(entry: E): void;
  /** The next entry costs the oldest. */
  readonly isFull: boolean;
  /** Takes no more; what it has is still sent, for a moment even when the gateway ends. */
  close(): void;
}

export interface Made<V> {
  readonly value: V;
  readonly bytes: number;
  readonly ttlSeconds: number;
}

/** What a node keeps in memory to be faster, shared by all instances that open the same name; bounded in bytes. */
export interface Cache<V extends object> {
  get(key: string): V | undefined;
  /** False when the entry is larger than the whole cache may be. */
  set(key: string, value: V, size: { readonly bytes: number; readonly ttlSeconds: number }): boolean;
  /**
   * What is kept, else what `make` answers: asked once, however many wait for it. Its failure is that of all who wait, and is not
   * kept; nor is what was deleted meanwhile. That there is nothing is kept as a value that says so.
   */
  load(key: string, make: () => Promise<Made<V>>): Promise<V>;
  /** False when there was none. */
  delete(key: string): boolean;
  clear(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** Work beside requests, for as long as the instance lives. What is called to begin answers what is called to end it. */
export interface Timers {
  after(ms: number, run: () => void | Promise<void>): () => void;
  /** Not begun again while it is still running. */
  every(ms: number, run: () => void | Promise<void>): () => void;
}

/** What references such as `{vault://env/my-secret}` stand for. Those in fields of the configuration are replaced already. */
export interface Vault {
  /** Throws, without a value in the message, where a reference leads nowhere; any other text is answered as it is. */
  get(reference: string): string;
}

export interface NodeFigures {
  /** Of clients, now and so far. */
  readonly connections: { readonly active: number; readonly accepted: number };
  readonly requests: number;
  /** Bytes: of the whole process, and of its objects, those that are used and all that is allocated for them. */
  readonly memory: { readonly process: number; readonly objects: number; readonly allocated: number };
}

/** What the node says of traces, for plugins that send them and follow it. */
export interface NodeTracing {
  /** Of requests about which nobody else decides. */
  readonly samplingRate: number;
  /** Is any kind of span switched on? */
  readonly isOn: boolean;
  has(instrumentation: Instrumentation): boolean;
}

export interface Environment {
  /** Lines carry the plugin's name. */
  readonly log: Log;
  /** Hears every line that the gateway logs, until what it answers is called. */
  watchLog(listener: (level: LogLevel, message: string, details: JsonObject | undefined) => void): () => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly vault: Vault;
  readonly entities: EntityStore;
  readonly counters: Counters;
  readonly files: AppendFiles;
  readonly metrics: Metrics;
  readonly network: Network;
  readonly systemLog: SystemLog;
  /** Whether the address is one of `trusted_ips`. */
  isTrusted(address: string): boolean;
  /**
   * Instances of the plugin that give the same name share one queue; limits and `send` are those of who opened it or added to it
   * last. Without a name it is nobody else's.
   */
  openQueue<E>(options: Omit<QueueOptions<E>, 'report'> & { readonly name?: string }): Queue<E>;
  /** Undefined where this node has its configuration for itself: `counters` are everybody's then. */
  readonly sharedCounters: SharedCounters | undefined;
  /** Where several processes serve for this node: what they count together. Absent where `counters` are the node's. */
  readonly nodeCounters?: SharedCounters | undefined;
  readonly events: NodeEvents;
  openCache<V extends object>(name: string): Cache<V>;
  /** A thing that instances share across the node, made by the first who asks; its `close` is called with the gateway. */
  once<T extends object>(name: string, make: () => T): T;
  readonly node: {
    readonly id: string;
    readonly hostname: string;
    readonly tracing: NodeTracing;
    /** Of this process, as they are now. */
    figures(): NodeFigures;
  };
  /** The configured instance: what it is scoped to. */
  readonly instance: {
    readonly id: string;
    /** `instance_name`. */
    readonly name: string | undefined;
    readonly route: string | undefined;
    readonly service: string | undefined;
    readonly consumer: string | undefined;
  };
}
