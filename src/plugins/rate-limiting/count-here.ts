// Counters in this process. Reading and counting happen in one turn, so parallel requests cannot exceed a limit.
import type { Answer, Environment, Phases, PluginConfig } from '../../pdk/index.ts';
import { PERIOD_SECONDS } from '../shared/windows.ts';
import { identifierOf } from './identify.ts';
import { enterWindow, keyPrefix, type Limit, limitsOf, showLimits } from './limits.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function countHere(config: Config, environment: Environment, refusal: Answer): Phases {
  const { counters, clock } = environment;
  const limits = limitsOf(config);
  const identifier = identifierOf(config);
  const prefix = keyPrefix(environment);
  const showsHeaders = !config.hide_client_headers;

  return {
    access(exchange) {
      const now = clock.now();
      const start = prefix + identifier(exchange);
      let exceeded: Limit | undefined;
      for (const limit of limits) {
        enterWindow(limit, now);
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
