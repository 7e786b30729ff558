// Counters that nodes share, in Redis or in the database: one exchange for each request, which reads and counts in one
// step, so that a limit holds for all nodes together and a refused request is not counted.
import type { Environment, Phases, SharedCounters, Wanted } from '../../pdk/index.ts';
import { PERIOD_SECONDS } from '../shared/windows.ts';
import type { Judge } from './judge.ts';

export const countTogether = ({ clock }: Environment, judge: Judge, counters: SharedCounters): Phases => ({
  async access(exchange) {
    const now = clock.now();
    judge.enter(exchange, now);
    const wanted = judge.limits.map(
      ({ key, limit, period }): Wanted => ({ key, limit, seconds: PERIOD_SECONDS[period] }),
    );
    try {
      const counts = await counters.takeOne(wanted);
      return judge.decide(exchange, now, (_limit, index) => counts[index]!);
    } catch (problem) {
      return judge.unreachable(problem);
    }
  },
});
