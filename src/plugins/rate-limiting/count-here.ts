// Counters in this process. Reading and counting happen in one turn, so parallel requests cannot exceed a limit. Who comes
// again in the same window is known by what identifies him: no name of a counter is put together for him.
import type { Counter, Environment, Phases } from '../../pdk/index.ts';
import { PERIOD_SECONDS, type Window } from '../shared/windows.ts';
import type { Judge } from './judge.ts';
import { enterWindow, type Limit } from './limits.ts';

/** Callers who are remembered for each limit; the counters of others are looked up. */
const MAX_KNOWN = 10_000;

/** One limit. The counter is that of the request that is judged now. */
interface Tally {
  readonly limit: Limit;
  readonly known: Map<string, Counter>;
  window: Window | undefined;
  counter: Counter;
}

const NOBODYS: Counter = { value: 0, expiresAt: 0 };

export function countHere({ counters, clock }: Environment, judge: Judge): Phases {
  const tallies = judge.limits.map(
    (limit): Tally => ({ limit, known: new Map(), window: undefined, counter: NOBODYS }),
  );
  const countOf = (_limit: Limit, index: number): number => tallies[index]!.counter.value;

  function find(tally: Tally, identifier: string, now: number): Counter {
    const { limit, known } = tally;
    enterWindow(limit, now);
    if (tally.window !== limit.window) {
      known.clear();
      tally.window = limit.window;
    }
    let counter = known.get(identifier);
    if (counter === undefined || counter.expiresAt <= now) {
      if (known.size >= MAX_KNOWN) known.clear();
      counter = counters.open(judge.keyOf(limit, identifier), PERIOD_SECONDS[limit.period]);
      known.set(identifier, counter);
    }
    return counter;
  }

  return {
    access(exchange) {
      const now = clock.now();
      const identifier = judge.identify(exchange);
      for (const tally of tallies) tally.counter = find(tally, identifier, now);
      const refusal = judge.decide(exchange, now, countOf);
      if (refusal !== undefined) return refusal;
      for (const { counter } of tallies) counter.value += 1;
      return undefined;
    },
  };
}
