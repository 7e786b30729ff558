// Where counts are kept: in this process, or in Redis. A read may have to wait; adding never does.
import type { Environment, PluginConfig } from '../../pdk/index.ts';
import { leaseRedis } from '../shared/redis-connection.ts';
import { createTrouble } from '../shared/trouble.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export interface Addition {
  readonly key: string;
  readonly amount: number;
  readonly seconds: number;
}

export interface Meters {
  /** In the order of the keys. */
  read(keys: readonly string[]): readonly number[] | Promise<readonly number[]>;
  add(additions: readonly Addition[]): void;
  /** Reads are promises. */
  readonly waits: boolean;
  close(): void;
}

export function metersOf(config: Config, environment: Environment): Meters | undefined {
  if (config.policy === 'redis') return inRedis(config, environment);
  return config.policy === 'cluster' ? undefined : here(environment);
}

const here = ({ counters }: Environment): Meters => ({
  read: (keys) => keys.map((key) => counters.get(key)),
  add(additions) {
    for (const { key, amount, seconds } of additions) counters.increment(key, amount, seconds);
  },
  waits: false,
  close: () => undefined,
});

function inRedis(config: Config, environment: Environment): Meters {
  const redis = leaseRedis(environment, config.redis);
  const trouble = createTrouble(environment.log, environment.clock);
  return {
    read: async (keys) => (await redis.run('read', keys, [])).map(Number),
    add(additions) {
      const keys = additions.map(({ key }) => key);
      const values = additions.flatMap(({ amount, seconds }) => [amount, seconds]);
      redis.run('add', keys, values).catch((problem: unknown) => trouble('failed to count', problem));
    },
    waits: true,
    close: () => redis.release(),
  };
}
