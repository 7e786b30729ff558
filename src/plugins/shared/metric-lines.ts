// What statsd and datadog send has the same parts: figures of one request or of one connection that was passed through, who
// the consumer is, and `name:value|type`.
import { isObject, type Json } from '../../lib/json.ts';
import type { LogExchange, StreamLogExchange } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';

export interface Figures {
  readonly status: number;
  readonly requestSize: number;
  readonly responseSize: number;
  /** Milliseconds; the one of the upstream is -1 when it was not asked. */
  readonly latency: number;
  readonly upstreamLatency: number;
  readonly kongLatency: number;
  readonly workspace: { readonly id: string; readonly name: string };
}

export function figuresOf(exchange: LogExchange): Figures {
  const { request, response, latencies, workspace, workspace_name } = exchange.logRecord();
  return {
    status: exchange.response.status,
    requestSize: numberAt(request, 'size'),
    responseSize: numberAt(response, 'size'),
    latency: numberAt(latencies, 'request'),
    upstreamLatency: numberAt(latencies, 'proxy'),
    kongLatency: numberAt(latencies, 'kong'),
    workspace: workspaceOf(workspace, workspace_name),
  };
}

/** A connection counts as one request: what came from the client is its size, how long it was open its latency. */
export function sessionFiguresOf(exchange: StreamLogExchange): Figures {
  const { session, latencies, workspace, workspace_name } = exchange.logRecord();
  return {
    status: exchange.status,
    requestSize: numberAt(session, 'received'),
    responseSize: numberAt(session, 'sent'),
    latency: numberAt(latencies, 'session'),
    // Nobody knows which bytes of the upstream are an answer.
    upstreamLatency: -1,
    kongLatency: numberAt(latencies, 'kong'),
    workspace: workspaceOf(workspace, workspace_name),
  };
}

const workspaceOf = (id: Json | undefined, name: Json | undefined): Figures['workspace'] => ({
  id: textOf(id) ?? '',
  name: textOf(name) ?? '',
});

/** Plugins may have changed the record. */
const numberAt = (record: Json | undefined, key: string): number => {
  const value = record !== undefined && isObject(record) ? record[key] : undefined;
  return typeof value === 'number' ? value : 0;
};

const textOf = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

export type ConsumerIdentifier = 'consumer_id' | 'custom_id' | 'username';

export function consumerText(consumer: Entity | undefined, by: ConsumerIdentifier): string | undefined {
  if (consumer === undefined) return undefined;
  return by === 'consumer_id' ? consumer.id.replaceAll('-', '_') : textOf(consumer[by]);
}

const TYPE_LETTERS = {
  counter: 'c',
  gauge: 'g',
  histogram: 'h',
  meter: 'm',
  set: 's',
  timer: 'ms',
  distribution: 'd',
} as const;

export type StatType = keyof typeof TYPE_LETTERS;

export const typeLetters = (type: StatType): string => TYPE_LETTERS[type];

/** Metrics that come from the default of a plugin do not name every field. */
export const rateSuffix = (rate: number | null | undefined): string => ((rate ?? 1) === 1 ? '' : `|@${rate}`);

/** What would end the name or the line. */
export const cleanName = (text: string): string => text.replace(/[\u0000-\u001f:|\u007f]/g, '_');

/** What would end the tag, the tags or the line. */
export const cleanTag = (text: string): string => text.replace(/[\u0000-\u001f,|#[\]\u007f]/g, '_');

export const withoutDots = (text: string): string => text.replaceAll('.', '_');
