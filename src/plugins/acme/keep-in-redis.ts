// acme's storage in Redis: a key each, behind the namespace, with the expiry of Redis.
import type { Redis } from 'ioredis';
import type { Keeper, StorageConfig } from './keeper.ts';

export function keepInRedis(target: StorageConfig['redis']): Keeper {
  const prefix = target.extra_options.namespace;
  let opening: Promise<Redis> | undefined;
  const open = (): Promise<Redis> => (opening ??= connect(target));
  const wholeSeconds = (seconds: number): number => Math.max(1, Math.ceil(seconds));
  return {
    get: async (key) => (await (await open()).get(prefix + key)) ?? undefined,
    async set(key, value, ttlSeconds) {
      const client = await open();
      if (ttlSeconds === undefined) await client.set(prefix + key, value);
      else await client.set(prefix + key, value, 'EX', wholeSeconds(ttlSeconds));
    },
    async add(key, value, ttlSeconds) {
      const client = await open();
      return (await client.set(prefix + key, value, 'EX', wholeSeconds(ttlSeconds), 'NX')) === 'OK';
    },
    async delete(key) {
      await (await open()).del(prefix + key);
    },
    async list(beginning) {
      const client = await open();
      const MATCH = `${(prefix + beginning).replace(/[\\*?[\]]/g, '\\$&')}*`;
      const found = new Set<string>();
      let cursor = '0';
      do {
        const [next, keys] = await client.scan(cursor, 'MATCH', MATCH, 'COUNT', target.extra_options.scan_count ?? 10);
        for (const key of keys) found.add(key.slice(prefix.length));
        cursor = next;
      } while (cursor !== '0');
      return [...found];
    },
    close() {
      void opening?.then((client) => client.disconnect());
    },
  };
}

async function connect(target: StorageConfig['redis']): Promise<Redis> {
  const { Redis } = await import('ioredis');
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
}
