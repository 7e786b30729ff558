// acme's storage in HashiCorp Vault, version 2 of its key-value engine, mounted at `secret`. A key that expires is told so in
// its metadata, before its value is written.
import { readFile } from 'node:fs/promises';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Environment, HttpAnswer } from '../../pdk/index.ts';
import type { Keeper, StorageConfig } from './keeper.ts';
import { DEFAULT_TIMEOUT_MS, kvFolder, kvKey, kvName } from './kv-path.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const NOTE = 'kept by the acme plugin';

export function keepInVault(target: StorageConfig['vault'], { network, clock }: Environment): Keeper {
  const { https, host, port, kv_path, timeout, tls_verify, tls_server_name } = target;
  const origin = `${https === true ? 'https' : 'http'}://${host ?? '127.0.0.1'}:${port ?? 8200}`;
  const folder = kvFolder(kv_path);
  let login: { readonly token: string; readonly until: number } | undefined;

  const send = (method: string, path: string, token: string | null, body?: JsonObject): Promise<HttpAnswer> =>
    network.http({
      url: `${origin}/v1/${path}`,
      method,
      headers: token === null ? {} : { 'X-Vault-Token': token },
      body: body === undefined ? '' : JSON.stringify(body),
      timeoutMs: timeout ?? DEFAULT_TIMEOUT_MS,
      keepAliveMs: 10_000,
      verify: tls_verify !== false,
      serverName: tls_server_name ?? undefined,
    });

  async function token(): Promise<string | null> {
    if (target.auth_method !== 'kubernetes') return target.token;
    if (login !== undefined && login.until > clock.now()) return login.token;
    const jwt = (await readFile(target.jwt_path ?? SERVICE_ACCOUNT, 'utf8')).trim();
    const path = `auth/${target.auth_path ?? 'kubernetes'}/login`;
    const { status, text } = await send('POST', path, null, { role: target.auth_role ?? '', jwt });
    const auth = status === 200 ? memberOf(objectIn(text), 'auth') : {};
    if (typeof auth['client_token'] !== 'string') throw new Error(`Vault refused the login: status ${status}`);
    // A little less than it is good for.
    const seconds = Number(auth['lease_duration'] ?? 0) * 0.9;
    login = { token: auth['client_token'], until: clock.now() + seconds * 1000 };
    return login.token;
  }

  const call = async (method: string, area: 'data' | 'metadata', key: string, body?: JsonObject): Promise<HttpAnswer> =>
    send(method, `secret/${area}/${folder}/${kvName(key)}`, await token(), body);

  /** The value, if it is still there, and the version that a write would follow. */
  async function read(key: string): Promise<{ readonly value: string | undefined; readonly version: number }> {
    const { status, text } = await call('GET', 'data', key);
    if (status !== 200 && status !== 404) throw new Error(`Vault answered ${status}`);
    const data = memberOf(objectIn(text), 'data');
    const value = memberOf(data, 'data')['value'];
    return {
      value: typeof value === 'string' ? value : undefined,
      version: Number(memberOf(data, 'metadata')['version'] ?? 0),
    };
  }

  async function write(
    key: string,
    value: string,
    ttlSeconds: number | undefined,
    options: JsonObject,
  ): Promise<number> {
    if (ttlSeconds !== undefined) {
      const delete_version_after = `${Math.max(1, Math.ceil(ttlSeconds))}s`;
      const { status } = await call('POST', 'metadata', key, { delete_version_after });
      if (status >= 300) return status;
    }
    return (await call('POST', 'data', key, { data: { value, note: NOTE }, options })).status;
  }

  return {
    get: async (key) => (await read(key)).value,
    async set(key, value, ttlSeconds) {
      const status = await write(key, value, ttlSeconds, {});
      if (status >= 300) throw new Error(`Vault answered ${status}`);
    },
    async add(key, value, ttlSeconds) {
      const { value: known, version } = await read(key);
      if (known !== undefined) return false;
      const status = await write(key, value, ttlSeconds, { cas: version });
      // Another version came in between.
      if (status === 400) return false;
      if (status >= 300) throw new Error(`Vault answered ${status}`);
      return true;
    },
    async delete(key) {
      const { status } = await call('DELETE', 'metadata', key);
      if (status >= 300 && status !== 404) throw new Error(`Vault answered ${status}`);
    },
    async list(prefix) {
      const { status, text } = await send('GET', `secret/metadata/${folder}?list=true`, await token());
      if (status !== 200 && status !== 404) throw new Error(`Vault answered ${status}`);
      const { keys } = memberOf(objectIn(text), 'data');
      const names = Array.isArray(keys) ? keys.filter((name): name is string => typeof name === 'string') : [];
      return names.map(kvKey).filter((key) => key.startsWith(prefix));
    },
    close: () => undefined,
  };
}

function objectIn(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function memberOf(value: JsonObject, name: string): JsonObject {
  const member = value[name] ?? null;
  return isObject(member) ? member : {};
}
