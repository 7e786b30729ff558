// Former names of what `queue` says now: that one is still used is told when an instance starts, once a minute for all
// instances of a plugin.
import type { Environment } from '../../pdk/index.ts';

const REPORT_MS = 60_000;

/** Name, the value that counts as unset, and what to do instead. */
const FORMER = [
  ['retry_count', 10, 'no longer works, please use config.queue.max_retry_time instead'],
  ['queue_size', 1, 'is deprecated, please use config.queue.max_batch_size instead'],
  ['flush_timeout', 2, 'is deprecated, please use config.queue.max_coalescing_delay instead'],
  ['batch_span_count', 200, 'is deprecated, please use config.queue.max_batch_size instead'],
  ['batch_flush_delay', 3, 'is deprecated, please use config.queue.max_coalescing_delay instead'],
] as const;

export type FormerQueueFields = { readonly [name in (typeof FORMER)[number][0]]?: number | null };

export function tellFormerFields(
  plugin: string,
  config: FormerQueueFields,
  { log, clock, once }: Pick<Environment, 'log' | 'clock' | 'once'>,
): void {
  const toldAt = once(`former queue fields of ${plugin}`, () => new Map<string, number>());
  const now = clock.now();
  for (const [name, unset, advice] of FORMER) {
    const value = config[name] ?? unset;
    if (value === unset || now - (toldAt.get(name) ?? Number.NEGATIVE_INFINITY) < REPORT_MS) continue;
    toldAt.set(name, now);
    log.warn(`config.${name} ${advice}`);
  }
}
