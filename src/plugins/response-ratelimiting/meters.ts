// Where counts are kept: in this process, in Redis or in the database. Either may have to wait.
import type { Environment, PluginConfig, SharedCounters, Wanted } from '../../pdk/index.ts';
import { leaseRedis } from '../shared/redis-connection.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export interface Meters {
  /** In the order of the keys. */
  read(keys: readonly string[]): readonly number[] | Promise<readonly number[]>;
  /** Adds the amounts, unless any counter has reached its limit; answers what was there before. */
  take(wanted: readonly Wanted[]): readonly number[] | Promise<readonly number[]>;
  close(): void;
}

export function metersOf(config: Config, environment: Environment): Meters {
  if (config.policy === 'redis') {
    const redis = leaseRedis(environment, config.redis);
    return { ...methodsOf(redis), close: () => redis.release() };
  }
  const { sharedCounters, nodeCounters } = environment;
  // A cluster of one node is that node.
  const together = config.policy === 'cluster' ? (sharedCounters ?? nodeCounters) : nodeCounters;
  return together === undefined ? here(environment) : { ...methodsOf(together), close: () => undefined };
}

const methodsOf = (counters: SharedCounters): Omit<Meters, 'close'> => ({
  read: (keys) => counters.read(keys),
  take: (wanted) => counters.takeOne(wanted),
});

const here = ({ counters }: Environment): Meters => ({
  read: (keys) => keys.map((key) => counters.get(key)),
  take(wanted) {
    const counts = wanted.map(({ key }) => counters.get(key));
    const isUsedUp = wanted.some(({ limit }, index) => counts[index]! >= limit);
    if (!isUsedUp) for (const { key, amount = 1, seconds } of wanted) counters.increment(key, amount, seconds);
    return counts;
  },
  close: () => undefined,
});
