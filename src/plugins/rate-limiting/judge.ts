// What all ways of counting have in common: the counters of a request, what is said when one has reached its limit, and what
// is done when they cannot be reached.
import { type AccessExchange, type Answer, type Environment, error, type PluginConfig } from '../../pdk/index.ts';
import { createTrouble } from '../shared/trouble.ts';
import { identifierOf } from './identify.ts';
import { enterWindow, keyPrefix, type Limit, limitsOf, showLimits } from './limits.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const UNAVAILABLE = error(500);

export interface Judge {
  readonly limits: readonly Limit[];
  /** Whom the request is counted for. */
  identify(exchange: AccessExchange): string;
  /** Of the counter of that caller in the current window of the limit. */
  keyOf(limit: Limit, identifier: string): string;
  /** Gives every limit the key of its counter. */
  enter(exchange: AccessExchange, now: number): void;
  /** Answers the refusal when a limit is reached; what was counted before this request is asked for each limit. */
  decide(exchange: AccessExchange, now: number, countOf: (limit: Limit, index: number) => number): Answer | undefined;
  unreachable(problem: unknown): Answer | undefined;
  readonly trouble: ReturnType<typeof createTrouble>;
}

export function createJudge(config: Config, environment: Environment, refusal: Answer): Judge {
  const limits = limitsOf(config);
  const identify = identifierOf(config);
  const prefix = keyPrefix(environment);
  const showsHeaders = !config.hide_client_headers;
  const trouble = createTrouble(environment.log, environment.clock);
  return {
    limits,
    trouble,
    identify,
    keyOf: ({ suffix }, identifier) => prefix + identifier + suffix,
    enter(exchange, now) {
      const start = prefix + identify(exchange);
      for (const limit of limits) {
        enterWindow(limit, now);
        limit.key = start + limit.suffix;
      }
    },
    decide(exchange, now, countOf) {
      let exceeded: Limit | undefined;
      for (let index = 0; index < limits.length; index++) {
        const limit = limits[index]!;
        limit.remaining = limit.limit - countOf(limit, index);
        // The longest of several: until it ends, no request passes.
        if (limit.remaining <= 0) exceeded = limit;
      }
      if (showsHeaders) showLimits(exchange, limits, exceeded, now);
      return exceeded === undefined ? undefined : refusal;
    },
    unreachable(problem) {
      trouble('failed to get usage', problem);
      return config.fault_tolerant ? undefined : UNAVAILABLE;
    },
  };
}
