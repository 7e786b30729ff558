// What the Admin API tells about the node it runs in, supplied by whoever starts it. The Admin API itself knows only
// schemas and the store.
import type { MetricFamily } from '../lib/exposition.ts';
import type { Json, JsonObject } from '../lib/json.ts';

export interface NodeInfo {
  readonly id: string;
  readonly hostname: string;
  /** Every option in effect, secrets replaced. */
  readonly configuration: JsonObject;
  readonly plugins: readonly { readonly name: string; readonly version: string; readonly priority: number }[];
  /** Requests and connections so far. */
  counters(): {
    readonly total_requests: number;
    readonly connections_active: number;
    readonly connections_accepted: number;
    readonly connections_handled: number;
    readonly connections_reading: number;
    readonly connections_writing: number;
    readonly connections_waiting: number;
  };
  readonly health: UpstreamHealth;
  /** Absent where the level of the log cannot be changed. */
  readonly logLevel?: LogLevelControl;
  /** What the node measures; absent where nothing does. */
  readonly metrics?: () => readonly MetricFamily[] | Promise<readonly MetricFamily[]>;
  /** Where several processes count: gathers their figures, which `counters` and `metrics` then show. */
  readonly refresh?: () => Promise<void>;
  /** Ids of the processes that serve requests; this one when absent. */
  readonly workers?: () => readonly number[];
}

export interface LogLevelControl {
  current(): string;
  /** For so many seconds, then the configured level again; 0 is for good. */
  set(level: string, seconds: number): void;
}

/** The live view of balancers; absent answers mean that nothing is known of that upstream. */
export interface UpstreamHealth {
  /** One row for each target id: `health` and `data` as in `GET /upstreams/{u}/health`. */
  targets(upstreamId: string): ReadonlyMap<string, { readonly health: string; readonly data: Json }>;
  upstream(upstreamId: string): { readonly healthy: boolean; readonly details: Json } | undefined;
  /** false when there is no such target or address. */
  setTarget(upstreamId: string, targetId: string, address: string | undefined, healthy: boolean): boolean;
}
