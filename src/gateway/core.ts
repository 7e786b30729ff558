// What every request needs of the running gateway, gathered once: settings, connections, clocks, and where events go.
import type { ShownHeaders } from '../config/shown-headers.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { NameAnswer } from './dns/answer.ts';
import type { EndedRequests } from './ended.ts';
import type { ErrorPages } from './error-page.ts';
import type { UpstreamPool } from './http1/pool.ts';
import type { Http2Pool } from './http2/upstream-pool.ts';
import type { PluginInstance } from './plugins/instances.ts';
import type { Remembered } from './remembered.ts';
import type { Trust } from './trust.ts';

export interface CoreConfig {
  readonly shown: ShownHeaders;
  readonly errorPages: ErrorPages;
  /** Clients that send Kong-Debug are told route and service. */
  readonly allowsDebug: boolean;
  /** What X-Kong-Request-Debug needs from other machines; null where it is heard from none, undefined where not at all. */
  readonly debugToken: string | null | undefined;
  /** Bodies up to this size are read before the upstream is chosen, so that a failed try can be repeated. */
  readonly bufferBodyBytes: number;
}

export interface RecordedRequest {
  readonly httpVersion: 1 | 1.1 | 2;
  readonly headers: { get(name: string): string | undefined };
}

/** One line of the access log. Latencies in milliseconds, -1 when the request never went upstream. */
export interface AccessRecord {
  readonly time: number;
  readonly request_id: string;
  readonly client_ip: string;
  readonly method: string;
  readonly uri: string;
  readonly host: string;
  readonly status: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  readonly route: string | null;
  readonly service: string | null;
  /** address:port of the last try */
  readonly upstream: string | null;
  readonly consumer: string | null;
  readonly latency: number;
  readonly latency_kong: number;
  readonly latency_upstream: number;
  readonly tries: number;
  readonly aborted: boolean;
  /** The request itself, while the record is written. Being a function it is in no JSON. */
  readonly request?: () => RecordedRequest;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Nothing below the command line prints: what happens is told to these. */
export interface GatewayEvents {
  readonly access: ((record: AccessRecord) => void) | undefined;
  log(level: LogLevel, message: string, details?: Readonly<Record<string, Json>>): void;
}

export interface GatewayCore extends Remembered {
  readonly config: CoreConfig;
  readonly trust: Trust;
  readonly pool: UpstreamPool;
  /** For services that speak gRPC. */
  readonly http2Pool: Http2Pool;
  readonly events: GatewayEvents;
  /** Still to be logged. */
  readonly ended: EndedRequests;
  newRequestId(): string;
  /** The port by which clients reach the one that is listened on. */
  advertisedPort(port: number): number;
  /** What a host name stands for, at once when it is known. */
  resolve(host: string): NameAnswer | Promise<NameAnswer>;
}

export function reportPluginError(
  core: GatewayCore,
  instance: PluginInstance,
  phase: string,
  error: unknown,
  requestId?: string,
): void {
  const details: JsonObject = {
    ...(requestId !== undefined && { request_id: requestId }),
    plugin: instance.name,
    instance: instance.entity.id,
    phase,
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
  core.events.log('error', `plugin ${instance.name} failed in ${phase}`, details);
}
