// Counters that nodes share, in Redis or in the database: one exchange for each request, which reads and counts in one
// step, so that a limit holds for all nodes together and a refused request is not counted.
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  type Phases,
  type PluginConfig,
  type SharedCounters,
  type Wanted,
} from '../../pdk/index.ts';
import { createTrouble } from '../shared/trouble.ts';
import { PERIOD_SECONDS } from '../shared/windows.ts';
import { identifierOf } from './identify.ts';
import { enterWindow, keyPrefix, type Limit, limitsOf, showLimits } from './limits.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const UNAVAILABLE = error(500);

export function countTogether(
  config: Config,
  environment: Environment,
  refusal: Answer,
  counters: SharedCounters,
): Phases {
  const { clock, log } = environment;
  const limits = limitsOf(config);
  const identifier = identifierOf(config);
  const prefix = keyPrefix(environment);
  const showsHeaders = !config.hide_client_headers;
  const trouble = createTrouble(log, clock);

  function judge(exchange: AccessExchange, now: number, counts: readonly number[]): Answer | undefined {
    let exceeded: Limit | undefined;
    for (const [index, limit] of limits.entries()) {
      limit.remaining = limit.limit - counts[index]!;
      if (limit.remaining <= 0) exceeded = limit;
    }
    if (showsHeaders) showLimits(exchange, limits, exceeded, now);
    return exceeded === undefined ? undefined : refusal;
  }

  return {
    async access(exchange) {
      const now = clock.now();
      const start = prefix + identifier(exchange);
      const wanted = limits.map((limit): Wanted => {
        enterWindow(limit, now);
        return { key: start + limit.suffix, limit: limit.limit, seconds: PERIOD_SECONDS[limit.period] };
      });
      try {
        return judge(exchange, now, await counters.takeOne(wanted));
      } catch (problem) {
        trouble('failed to get usage', problem);
        return config.fault_tolerant ? undefined : UNAVAILABLE;
      }
    },
  };
}
