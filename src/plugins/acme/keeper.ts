// Where the plugin keeps what must outlive a request: challenges, the account's key, dates of renewal. One of three places,
// with the same keys in each.
import type { Environment, PluginConfig } from '../../pdk/index.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

export interface Keeper {
  get(key: string): Promise<string | undefined>;
  /** @param ttlSeconds undefined for ever. */
  set(key: string, value: string, ttlSeconds?: number): Promise<void>;
  delete(key: string): Promise<void>;
  close(): void;
}

export function createKeeper(config: Config, environment: Environment): Keeper {
  const { storage, storage_config } = config;
  if (storage === 'kong') return inEntities(environment);
  if (storage === 'redis') return inRedis(storage_config.redis);
  if (storage === 'consul' || storage === 'vault')
    throw new Error(`storage ${storage} is not available in this version`);
  return inMemory(storage_config.shm.shm_name ?? 'kong', environment);
}

/** Shared by the instances of this node; gone when it ends. */
function inMemory(name: string, { once, clock }: Environment): Keeper {
  const values = once(`acme ${name}`, () => new Map<string, { readonly value: string; readonly until: number }>());
  return {
    async get(key) {
      const found = values.get(key);
      return found !== undefined && found.until > clock.now() ? found.value : undefined;
    },
    async set(key, value, ttlSeconds) {
      values.set(key, {
        value,
        until: ttlSeconds === undefined ? Number.POSITIVE_INFINITY : clock.now() + ttlSeconds * 1000,
      });
    },
    async delete(key) {
      values.delete(key);
    },
    close: () => undefined,
  };
}

function inEntities({ entities, clock }: Environment): Keeper {
  const kind = 'acme_storage';
  const find = (key: string) => {
    const entity = entities.find(kind, 'key', key);
    const expiry = entity?.['ttl'];
    return typeof expiry === 'number' && expiry * 1000 <= clock.now() ? undefined : entity;
  };
  return {
    async get(key) {
      const value = find(key)?.['value'];
      return typeof value === 'string' ? value : undefined;
    },
    async set(key, value, ttlSeconds) {
      const known = entities.find(kind, 'key', key);
      const values = { key, value, ...(ttlSeconds === undefined ? {} : { ttl: ttlSeconds }) };
      await entities.write([
        ...(known === undefined ? [] : [{ action: 'delete', kind, id: known.id } as const]),
        { action: 'create', kind, values },
      ]);
    },
    async delete(key) {
      const known = entities.find(kind, 'key', key);
      if (known !== undefined) await entities.write([{ action: 'delete', kind, id: known.id }]);
    },
    close: () => undefined,
  };
}

function inRedis(target: Config['storage_config']['redis']): Keeper {
  const prefix = target.extra_options.namespace;
  let opening: Promise<import('ioredis').Redis> | undefined;
  const open = (): Promise<import('ioredis').Redis> => {
    opening ??= import('ioredis').then(({ Redis }) => {
      const { host, port, password, username, database, ssl, ssl_verify, server_name, timeout } = target;
      const client = new Redis({
        host: host ?? '127.0.0.1',
        port: port ?? 6379,
        db: database ?? 0,
        ...(password === null || password === '' ? {} : { password, ...(username === null ? {} : { username }) }),
        ...(ssl === true
          ? {
              tls: {
                rejectUnauthorized: ssl_verify === true,
                ...(server_name === null ? {} : { servername: server_name }),
              },
            }
          : {}),
        connectTimeout: timeout ?? 2000,
        commandTimeout: timeout ?? 2000,
        maxRetriesPerRequest: 1,
        enableReadyCheck: false,
      });
      // A failed command is told to who asked for it.
      client.on('error', () => undefined);
      return client;
    });
    return opening;
  };
  return {
    get: async (key) => (await (await open()).get(prefix + key)) ?? undefined,
    async set(key, value, ttlSeconds) {
      const client = await open();
      if (ttlSeconds === undefined) await client.set(prefix + key, value);
      else await client.set(prefix + key, value, 'EX', Math.max(1, Math.ceil(ttlSeconds)));
    },
    async delete(key) {
      await (await open()).del(prefix + key);
    },
    close() {
      void opening?.then((client) => client.disconnect());
    },
  };
}
