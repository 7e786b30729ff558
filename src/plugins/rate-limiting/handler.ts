// rate-limiting at work: chooses where requests are counted. A request is refused when any period is used up; a refused
// request is not counted.
import { type Answer, type Environment, error, type Phases, type PluginConfig } from '../../pdk/index.ts';
import { leaseRedis } from '../shared/redis-connection.ts';
import { countHere } from './count-here.ts';
import { countSynced } from './count-synced.ts';
import { countTogether } from './count-together.ts';
import { createJudge, type Judge } from './judge.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, environment: Environment): Phases {
  const judge = createJudge(config, environment, refusalOf(config, environment));
  if (config.policy === 'redis') return countInRedis(config, environment, judge);
  const { sharedCounters, nodeCounters } = environment;
  // A cluster of one node is that node.
  const together = config.policy === 'cluster' ? (sharedCounters ?? nodeCounters) : nodeCounters;
  return together === undefined ? countHere(environment, judge) : countTogether(environment, judge, together);
}

function countInRedis(config: Config, environment: Environment, judge: Judge): Phases {
  const redis = leaseRedis(environment, config.redis);
  if (config.sync_rate === -1) {
    return { ...countTogether(environment, judge, redis), close: () => redis.release() };
  }
  const phases = countSynced(environment, judge, redis, config.sync_rate);
  return {
    ...phases,
    close() {
      void phases.close().finally(() => redis.release());
    },
  };
}

function refusalOf(config: Config, { log }: Environment): Answer {
  const status = config.error_code ?? 429;
  if (status >= 400 && status <= 599 && Number.isInteger(status))
    return error(status, config.error_message ?? undefined);
  log.error(`error_code ${status} is not the status of an error: refused requests are answered with 500`);
  return error(500);
}
