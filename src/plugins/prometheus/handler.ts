// Counts and measures finished requests. The series of a route are looked up once and kept as long as the stored route
// lives: a request then costs a few additions and no text.
import type {
  CounterSeries,
  Environment,
  HistogramSeries,
  LogExchange,
  Phases,
  PluginConfig,
} from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { familiesOf, labelsOf, textOf, WORKSPACE } from './families.ts';
import { createModelRecorder } from './models.ts';
import type { schema } from './schema.ts';
import { createSessionRecorder } from './sessions.ts';

type Config = PluginConfig<typeof schema>;

/** What is measured of one route: parts that the configuration leaves out do not exist. */
interface RouteSeries {
  readonly service: Entity | undefined;
  readonly latencies:
    | { readonly kong: HistogramSeries; readonly proxy: HistogramSeries; readonly request: HistogramSeries }
    | undefined;
  /** By name of the consumer, or the empty text. */
  readonly traffic: Map<string, Traffic>;
}

interface Traffic {
  readonly bandwidth: { readonly received: CounterSeries; readonly sent: CounterSeries } | undefined;
  /** By status; what the service answered and what the gateway did apart. */
  readonly byService: Map<number, CounterSeries>;
  readonly byGateway: Map<number, CounterSeries>;
}

export function create(config: Config, { metrics, clock }: Environment): Phases {
  const families = familiesOf(metrics);
  const recordModels = config.ai_metrics === true ? createModelRecorder(metrics) : undefined;
  // A change of a route makes a new object, so its labels are never stale; the old one's series go with it.
  const known = new WeakMap<Entity, RouteSeries>();
  const hide = config.upstream_health_metrics === true ? metrics.show('kong_upstream_target_health') : undefined;

  const seriesOf = (route: Entity, service: Entity | undefined): RouteSeries => {
    const found = known.get(route);
    if (found !== undefined && found.service === service) return found;
    const labels = [...labelsOf(route, service), WORKSPACE];
    const series: RouteSeries = {
      service,
      latencies:
        config.latency_metrics !== true
          ? undefined
          : {
              kong: families.gatewayLatency.series(...labels),
              proxy: families.upstreamLatency.series(...labels),
              request: families.requestLatency.series(...labels),
            },
      traffic: new Map(),
    };
    known.set(route, series);
    return series;
  };

  const trafficOf = (series: RouteSeries, route: Entity, consumer: string): Traffic => {
    let traffic = series.traffic.get(consumer);
    if (traffic === undefined) {
      const labels = labelsOf(route, series.service);
      const bytes = (direction: string): CounterSeries =>
        families.bandwidth.series(...labels, direction, WORKSPACE, consumer);
      traffic = {
        bandwidth:
          config.bandwidth_metrics === true ? { received: bytes('ingress'), sent: bytes('egress') } : undefined,
        byService: new Map(),
        byGateway: new Map(),
      };
      series.traffic.set(consumer, traffic);
    }
    return traffic;
  };

  const statusOf = (traffic: Traffic, exchange: LogExchange, route: Entity, consumer: string): CounterSeries => {
    const { status, source } = exchange.response;
    const byStatus = source === 'service' ? traffic.byService : traffic.byGateway;
    let series = byStatus.get(status);
    if (series === undefined) {
      const labels = [String(status), source === 'service' ? 'service' : 'kong', WORKSPACE, consumer];
      series = families.requests.series(...labelsOf(route, exchange.service), ...labels);
      byStatus.set(status, series);
    }
    return series;
  };

  return {
    log(exchange) {
      const { route } = exchange;
      if (route === undefined) return;
      recordModels?.(exchange);
      const series = seriesOf(route, exchange.service);
      if (series.latencies !== undefined) {
        const { kong, proxy, request } = exchange.latencies;
        series.latencies.request.observe(request);
        series.latencies.kong.observe(kong);
        if (proxy >= 0) series.latencies.proxy.observe(proxy);
      }
      if (config.status_code_metrics !== true && config.bandwidth_metrics !== true) return;
      const consumer = config.per_consumer === true ? textOf(exchange.client.consumer?.['username']) : '';
      const traffic = trafficOf(series, route, consumer);
      if (traffic.bandwidth !== undefined) {
        const { received, sent } = exchange.bytes;
        traffic.bandwidth.received.add(received);
        traffic.bandwidth.sent.add(sent);
      }
      if (config.status_code_metrics === true) statusOf(traffic, exchange, route, consumer).add(1);
    },
    stream_log: createSessionRecorder(config, families, clock),
    ...(hide === undefined ? {} : { close: hide }),
  };
}
