// Where counts are kept: in this process, in Redis or in the database. A read may have to wait; adding never does.
import type { Addition, Environment, PluginConfig, SharedCounters } from '../../pdk/index.ts';
import { leaseRedis } from '../shared/redis-connection.ts';
import { createTrouble } from '../shared/trouble.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export interface Meters {
  /** In the order of the keys. */
  read(keys: readonly string[]): readonly number[] | Promise<readonly number[]>;
  add(additions: readonly Addition[]): void;
  /** Reads are promises. */
  readonly waits: boolean;
  close(): void;
}

export function metersOf(config: Config, environment: Environment): Meters {
  if (config.policy === 'redis') {
    const redis = leaseRedis(environment, config.redis);
    return elsewhere(redis, environment, () => redis.release());
  }
  const { sharedCounters, nodeCounters } = environment;
  // A cluster of one node is that node.
  const together = config.policy === 'cluster' ? (sharedCounters ?? nodeCounters) : nodeCounters;
  return together === undefined ? here(environment) : elsewhere(together, environment, () => undefined);
}

const here = ({ counters }: Environment): Meters => ({
  read: (keys) => keys.map((key) => counters.get(key)),
  add(additions) {
    for (const { key, amount, seconds } of additions) counters.increment(key, amount, seconds);
  },
  waits: false,
  close: () => undefined,
});

function elsewhere(counters: SharedCounters, { log, clock }: Environment, close: () => void): Meters {
  const trouble = createTrouble(log, clock);
  return {
    read: (keys) => counters.read(keys),
    add(additions) {
      counters.add(additions).catch((problem: unknown) => trouble('failed to count', problem));
    },
    waits: true,
    close,
  };
}
