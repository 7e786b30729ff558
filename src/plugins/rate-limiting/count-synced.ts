// Counters in Redis that are not asked for each request: this node counts by itself from what was there, and every
// `sync_rate` seconds tells what it counted and learns what the others did. In between, nodes may let pass more than the
// limit together.
import { isPromise } from '../../lib/promise.ts';
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  type Phases,
  type PluginConfig,
  type SharedCounters,
} from '../../pdk/index.ts';
import { createTrouble } from '../shared/trouble.ts';
import { PERIOD_SECONDS } from '../shared/windows.ts';
import { identifierOf } from './identify.ts';
import { enterWindow, keyPrefix, type Limit, limitsOf, showLimits } from './limits.ts';
import type { schema } from './schema.ts';
import { type Fetched, SyncedCounters } from './synced-counters.ts';

type Config = PluginConfig<typeof schema>;

const UNAVAILABLE = error(500);

export function countSynced(
  config: Config,
  environment: Environment,
  refusal: Answer,
  shared: SharedCounters,
): Omit<Phases, 'close'> & { close(): Promise<void> } {
  const { clock, log } = environment;
  const limits = limitsOf(config);
  const identifier = identifierOf(config);
  const prefix = keyPrefix(environment);
  const showsHeaders = !config.hide_client_headers;
  const trouble = createTrouble(log, clock);
  const counters = new SyncedCounters(shared, clock, config.sync_rate, (problem) => trouble('failed to sync', problem));

  function access(exchange: AccessExchange): Answer | undefined | Promise<Answer | undefined> {
    const now = clock.now();
    const start = prefix + identifier(exchange);
    const missing: Fetched[] = [];
    for (const limit of limits) {
      enterWindow(limit, now);
      limit.key = start + limit.suffix;
      if (!counters.has(limit.key)) {
        missing.push({ key: limit.key, endsAt: limit.window.end, seconds: PERIOD_SECONDS[limit.period] });
      }
    }
    // Another window may have begun while the counters were fetched: everything is looked at again.
    return missing.length === 0 ? judge(exchange, now) : counters.fetch(missing).then(() => access(exchange));
  }

  function judge(exchange: AccessExchange, now: number): Answer | undefined {
    let exceeded: Limit | undefined;
    for (const limit of limits) {
      limit.remaining = limit.limit - counters.get(limit.key);
      if (limit.remaining <= 0) exceeded = limit;
    }
    if (showsHeaders) showLimits(exchange, limits, exceeded, now);
    if (exceeded !== undefined) return refusal;
    for (const limit of limits) counters.increment(limit.key);
    return undefined;
  }

  return {
    access(exchange) {
      const step = access(exchange);
      if (!isPromise<Answer | undefined>(step)) return step as Answer | undefined;
      return step.catch((problem: unknown) => {
        trouble('failed to get usage', problem);
        return config.fault_tolerant ? undefined : UNAVAILABLE;
      });
    },
    close: () => counters.close(),
  };
}
