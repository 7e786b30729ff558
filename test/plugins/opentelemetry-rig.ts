// A gateway with the plugin opentelemetry, and the collector that it sends to.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { tracingSettings } from '../../src/config/tracing.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { type PluginInput, type Running, type SetUp, start } from './gateway-fixture.ts';
import { type Collector, startCollector } from './otlp-collector.ts';

export const QUICK = { max_batch_size: 200, max_coalescing_delay: 0.05 };

/** Every kind of span is switched on, and the plugin samples all, unless told otherwise. */
export async function withCollector(
  config: JsonObject,
  run: (running: Running, collector: Collector) => Promise<void>,
  more: {
    readonly plugins?: readonly PluginInput[];
    readonly setUp?: Partial<SetUp>;
    status?: (n: number) => number;
  } = {},
): Promise<void> {
  const collector = await startCollector(more.status);
  const running = await start({
    tracing: tracingSettings(['all'], 0.01),
    ...more.setUp,
    plugins: [
      {
        name: 'opentelemetry',
        config: {
          traces_endpoint: `http://127.0.0.1:${collector.port}/v1/traces`,
          sampling_rate: 1,
          queue: QUICK,
          ...config,
        },
      },
      ...(more.plugins ?? []),
    ],
  });
  try {
    await run(running, collector);
  } finally {
    await running.close();
    await collector.close();
  }
}

export async function arrived<T>(list: readonly T[], count: number): Promise<readonly T[]> {
  for (let i = 0; i < 200 && list.length < count; i++) await sleep(10);
  await sleep(20);
  assert.equal(list.length, count);
  return list;
}
