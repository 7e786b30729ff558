// Where the plugin keeps what must outlive a request: challenges, the account's key, locks, dates of renewal. One of five
// places, with the same keys in each.
import type { Json } from '../../lib/json.ts';
import type { Environment, PluginConfig } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { keepInConsul } from './keep-in-consul.ts';
import { keepInRedis } from './keep-in-redis.ts';
import { keepInVault } from './keep-in-vault.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;
export type StorageConfig = Config['storage_config'];

export interface Keeper {
  get(key: string): Promise<string | undefined>;
  /** @param ttlSeconds undefined for ever. */
  set(key: string, value: string, ttlSeconds?: number): Promise<void>;
  /** Only where there is nothing; false otherwise, also when somebody else was faster. */
  add(key: string, value: string, ttlSeconds: number): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** Keys with this beginning, in any order; some may have ended. */
  list(prefix: string): Promise<readonly string[]>;
  close(): void;
}

export function createKeeper(config: Config, environment: Environment): Keeper {
  const { storage, storage_config } = config;
  switch (storage) {
    case 'kong':
      return keepInEntities(environment);
    case 'redis':
      return keepInRedis(storage_config.redis);
    case 'consul':
      return keepInConsul(storage_config.consul, environment);
    case 'vault':
      return keepInVault(storage_config.vault, environment);
    default:
      return keepInMemory(storage_config.shm.shm_name ?? 'kong', environment);
  }
}

interface Kept {
  readonly value: string;
  readonly until: number;
}

/** Shared by the instances of this process, and told to the other processes of the node; gone when all of them end. */
function keepInMemory(name: string, { once, clock, events }: Environment): Keeper {
  const topic = `acme ${name}`;
  const values = once(topic, () => new Map<string, Kept>());
  const tell = (news: News): void => events.publish(topic, news as unknown as Json);
  const unsubscribe = events.subscribe(topic, (message) => {
    const news = message as unknown as News;
    switch (news.what) {
      case 'is':
        values.set(news.key, { value: news.value, until: news.until ?? Number.POSITIVE_INFINITY });
        return;
      case 'was':
        // What this process knows may be newer.
        if (!values.has(news.key)) {
          values.set(news.key, { value: news.value, until: news.until ?? Number.POSITIVE_INFINITY });
        }
        return;
      case 'gone':
        values.delete(news.key);
        return;
      case 'asked':
        for (const [key, { value, until }] of [...values]) tell({ what: 'was', key, value, until: finite(until) });
    }
  });
  // A process that begins knows nothing.
  if (values.size === 0) tell({ what: 'asked' });
  const find = (key: string): string | undefined => {
    const found = values.get(key);
    return found !== undefined && found.until > clock.now() ? found.value : undefined;
  };
  const put = (key: string, value: string, ttlSeconds: number): void => {
    tell({ what: 'is', key, value, until: finite(clock.now() + ttlSeconds * 1000) });
  };
  return {
    get: async (key) => find(key),
    set: async (key, value, ttlSeconds = Number.POSITIVE_INFINITY) => put(key, value, ttlSeconds),
    async add(key, value, ttlSeconds) {
      if (find(key) !== undefined) return false;
      put(key, value, ttlSeconds);
      return true;
    },
    async delete(key) {
      tell({ what: 'gone', key });
    },
    list: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
    close: unsubscribe,
  };
}

/** What processes tell each other of what they keep; no `until` for what stays. */
type News =
  | { readonly what: 'is' | 'was'; readonly key: string; readonly value: string; readonly until: number | null }
  | { readonly what: 'gone'; readonly key: string }
  | { readonly what: 'asked' };

const finite = (until: number): number | null => (Number.isFinite(until) ? until : null);

function keepInEntities({ entities, clock }: Environment): Keeper {
  const kind = 'acme_storage';
  const isAlive = (entity: Entity): boolean => {
    const expiry = entity['ttl'];
    return typeof expiry !== 'number' || expiry * 1000 > clock.now();
  };
  /** False when somebody else has put something there meanwhile. */
  const put = async (key: string, value: string, ttlSeconds?: number): Promise<boolean> => {
    const known = entities.find(kind, 'key', key);
    const values = { key, value, ...(ttlSeconds === undefined ? {} : { ttl: ttlSeconds }) };
    const written = await entities.write([
      ...(known === undefined ? [] : [{ action: 'delete', kind, id: known.id } as const]),
      { action: 'create', kind, values },
    ]);
    return written !== undefined;
  };
  return {
    async get(key) {
      const entity = entities.find(kind, 'key', key);
      const value = entity !== undefined && isAlive(entity) ? entity['value'] : undefined;
      return typeof value === 'string' ? value : undefined;
    },
    async set(key, value, ttlSeconds) {
      await put(key, value, ttlSeconds);
    },
    async add(key, value, ttlSeconds) {
      const known = entities.find(kind, 'key', key);
      return known !== undefined && isAlive(known) ? false : put(key, value, ttlSeconds);
    },
    async delete(key) {
      const known = entities.find(kind, 'key', key);
      if (known !== undefined) await entities.write([{ action: 'delete', kind, id: known.id }]);
    },
    async list(prefix) {
      const keys = entities.list(kind).map(({ key }) => String(key));
      return keys.filter((key) => key.startsWith(prefix));
    },
    close: () => undefined,
  };
}
