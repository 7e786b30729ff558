// Counters in Redis, one exchange for each request. A script reads and counts in one step, so that a limit holds for all
// nodes together and a refused request is not counted.
import {
  type AccessExchange,
  type Answer,
  type Environment,
  error,
  type Phases,
  type PluginConfig,
} from '../../pdk/index.ts';
import { leaseRedis } from '../shared/redis-connection.ts';
import { createTrouble } from '../shared/trouble.ts';
import { PERIOD_SECONDS } from '../shared/windows.ts';
import { identifierOf } from './identify.ts';
import { enterWindow, keyPrefix, type Limit, limitsOf, showLimits } from './limits.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const UNAVAILABLE = error(500);

export function countInRedis(config: Config, environment: Environment, refusal: Answer): Phases {
  const { clock, log } = environment;
  const limits = limitsOf(config);
  const identifier = identifierOf(config);
  const prefix = keyPrefix(environment);
  const showsHeaders = !config.hide_client_headers;
  const redis = leaseRedis(environment, config.redis);
  const trouble = createTrouble(log, clock);
  const values = limits.flatMap(({ limit, period }) => [limit, PERIOD_SECONDS[period]]);

  function judge(exchange: AccessExchange, now: number, counts: readonly unknown[]): Answer | undefined {
    let exceeded: Limit | undefined;
    for (const [index, limit] of limits.entries()) {
      limit.remaining = limit.limit - Number(counts[index]);
      if (limit.remaining <= 0) exceeded = limit;
    }
    if (showsHeaders) showLimits(exchange, limits, exceeded, now);
    return exceeded === undefined ? undefined : refusal;
  }

  return {
    async access(exchange) {
      const now = clock.now();
      const start = prefix + identifier(exchange);
      const keys = limits.map((limit) => {
        enterWindow(limit, now);
        return start + limit.suffix;
      });
      try {
        return judge(exchange, now, await redis.run('takeOne', keys, values));
      } catch (problem) {
        trouble('failed to get usage', problem);
        return config.fault_tolerant ? undefined : UNAVAILABLE;
      }
    },
    close: () => redis.release(),
  };
}
