// What is counted and measured: names, labels and buckets.
import type { CounterSeries, HistogramSeries, Metrics, SeriesFamily } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';

export const WORKSPACE = 'default';
const GATEWAY_BUCKETS = [1, 2, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500, 750, 1000, 3000, 6000];
const UPSTREAM_BUCKETS = [25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10000, 30000, 60000];

export interface Families {
  readonly requests: SeriesFamily<CounterSeries>;
  /** Connections that are passed through as they are. */
  readonly sessions: SeriesFamily<CounterSeries>;
  readonly sessionDuration: SeriesFamily<HistogramSeries>;
  readonly bandwidth: SeriesFamily<CounterSeries>;
  readonly gatewayLatency: SeriesFamily<HistogramSeries>;
  readonly upstreamLatency: SeriesFamily<HistogramSeries>;
  readonly requestLatency: SeriesFamily<HistogramSeries>;
}

export function familiesOf(metrics: Metrics): Families {
  const latency = (name: string, help: string, buckets: readonly number[]): SeriesFamily<HistogramSeries> =>
    metrics.histogram({ name, help, labels: ['service', 'route', 'workspace'], buckets });
  return {
    requests: metrics.counter({
      name: 'kong_http_requests_total',
      help: 'Requests that a route matched, by status; source tells who answered.',
      labels: ['service', 'route', 'code', 'source', 'workspace', 'consumer'],
    }),
    sessions: metrics.counter({
      name: 'kong_stream_sessions_total',
      help: 'Connections that a route matched, by how they ended; source tells who ended them.',
      labels: ['service', 'route', 'code', 'source', 'workspace'],
    }),
    sessionDuration: latency('kong_session_duration_ms', 'Milliseconds that connections were open.', UPSTREAM_BUCKETS),
    bandwidth: metrics.counter({
      name: 'kong_bandwidth_bytes',
      help: 'Bytes received from clients (ingress) and sent to them (egress).',
      labels: ['service', 'route', 'direction', 'workspace', 'consumer'],
    }),
    gatewayLatency: latency('kong_kong_latency_ms', 'Milliseconds spent in the gateway.', GATEWAY_BUCKETS),
    upstreamLatency: latency('kong_upstream_latency_ms', 'Milliseconds waited for the upstream.', UPSTREAM_BUCKETS),
    requestLatency: latency('kong_request_latency_ms', 'Milliseconds from first to last byte.', UPSTREAM_BUCKETS),
  };
}

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
export const labelsOf = (route: Entity, service: Entity | undefined): readonly [service: string, route: string] => [
  textOf(service?.['name']) || textOf(service?.['host']),
  textOf(route['name']) || route.id,
];
