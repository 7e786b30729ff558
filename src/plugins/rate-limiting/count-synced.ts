// Counters in Redis that are not asked for each request: this node counts by itself from what was there, and every
// `sync_rate` seconds tells what it counted and learns what the others did. In between, nodes may let pass more than the
// limit together.
import { isPromise } from '../../lib/promise.ts';
import type { AccessExchange, Answer, Environment, Phases, SharedCounters } from '../../pdk/index.ts';
import { PERIOD_SECONDS } from '../shared/windows.ts';
import type { Judge } from './judge.ts';
import type { Limit } from './limits.ts';
import { type Fetched, SyncedCounters } from './synced-counters.ts';

/** @param syncRate seconds */
export function countSynced(
  { clock }: Environment,
  judge: Judge,
  shared: SharedCounters,
  syncRate: number,
): Omit<Phases, 'close'> & { close(): Promise<void> } {
  const { limits } = judge;
  const counters = new SyncedCounters(shared, clock, syncRate, (problem) => judge.trouble('failed to sync', problem));
  const countOf = ({ key }: Limit): number => counters.get(key);

  function access(exchange: AccessExchange): Answer | undefined | Promise<Answer | undefined> {
    const now = clock.now();
    judge.enter(exchange, now);
    const missing = limits
      .filter(({ key }) => !counters.has(key))
      .map(({ key, window, period }): Fetched => ({ key, endsAt: window.end, seconds: PERIOD_SECONDS[period] }));
    // Another window may have begun while the counters were fetched: everything is looked at again.
    if (missing.length > 0) return counters.fetch(missing).then(() => access(exchange));
    const refusal = judge.decide(exchange, now, countOf);
    if (refusal === undefined) for (const { key } of limits) counters.increment(key);
    return refusal;
  }

  return {
    access(exchange) {
      const step = access(exchange);
      return isPromise<Answer | undefined>(step)
        ? step.catch((problem: unknown) => judge.unreachable(problem))
        : (step as Answer | undefined);
    },
    close: () => counters.close(),
  };
}
