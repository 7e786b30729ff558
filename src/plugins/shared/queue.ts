// The record that says how a plugin batches and retries what it sends, and the flat names that older configurations use.
import { deprecatedDefault } from './deprecated.ts';

export const queue = {
  type: 'record',
  required: true,
  description: 'How entries are collected, kept and sent again.',
  fields: {
    max_batch_size: {
      type: 'integer',
      default: 1,
      between: [1, 1_000_000],
      description: 'Most entries sent at once.',
    },
    max_coalescing_delay: {
      type: 'number',
      default: 1,
      between: [0, 3600],
      description: 'Seconds to wait for more entries after the first one of a batch.',
    },
    max_entries: {
      type: 'integer',
      default: 10_000,
      between: [1, 1_000_000],
      description: 'Most entries waiting; the oldest is dropped for a new one.',
    },
    max_bytes: { type: 'integer', description: 'Most bytes waiting; the oldest entries are dropped for a new one.' },
    max_retry_time: {
      type: 'number',
      default: 60,
      description: 'Seconds after which a batch that cannot be sent is dropped; -1 never sends a second time.',
    },
    initial_retry_delay: {
      type: 'number',
      default: 0.01,
      between: [0.001, 1_000_000],
      description: 'Seconds before the second attempt; each further delay is twice as long.',
    },
    max_retry_delay: {
      type: 'number',
      default: 60,
      between: [0.001, 1_000_000],
      description: 'Longest delay between two attempts, in seconds.',
    },
    concurrency_limit: {
      type: 'integer',
      default: 1,
      one_of: [-1, 1],
      description: '1 sends one batch after the other; -1 sends every entry at once and alone.',
    },
  },
} as const;

/** `retry_count`, `queue_size` and `flush_timeout` of this plugin, in this order. */
export const legacyQueueFields = (plugin: string) =>
  ({
    retry_count: {
      type: 'integer',
      deprecation: deprecatedDefault(
        `${plugin}: config.retry_count no longer works, please use config.queue.max_retry_time instead`,
        10,
      ),
      description: 'Without effect.',
    },
    queue_size: {
      type: 'integer',
      deprecation: deprecatedDefault(
        `${plugin}: config.queue_size is deprecated, please use config.queue.max_batch_size instead`,
        1,
      ),
      description: 'Former name of queue.max_batch_size.',
    },
    flush_timeout: {
      type: 'number',
      deprecation: deprecatedDefault(
        `${plugin}: config.flush_timeout is deprecated, please use config.queue.max_coalescing_delay instead`,
        2,
      ),
      description: 'Former name of queue.max_coalescing_delay.',
    },
  }) as const;
