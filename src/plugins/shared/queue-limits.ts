// From the `queue` record of a configuration to the limits of a queue. A former name that is set to something else than its
// former default still counts.
import type { QueueLimits } from '../../lib/queue.ts';
import type { InferFields } from '../../schema/define.ts';
import type { queue } from './queue.ts';

export interface QueueConfig {
  readonly queue: InferFields<(typeof queue)['fields']>;
  /** Former names of max_batch_size and max_coalescing_delay. */
  readonly queue_size?: number | null;
  readonly flush_timeout?: number | null;
}

const FORMER_BATCH_SIZE = 1;
const FORMER_DELAY = 2;

export function queueLimits({ queue, queue_size = null, flush_timeout = null }: QueueConfig): QueueLimits {
  const isSizeSet = queue_size !== null && queue_size !== FORMER_BATCH_SIZE;
  const isDelaySet = flush_timeout !== null && flush_timeout !== FORMER_DELAY;
  return {
    maxBatchSize: isSizeSet ? Math.max(1, queue_size) : (queue.max_batch_size ?? 1),
    maxCoalescingDelay: isDelaySet ? flush_timeout : (queue.max_coalescing_delay ?? 1),
    maxEntries: queue.max_entries ?? 10_000,
    maxBytes: queue.max_bytes ?? undefined,
    maxRetryTime: queue.max_retry_time ?? 60,
    initialRetryDelay: queue.initial_retry_delay ?? 0.01,
    maxRetryDelay: queue.max_retry_delay ?? 60,
    concurrencyLimit: queue.concurrency_limit === -1 ? -1 : 1,
  };
}
