// The configured limits, one entry for each name and period, with the names of their headers and counters.
import { utf8ToBytes } from '../../lib/byte-text.ts';
import type { Environment, PluginConfig } from '../../pdk/index.ts';
import { PERIODS, type Period } from '../shared/periods.ts';
import { PERIOD_SECONDS, type Window, windowAt } from '../shared/windows.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const NO_ID = '00000000-0000-0000-0000-000000000000';
const NEVER: Window = { start: 0, end: 0 };

/** All periods of one name. */
export interface NamedLimit {
  readonly name: string;
  /** Towards the upstream. */
  readonly remainingHeader: string;
  readonly periods: readonly PeriodLimit[];
}

export interface PeriodLimit {
  readonly name: string;
  readonly period: Period;
  readonly limit: number;
  readonly limitText: string;
  readonly seconds: number;
  readonly limitHeader: string;
  readonly remainingHeader: string;
  window: Window;
  /** `:<window>:<name>:<period>`, the end of the counter's key. */
  suffix: string;
}

export function limitsOf({ limits }: Config): NamedLimit[] {
  return Object.entries(limits).map(([text, byPeriod]) => {
    const name = utf8ToBytes(text);
    const periods = PERIODS.flatMap((period): PeriodLimit[] => {
      const limit = byPeriod[period];
      if (limit === null || limit === undefined) return [];
      return [
        {
          name,
          period,
          limit,
          limitText: String(limit),
          seconds: PERIOD_SECONDS[period],
          limitHeader: `X-RateLimit-Limit-${name}-${period}`,
          remainingHeader: `X-RateLimit-Remaining-${name}-${period}`,
          window: NEVER,
          suffix: '',
        },
      ];
    });
    return { name, remainingHeader: `X-RateLimit-Remaining-${name}`, periods };
  });
}

/** What all keys of an instance begin with: counters belong to its scope. */
export const keyPrefix = ({ instance }: Environment): string =>
  `ratelimit:${instance.route ?? NO_ID}:${instance.service ?? NO_ID}:`;

/** The counter of this moment. */
export function keyOf(limit: PeriodLimit, start: string, now: number): string {
  if (now >= limit.window.end || now < limit.window.start) {
    limit.window = windowAt(limit.period, now);
    limit.suffix = `:${limit.window.start}:${limit.name}:${limit.period}`;
  }
  return start + limit.suffix;
}
