// Counters of one process in the form of those that several share: this process counts for the others.
import type { Counters, SharedCounters } from '../../pdk/index.ts';

export function holdCounters(counters: Counters): SharedCounters {
  return {
    takeOne(wanted) {
      const counts = wanted.map(({ key }) => counters.get(key));
      const isUsedUp = wanted.some(({ limit }, i) => counts[i]! >= limit);
      if (!isUsedUp) for (const { key, seconds, amount = 1 } of wanted) counters.increment(key, amount, seconds);
      return Promise.resolve(counts);
    },
    read: (keys) => Promise.resolve(keys.map((key) => counters.get(key))),
    add: (additions) =>
      Promise.resolve(additions.map(({ key, amount, seconds }) => counters.increment(key, amount, seconds))),
  };
}
