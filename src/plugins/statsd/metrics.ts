// Which lines a request gives: each configured metric compiled to one function of the request.
import { hostname } from 'node:os';
import type { PluginConfig } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { cleanName, consumerText, type Figures, rateSuffix, typeLetters, withoutDots } from '../shared/metric-lines.ts';
import type { schema } from './schema.ts';
import { type Tag, tagLine } from './tags.ts';

export type Config = PluginConfig<typeof schema>;
type Metric = NonNullable<Config['metrics']>[number];

/** What metrics are made of. */
export interface Measured extends Figures {
  readonly route: Entity | undefined;
  readonly service: Entity | undefined;
  readonly consumer: Entity | undefined;
}

/** The line of one metric; undefined when the request does not have it. */
export type Line = (measured: Measured) => string | undefined;

/** Name and value of the metrics that every request has; these have the type that is configured. */
const PLAIN: Readonly<Record<string, readonly [name: string, value: (measured: Measured) => number]>> = {
  request_count: ['request.count', () => 1],
  request_size: ['request.size', ({ requestSize }) => requestSize],
  response_size: ['response.size', ({ responseSize }) => responseSize],
  latency: ['latency', ({ latency }) => latency],
  upstream_latency: ['upstream_latency', ({ upstreamLatency }) => upstreamLatency],
  kong_latency: ['kong_latency', ({ kongLatency }) => kongLatency],
};

export function compileMetrics(config: Config): readonly Line[] {
  const prefix = prefixOf(config);
  return (config.metrics ?? []).flatMap((metric) => {
    const line = config.tag_style === null ? namedLine(config, metric, prefix) : taggedLine(config, metric, prefix);
    return line === undefined ? [] : [line];
  });
}

const prefixOf = ({ prefix, hostname_in_prefix }: Config): string =>
  hostname_in_prefix === true ? `${prefix ?? 'kong'}.node.${nodeName()}` : (prefix ?? 'kong');

const nodeName = (): string => withoutDots(hostname());

function taggedLine(config: Config, metric: Metric, prefix: string): Line | undefined {
  const plain = PLAIN[metric.name];
  if (plain === undefined || config.tag_style === null) return undefined;
  const [name, value] = plain;
  const style = config.tag_style;
  const identify = identifiers(config, metric);
  const node = nodeName();
  return (measured) => {
    const amount = value(measured);
    if (amount < 0) return undefined;
    const { service, route, consumer } = measured;
    const tags: readonly Tag[] =
      service === undefined
        ? []
        : [
            ['service', identify.service(service)],
            ['route', route === undefined ? undefined : ((route['name'] as string | null) ?? route.id)],
            ['workspace', identify.workspace(measured)],
            ['consumer', identify.consumer(consumer)],
            ['node', node],
            ['status', String(measured.status)],
          ];
    return tagLine(style, `${prefix}.${name}`, `${amount}`, typeLetters(metric.stat_type), metric.sample_rate, tags);
  };
}

function namedLine(config: Config, metric: Metric, prefix: string): Line | undefined {
  const identify = identifiers(config, metric);
  const rate = rateSuffix(metric.sample_rate);
  const scope = ({ service }: Measured): string =>
    service === undefined
      ? 'global.unmatched'
      : `service.${withoutDots(cleanName(identify.service(service) ?? 'unnamed'))}`;
  const consumer = (measured: Measured): string | undefined => {
    const text = identify.consumer(measured.consumer);
    return text === undefined ? undefined : cleanName(text);
  };
  /** A counter of requests of known consumers. */
  const perConsumer =
    (name: (measured: Measured, who: string) => string | undefined): Line =>
    (measured) => {
      const who = consumer(measured);
      const text = who === undefined ? undefined : name(measured, who);
      return text === undefined ? undefined : `${prefix}.${text}:1|c${rate}`;
    };
  const plain = PLAIN[metric.name];
  if (plain !== undefined) {
    const [name, value] = plain;
    const letters = typeLetters(metric.stat_type);
    return (measured) => {
      const amount = value(measured);
      return amount < 0 ? undefined : `${prefix}.${scope(measured)}.${name}:${amount}|${letters}${rate}`;
    };
  }
  switch (metric.name) {
    case 'status_count':
      return (measured) => `${prefix}.${scope(measured)}.status.${measured.status}:1|c${rate}`;
    case 'unique_users':
      return (measured) => {
        const who = consumer(measured);
        return who === undefined ? undefined : `${prefix}.${scope(measured)}.user.uniques:${who}|s`;
      };
    case 'request_per_user':
      return perConsumer((measured, who) => `${scope(measured)}.user.${who}.request.count`);
    case 'status_count_per_user':
      return perConsumer((measured, who) => `${scope(measured)}.user.${who}.status.${measured.status}`);
    case 'status_count_per_workspace':
      return (measured) =>
        `${prefix}.${scope(measured)}.workspace.${cleanName(identify.workspace(measured))}.status.${measured.status}:1|c${rate}`;
    case 'status_count_per_user_per_route':
      return perConsumer(({ route, status }, who) =>
        route === undefined ? undefined : `route.${route.id}.user.${who}.status.${status}`,
      );
    default:
      return undefined;
  }
}

/** What stands for whom in this metric. */
function identifiers(config: Config, metric: Metric) {
  const byConsumer = metric.consumer_identifier ?? config.consumer_identifier_default;
  const byService = metric.service_identifier ?? config.service_identifier_default;
  const byWorkspace = metric.workspace_identifier ?? config.workspace_identifier_default;
  return {
    consumer: (consumer: Entity | undefined) =>
      byConsumer === 'consumer_id' ? consumer?.id : consumerText(consumer, byConsumer),
    service(service: Entity): string | undefined {
      if (byService === 'service_id') return service.id;
      const name = (service['name'] as string | null | undefined) ?? undefined;
      if (byService === 'service_name') return name;
      const host = service['host'] as string;
      return byService === 'service_host' ? host : (name ?? host);
    },
    workspace: ({ workspace }: Measured) => (byWorkspace === 'workspace_id' ? workspace.id : workspace.name),
  };
}
