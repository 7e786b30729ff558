// datadog at work. A request, or a connection that was passed through, becomes its datagrams at once, one a metric; the queue sends those of a batch together.
import type { Environment, Phases, PluginConfig } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { tellFormerFields } from '../shared/former-queue-fields.ts';
import {
  cleanTag,
  consumerText,
  type Figures,
  figuresOf,
  rateSuffix,
  sessionFiguresOf,
  typeLetters,
  withoutDots,
} from '../shared/metric-lines.ts';
import { queueLimits } from '../shared/queue-limits.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;
type Metric = Config['metrics'][number];

const STATS: Readonly<Record<Metric['name'], readonly [name: string, value: (figures: Figures) => number]>> = {
  request_count: ['request.count', () => 1],
  request_size: ['request.size', ({ requestSize }) => requestSize],
  response_size: ['response.size', ({ responseSize }) => responseSize],
  latency: ['latency', ({ latency }) => latency],
  upstream_latency: ['upstream_latency', ({ upstreamLatency }) => upstreamLatency],
  kong_latency: ['kong_latency', ({ kongLatency }) => kongLatency],
};

export function create(config: Config, environment: Environment): Phases {
  const { network, openQueue, instance } = environment;
  tellFormerFields('datadog', config, environment);
  const { host, port } = agentOf(config);
  const metrics = config.metrics.map((metric) => compile(config, metric));
  const ofSessions = config.metrics.flatMap(({ name }, i) => (name === 'upstream_latency' ? [] : [metrics[i]!]));
  const queue = openQueue<readonly string[]>({
    name: instance.id,
    limits: queueLimits(config),
    sizeOf: (lines) => lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0),
    send: (batch) => network.udp(host, port, batch.flat()),
  });
  return {
    log(exchange) {
      const figures = figuresOf(exchange);
      const { service, client } = exchange;
      queue.push(metrics.map((metric) => metric(figures, service, client.consumer)));
    },
    stream_log(exchange) {
      if (ofSessions.length === 0) return;
      const figures = sessionFiguresOf(exchange);
      queue.push(ofSessions.map((metric) => metric(figures, exchange.service, undefined)));
    },
    close: () => queue.close(),
  };
}

/** An agent that is not configured may be named by the environment of the process. */
function agentOf(config: Config): { host: string; port: number } {
  const { KONG_DATADOG_AGENT_HOST: host, KONG_DATADOG_AGENT_PORT: port } = process.env;
  return { host: config.host ?? host ?? 'localhost', port: config.port ?? (Number(port) || 8125) };
}

type Line = (figures: Figures, service: Entity | undefined, consumer: Entity | undefined) => string;

function compile(config: Config, metric: Metric): Line {
  const [stat, value] = STATS[metric.name];
  const name = `${config.prefix ?? 'kong'}.${stat}`;
  const type = `${typeLetters(metric.stat_type)}${rateSuffix(metric.sample_rate)}`;
  const serviceTag = config.service_name_tag ?? 'name';
  const statusTag = config.status_tag ?? 'status';
  const consumerTag = config.consumer_tag ?? 'consumer';
  const by = metric.consumer_identifier ?? undefined;
  const more = (metric.tags ?? []).map((tag) => `,${tag}`).join('');
  return (figures, service, consumer) => {
    const text = by === undefined ? undefined : consumerText(consumer, by);
    const who = text === undefined ? '' : `,${consumerTag}:${cleanTag(text)}`;
    const tags = `${serviceTag}:${serviceText(service)},${statusTag}:${figures.status}${who}${more}`;
    return `${name}:${value(figures)}|${type}|#${tags}`;
  };
}

/** Empty without a service. */
function serviceText(service: Entity | undefined): string {
  if (service === undefined) return '';
  return withoutDots(cleanTag(String(service['name'] ?? service['host'])));
}
