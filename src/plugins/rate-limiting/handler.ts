// rate-limiting at work, counting in this process. A request is refused when any period is used up; a refused request is
// not counted. Counters in Redis or in a database are not there yet: such an instance says so and never pretends to count.
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  type Phases,
  type PluginConfig,
} from '../../pdk/index.ts';
import { PERIODS, type Period } from '../shared/periods.ts';
import { identifierOf } from './identify.ts';
import type { schema } from './schema.ts';
import { PERIOD_SECONDS, secondsToReset, type Window, windowAt } from './windows.ts';

type Config = PluginConfig<typeof schema>;

const NO_ID = '00000000-0000-0000-0000-000000000000';
const NEVER: Window = { start: 0, end: 0 };

export function create(config: Config, environment: Environment): Phases {
  const { policy } = config;
  if (policy === 'redis' || policy === 'cluster') return withoutCounters(policy, config, environment);
  return countingHere(config, environment);
}

/** The policy's store cannot be reached, as far as a request is concerned. */
function withoutCounters(policy: string, { fault_tolerant }: Config, { log }: Environment): Phases {
  const effect = fault_tolerant ? 'requests pass without a limit' : 'requests are answered with 500';
  log.error(`policy ${policy} is not available in this version: ${effect}`);
  const unavailable = error(500);
  return { access: () => (fault_tolerant ? undefined : unavailable) };
}

/** One configured period with its current window; the fields below change from request to request. */
interface Limit {
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
}

function limitsOf(config: Config): Limit[] {
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
    });
  }
  return limits;
}

function countingHere(config: Config, environment: Environment): Phases {
  const { counters, clock, instance } = environment;
  const limits = limitsOf(config);
  const identifier = identifierOf(config);
  const prefix = `ratelimit:${instance.route ?? NO_ID}:${instance.service ?? NO_ID}:`;
  const refusal = refusalOf(config, environment);
  const showsHeaders = !config.hide_client_headers;

  return {
    access(exchange) {
      const now = clock.now();
      const start = prefix + identifier(exchange);
      let exceeded: Limit | undefined;
      for (const limit of limits) {
        if (now >= limit.window.end || now < limit.window.start) enterWindow(limit, now);
        limit.key = start + limit.suffix;
        limit.remaining = limit.limit - counters.get(limit.key);
        // The longest of several: until it ends, no request passes.
        if (limit.remaining <= 0) exceeded = limit;
      }
      if (showsHeaders) showLimits(exchange, limits, exceeded, now);
      if (exceeded !== undefined) return refusal;
      for (const limit of limits) counters.increment(limit.key, 1, PERIOD_SECONDS[limit.period]);
      return undefined;
    },
  };
}

function enterWindow(limit: Limit, now: number): void {
  limit.window = windowAt(limit.period, now);
  limit.suffix = `:${limit.window.start}:${limit.period}`;
}

/** The figures as they are after this request; the summary is of the period that runs out first. */
function showLimits(
  { response }: AccessExchange,
  limits: readonly Limit[],
  exceeded: Limit | undefined,
  now: number,
): void {
  let tightest: Limit | undefined;
  for (const limit of limits) {
    const counts = exceeded === undefined || exceeded === limit;
    limit.remaining = Math.max(0, counts ? limit.remaining - 1 : limit.remaining);
    response.setHeader(limit.limitHeader, limit.limitText);
    response.setHeader(limit.remainingHeader, String(limit.remaining));
    if (tightest === undefined || limit.remaining <= tightest.remaining) tightest = limit;
  }
  if (tightest === undefined) return;
  const reset = String(secondsToReset(tightest.period, tightest.window.start, now));
  response.setHeader('RateLimit-Limit', tightest.limitText);
  response.setHeader('RateLimit-Remaining', String(tightest.remaining));
  response.setHeader('RateLimit-Reset', reset);
  if (exceeded !== undefined) response.setHeader('Retry-After', reset);
}

function refusalOf(config: Config, { log }: Environment): Answer {
  const status = config.error_code ?? 429;
  if (status >= 400 && status <= 599 && Number.isInteger(status))
    return error(status, config.error_message ?? undefined);
  log.error(`error_code ${status} is not the status of an error: refused requests are answered with 500`);
  return error(500);
}
