// The periods that limits are given for, and the rule that a longer one cannot allow less than a shorter one.
import type { JsonObject } from '../../lib/json.ts';

export const PERIODS = ['second', 'minute', 'hour', 'day', 'month', 'year'] as const;
export type Period = (typeof PERIODS)[number];

/** What is wrong with the limits by period, without the words that begin the sentence; undefined when nothing is. */
export function checkPeriodOrder(limits: JsonObject): string | undefined {
  for (const [i, shorter] of PERIODS.entries()) {
    const least = limits[shorter];
    if (typeof least !== 'number') continue;
    for (const longer of PERIODS.slice(i + 1)) {
      const limit = limits[longer];
      if (typeof limit === 'number' && limit < least) {
        return `${longer}(${limit.toFixed(1)}) cannot be lower than the limit for ${shorter}(${least.toFixed(1)})`;
      }
    }
  }
  return undefined;
}
