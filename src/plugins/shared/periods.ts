// The periods that limits are given for, and the rule that a longer one cannot allow less than a shorter one.
import type { JsonObject } from '../../lib/json.ts';

export const PERIODS = ['second', 'minute', 'hour', 'day', 'month', 'year'] as const;
export type Period = (typeof PERIODS)[number];

/** What is wrong with the limits by period, without the words that begin the sentence; undefined when nothing is. */
export function checkPeriodOrder(limits: JsonObject): string | undefined {
  let shorter: { period: Period; limit: number } | undefined;
  for (const period of PERIODS) {
    const limit = limits[period];
    if (typeof limit !== 'number') continue;
    if (shorter !== undefined && limit < shorter.limit) {
      return `${period}(${limit.toFixed(1)}) cannot be lower than the limit for ${shorter.period}(${shorter.limit.toFixed(1)})`;
    }
    shorter = { period, limit };
  }
  return undefined;
}
