// The configured periods with their current windows and the names of their counters, and the headers that tell a client
// how much is left.
import type { AccessExchange, Environment, PluginConfig } from '../../pdk/index.ts';
import { PERIODS, type Period } from '../shared/periods.ts';
import { secondsToReset, type Window, windowAt } from '../shared/windows.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const NO_ID = '00000000-0000-0000-0000-000000000000';
const NEVER: Window = { start: 0, end: 0 };

/** What all keys of an instance begin with: counters belong to its scope. */
export const keyPrefix = ({ instance }: Environment): string =>
  `ratelimit:${instance.route ?? NO_ID}:${instance.service ?? NO_ID}:`;

/** One configured period with its current window; the fields below change from request to request. */
export interface Limit {
  readonly period: Period;
  readonly limit: number;
  readonly limitText: string;
  readonly limitHeader: string;
  readonly remainingHeader: string;
  window: Window;
  /** `:<window>:<period>`, the end of the counter's key. */
  suffix: string;
  key: string;
  remaining: number;
  remainingText: string;
}

export function limitsOf(config: Config): Limit[] {
  const limits: Limit[] = [];
  for (const period of PERIODS) {
    const limit = config[period];
    if (limit === null) continue;
    const name = period[0]!.toUpperCase() + period.slice(1);
    limits.push({
      period,
      limit,
      limitText: String(limit),
      limitHeader: `X-RateLimit-Limit-${name}`,
      remainingHeader: `X-RateLimit-Remaining-${name}`,
      window: NEVER,
      suffix: '',
      key: '',
      remaining: 0,
      remainingText: '',
    });
  }
  return limits;
}

/** Moves a limit into the window of this moment. */
export function enterWindow(limit: Limit, now: number): void {
  if (now >= limit.window.start && now < limit.window.end) return;
  limit.window = windowAt(limit.period, now);
  limit.suffix = `:${limit.window.start}:${limit.period}`;
}

/** The figures as they are after this request; the summary is of the period that runs out first. */
export function showLimits(
  { response }: AccessExchange,
  limits: readonly Limit[],
  exceeded: Limit | undefined,
  now: number,
): void {
  let tightest: Limit | undefined;
  for (const limit of limits) {
    const counts = exceeded === undefined || exceeded === limit;
    limit.remaining = Math.max(0, counts ? limit.remaining - 1 : limit.remaining);
    limit.remainingText = String(limit.remaining);
    response.setHeader(limit.limitHeader, limit.limitText);
    response.setHeader(limit.remainingHeader, limit.remainingText);
    if (tightest === undefined || limit.remaining <= tightest.remaining) tightest = limit;
  }
  if (tightest === undefined) return;
  const reset = String(secondsToReset(tightest.period, tightest.window.start, now));
  response.setHeader('RateLimit-Limit', tightest.limitText);
  response.setHeader('RateLimit-Remaining', tightest.remainingText);
  response.setHeader('RateLimit-Reset', reset);
  if (exceeded !== undefined) response.setHeader('Retry-After', reset);
}
