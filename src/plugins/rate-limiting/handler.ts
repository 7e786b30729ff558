// rate-limiting at work: chooses where requests are counted. A request is refused when any period is used up; a refused
// request is not counted.
import { type Answer, type Environment, error, type Phases, type PluginConfig } from '../../pdk/index.ts';
import { countHere } from './count-here.ts';
import { countInRedis } from './count-in-redis.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, environment: Environment): Phases {
  const refusal = refusalOf(config, environment);
  if (config.policy === 'cluster') return withoutCounters('cluster', config, environment);
  return config.policy === 'redis'
    ? countInRedis(config, environment, refusal)
    : countHere(config, environment, refusal);
}

/** The policy's store cannot be reached, as far as a request is concerned. */
function withoutCounters(policy: string, { fault_tolerant }: Config, { log }: Environment): Phases {
  const effect = fault_tolerant ? 'requests pass without a limit' : 'requests are answered with 500';
  log.error(`policy ${policy} is not available in this version: ${effect}`);
  const unavailable = error(500);
  return { access: () => (fault_tolerant ? undefined : unavailable) };
}

function refusalOf(config: Config, { log }: Environment): Answer {
  const status = config.error_code ?? 429;
  if (status >= 400 && status <= 599 && Number.isInteger(status))
    return error(status, config.error_message ?? undefined);
  log.error(`error_code ${status} is not the status of an error: refused requests are answered with 500`);
  return error(500);
}
