// Connections to Redis, one for each server, database and login, shared by all plugin instances that count there. Nothing
// waits longer than the configured time; while the server is known to be away, commands fail at once.
import type { Redis, RedisOptions } from 'ioredis';
import type { Environment, SharedCounters } from '../../pdk/index.ts';

/** The `redis` record of a configuration. */
export interface RedisTarget {
  readonly host: string | null;
  readonly port: number | null;
  readonly timeout: number | null;
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number | null;
  readonly ssl: boolean | null;
  readonly ssl_verify: boolean | null;
  readonly server_name: string | null;
}

/** Counters in Redis; the connection is closed when nobody uses it any more. */
export interface RedisLease extends SharedCounters {
  release(): void;
}

const DEFAULT_TIMEOUT_MS = 2000;
/** After a failure nobody tries again for this long. */
const REST_MS = 500;

/** Scripts run alone: nobody counts between what they read and what they write. Keys live as long as their first write says. */
const SCRIPTS = {
  /** Values: limit, seconds and amount of each key. Adds the amounts, unless any has reached its limit; answers what was there, as text. */
  takeOne: `
local counts, full = {}, false
for i, key in ipairs(KEYS) do
  counts[i] = redis.call('GET', key) or '0'
  if tonumber(counts[i]) >= tonumber(ARGV[3 * i - 2]) then full = true end
end
if full then return counts end
for i, key in ipairs(KEYS) do
  redis.call('INCRBYFLOAT', key, ARGV[3 * i])
  if counts[i] == '0' then redis.call('EXPIRE', key, ARGV[3 * i - 1]) end
end
return counts`,
  /** No values. Answers what is there, as text. */
  read: `
local counts = {}
for i, key in ipairs(KEYS) do counts[i] = redis.call('GET', key) or '0' end
return counts`,
  /** Values: amount and seconds of each key. Answers the new counts, as text. */
  add: `
local counts = {}
for i, key in ipairs(KEYS) do
  local isNew = redis.call('EXISTS', key) == 0
  counts[i] = redis.call('INCRBYFLOAT', key, ARGV[2 * i - 1])
  if isNew then redis.call('EXPIRE', key, ARGV[2 * i]) end
end
return counts`,
} as const;
type ScriptName = keyof typeof SCRIPTS;

type Scripted = Record<ScriptName, (count: number, ...rest: (string | number)[]) => Promise<unknown>>;

/** Opens nothing yet: the first command connects. */
export function leaseRedis(environment: Environment, target: RedisTarget): RedisLease {
  const connections = environment.once('redis', () => new RedisConnections());
  return connections.lease(target);
}

class RedisConnections {
  readonly #connections = new Map<string, { readonly connection: RedisConnection; leases: number }>();

  lease(target: RedisTarget): RedisLease {
    const key = JSON.stringify(target, Object.keys(target).sort());
    let entry = this.#connections.get(key);
    if (entry === undefined) {
      entry = { connection: new RedisConnection(target), leases: 0 };
      this.#connections.set(key, entry);
    }
    const held = entry;
    held.leases += 1;
    const run = async (script: ScriptName, keys: readonly string[], values: readonly number[]): Promise<number[]> =>
      (await held.connection.run(script, keys, values)).map(Number);
    return {
      takeOne: (wanted) =>
        run(
          'takeOne',
          wanted.map(({ key }) => key),
          wanted.flatMap(({ limit, seconds, amount = 1 }) => [limit, seconds, amount]),
        ),
      read: (keys) => run('read', keys, []),
      add: (additions) =>
        run(
          'add',
          additions.map(({ key }) => key),
          additions.flatMap(({ amount, seconds }) => [amount, seconds]),
        ),
      release: () => {
        held.leases -= 1;
        if (held.leases > 0) return;
        held.connection.close();
        this.#connections.delete(key);
      },
    };
  }

  close(): void {
    for (const { connection } of this.#connections.values()) connection.close();
    this.#connections.clear();
  }
}

class RedisConnection {
  readonly #target: RedisTarget;
  readonly #timeoutMs: number;
  #client: Redis | undefined = undefined;
  #opening: Promise<Redis> | undefined = undefined;
  #restsUntil = 0;
  #lastError: Error | undefined = undefined;
  #isClosed = false;

  constructor(target: RedisTarget) {
    this.#target = target;
    this.#timeoutMs = target.timeout ?? DEFAULT_TIMEOUT_MS;
  }

  async run(
    script: ScriptName,
    keys: readonly string[],
    values: readonly (string | number)[],
  ): Promise<readonly unknown[]> {
    const client = this.#client ?? (await this.#open());
    try {
      return (await (client as unknown as Scripted)[script](keys.length, ...keys, ...values)) as readonly unknown[];
    } catch (error) {
      // A server that hangs would make every request wait as long as this one did.
      if (error instanceof Error && error.message === 'Command timed out') this.#fail(client, error);
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#client?.disconnect();
    this.#client = undefined;
  }

  #open(): Promise<Redis> {
    if (performance.now() < this.#restsUntil) return Promise.reject(this.#lastError!);
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<Redis> {
    const { Redis } = await import('ioredis');
    this.#lastError = undefined;
    const client = new Redis(optionsOf(this.#target, this.#timeoutMs));
    // A failed command or connection is told to who asked for it.
    client.on('error', (error: Error) => {
      this.#lastError = error;
    });
    client.on('end', () => {
      if (this.#client === client) this.#client = undefined;
    });
    try {
      await inTime(client.connect(), this.#timeoutMs);
    } catch (error) {
      throw this.#fail(client, this.#lastError ?? (error as Error));
    }
    if (this.#isClosed) client.disconnect();
    else this.#client = client;
    return client;
  }

  #fail(client: Redis, { message }: Error): Error {
    const failure = new Error(`Redis at ${this.#target.host}:${this.#target.port}: ${message}`);
    if (this.#client === client) this.#client = undefined;
    client.disconnect();
    this.#restsUntil = performance.now() + REST_MS;
    this.#lastError = failure;
    return failure;
  }
}

function optionsOf(target: RedisTarget, timeoutMs: number): Omit<RedisOptions, 'replyMapping'> {
  const { host, port, username, password, database, ssl, ssl_verify, server_name } = target;
  const hasPassword = password !== null && password !== '';
  return {
    host: host ?? '127.0.0.1',
    port: port ?? 6379,
    db: database ?? 0,
    ...(hasPassword ? { password, ...(username === null ? {} : { username }) } : {}),
    ...(ssl === true
      ? {
          tls: {
            rejectUnauthorized: ssl_verify === true,
            ...(server_name === null ? {} : { servername: server_name }),
          },
        }
      : {}),
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: null,
    // Servers of any age and users with few rights: what nobody needs is not asked.
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
    scripts: Object.fromEntries(Object.entries(SCRIPTS).map(([name, lua]) => [name, { lua }])),
  };
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
