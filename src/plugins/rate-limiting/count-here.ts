// Counters in this process. Reading and counting happen in one turn, so parallel requests cannot exceed a limit.
import type { Environment, Phases } from '../../pdk/index.ts';
import { PERIOD_SECONDS } from '../shared/windows.ts';
import type { Judge } from './judge.ts';
import type { Limit } from './limits.ts';

export function countHere({ counters, clock }: Environment, judge: Judge): Phases {
  const countOf = ({ key }: Limit): number => counters.get(key);
  return {
    access(exchange) {
      const now = clock.now();
      judge.enter(exchange, now);
      const refusal = judge.decide(exchange, now, countOf);
      if (refusal !== undefined) return refusal;
      for (const { key, period } of judge.limits) counters.increment(key, 1, PERIOD_SECONDS[period]);
      return undefined;
    },
  };
}
