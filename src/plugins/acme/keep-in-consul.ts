// acme's storage in the key-value store of Consul. Keys there do not expire: when one does is kept in its flags, in seconds
// since the epoch, and who reads looks at them.
import { isObject, type Json } from '../../lib/json.ts';
import type { Environment, HttpAnswer } from '../../pdk/index.ts';
import type { Keeper, StorageConfig } from './keeper.ts';
import { DEFAULT_TIMEOUT_MS, kvFolder, kvKey, kvName } from './kv-path.ts';

interface Entry {
  readonly value: string;
  readonly isAlive: boolean;
  /** What a write names to be made on this very entry. */
  readonly index: number;
}

export function keepInConsul(target: StorageConfig['consul'], { network, clock }: Environment): Keeper {
  const { https, host, port, kv_path, timeout, token } = target;
  const origin = `${https === true ? 'https' : 'http'}://${host ?? '127.0.0.1'}:${port ?? 8500}`;
  const folder = kvFolder(kv_path);
  const base = `${origin}/v1/kv/${folder}`;

  async function call(method: string, key: string, query: string, body: string): Promise<HttpAnswer> {
    const answer = await network.http({
      url: `${base}/${kvName(key)}${query}`,
      method,
      headers: token === null ? {} : { 'X-Consul-Token': token },
      body,
      timeoutMs: timeout ?? DEFAULT_TIMEOUT_MS,
      keepAliveMs: 10_000,
      verify: true,
    });
    if (answer.status !== 200 && answer.status !== 404) throw new Error(`Consul answered ${answer.status}`);
    return answer;
  }

  async function read(key: string): Promise<Entry | undefined> {
    const { status, text } = await call('GET', key, '', '');
    const rows = status === 200 ? (JSON.parse(text) as Json) : [];
    const row = Array.isArray(rows) ? rows[0] : undefined;
    if (row === undefined || !isObject(row) || typeof row['Value'] !== 'string') return undefined;
    const until = Number(row['Flags'] ?? 0);
    return {
      value: Buffer.from(row['Value'], 'base64').toString('utf8'),
      isAlive: until === 0 || until * 1000 > clock.now(),
      index: Number(row['ModifyIndex']),
    };
  }

  async function write(key: string, value: string, ttlSeconds: number | undefined, only: string): Promise<boolean> {
    const until = ttlSeconds === undefined ? 0 : Math.ceil(clock.now() / 1000 + ttlSeconds);
    const { status, text } = await call('PUT', key, `?flags=${until}${only}`, value);
    if (status !== 200) throw new Error(`Consul answered ${status}`);
    return text.trim() === 'true';
  }

  return {
    async get(key) {
      const entry = await read(key);
      return entry?.isAlive === true ? entry.value : undefined;
    },
    async set(key, value, ttlSeconds) {
      if (!(await write(key, value, ttlSeconds, ''))) throw new Error('Consul did not keep the value');
    },
    async add(key, value, ttlSeconds) {
      const entry = await read(key);
      return entry?.isAlive === true ? false : write(key, value, ttlSeconds, `&cas=${entry?.index ?? 0}`);
    },
    async delete(key) {
      await call('DELETE', key, '', '');
    },
    async list(prefix) {
      const { status, text } = await call('GET', prefix, '?keys=true', '');
      const names = status === 200 ? (JSON.parse(text) as string[]) : [];
      return names.map((name) => kvKey(name.slice(folder.length + 1)));
    },
    close: () => undefined,
  };
}
