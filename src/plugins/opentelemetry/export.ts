// Posts batches to a collector. Entries carry the resource they belong to; most often a batch has one, and each further one
// is a request of its own.
import type { Environment, Queue } from '../../pdk/index.ts';
import { queueLimits } from '../shared/queue-limits.ts';
import type { Config } from './handler.ts';
import type { Resource } from './otlp.ts';

export interface Entry<T> {
  readonly resource: Resource;
  readonly item: T;
}

const FORMER_BATCH = 200;
const FORMER_DELAY = 3;
const KEEP_ALIVE_MS = 60_000;

export function openExport<T>(
  kind: 'traces' | 'logs',
  url: string,
  config: Config,
  environment: Environment,
  encode: (resource: Resource, items: readonly T[]) => Uint8Array,
): Queue<Entry<T>> {
  const { network, instance } = environment;
  const headers = { 'Content-Type': 'application/x-protobuf', ...config.headers };
  const timeoutMs = (config.connect_timeout ?? 1000) + (config.send_timeout ?? 5000) + (config.read_timeout ?? 5000);
  const post = async (body: Uint8Array): Promise<void> => {
    const answer = await network.http({
      url,
      method: 'POST',
      headers,
      body,
      timeoutMs,
      keepAliveMs: KEEP_ALIVE_MS,
      verify: false,
    });
    if (answer.status !== 200) throw new Error(`the collector answered with status ${answer.status}`);
  };
  return environment.openQueue<Entry<T>>({
    name: `${instance.id}:${kind}`,
    limits: limitsOf(config),
    sizeOf: () => 0,
    async send(entries) {
      const byResource = new Map<string, { resource: Resource; items: T[] }>();
      for (const { resource, item } of entries) {
        const key = JSON.stringify(resource);
        const group = byResource.get(key);
        if (group === undefined) byResource.set(key, { resource, items: [item] });
        else group.items.push(item);
      }
      for (const { resource, items } of byResource.values()) await post(encode(resource, items));
    },
  });
}

/** The former names count when they were set to something else than they always were. */
function limitsOf({ queue, batch_span_count, batch_flush_delay }: Config) {
  const limits = queueLimits({ queue });
  const isSizeSet = batch_span_count !== null && batch_span_count !== FORMER_BATCH;
  const isDelaySet = batch_flush_delay !== null && batch_flush_delay !== FORMER_DELAY;
  return {
    ...limits,
    ...(isSizeSet ? { maxBatchSize: Math.max(1, batch_span_count) } : {}),
    ...(isDelaySet ? { maxCoalescingDelay: Math.max(0, batch_flush_delay) } : {}),
  };
}
