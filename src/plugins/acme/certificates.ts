// Obtains a certificate for a host and puts it where the gateway finds it: a certificate and its server name, both tagged as
// the plugin's. A host that failed is left alone for a while.
import { createPrivateKey, generateKeyPair, type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { createRequest } from '../../lib/x509-request.ts';
import type { EntityWrite, Environment, PluginConfig } from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { AcmeClient } from './client.ts';
import type { Keeper } from './keeper.ts';
import type { schema } from './schema.ts';

type Config = PluginConfig<typeof schema>;

const TAG = 'managed-by-acme';
const CHALLENGE_SECONDS = 3600;
const LOCK_SECONDS = 30;
const DAY_MS = 86_400_000;

const makeKey = promisify(generateKeyPair);

/** Told in the log or to who asked. `waiting`: nothing was tried, because of a failure before or because it is under way elsewhere. */
export type Outcome =
  | { readonly result: 'created' }
  | { readonly result: 'waiting' | 'failed'; readonly message: string };

export class Certificates {
  readonly #config: Config;
  readonly #environment: Environment;
  readonly #keeper: Keeper;
  /** Under way in this process, whoever asked for it. */
  readonly #hosts: Map<string, Promise<Outcome>>;
  #client: Promise<AcmeClient> | undefined = undefined;

  constructor(config: Config, environment: Environment, keeper: Keeper) {
    this.#config = config;
    this.#environment = environment;
    this.#keeper = keeper;
    this.#hosts = environment.once('acme hosts', () => new Map<string, Promise<Outcome>>());
  }

  has(host: string): boolean {
    return this.#environment.entities.find('snis', 'name', host) !== undefined;
  }

  /** By host. */
  own(): { readonly host: string; readonly certificate: Entity }[] {
    const { entities } = this.#environment;
    return entities
      .list('snis')
      .map((sni) => ({ host: sni['name'] as string, certificate: this.#certificateOf(sni) }))
      .filter((one): one is { host: string; certificate: Entity } => one.certificate !== undefined)
      .filter(({ certificate }) => isOwn(certificate))
      .sort((a, b) => (a.host < b.host ? -1 : 1));
  }

  find(host: string): Entity | undefined {
    const sni = this.#environment.entities.find('snis', 'name', host);
    return sni === undefined ? undefined : this.#certificateOf(sni);
  }

  /** Begins, unless it has begun; what goes wrong is told in the log. */
  async order(host: string, key?: KeyObject): Promise<Outcome> {
    const running = this.#hosts.get(host);
    if (running !== undefined) return running;
    const work = this.#order(host, key).finally(() => this.#hosts.delete(host));
    this.#hosts.set(host, work);
    const outcome = await work;
    const { log } = this.#environment;
    if (outcome.result === 'created') log.info(`certificate for host ${host} is created`);
    else log[outcome.result === 'failed' ? 'error' : 'debug'](`no certificate for ${host}: ${outcome.message}`);
    return outcome;
  }

  /** Those of the plugin that end soon, one after the other, with the keys that they have. */
  async renew(): Promise<void> {
    const { clock } = this.#environment;
    const threshold = clock.now() + (this.#config.renew_threshold_days ?? 14) * DAY_MS;
    for (const { host, certificate } of this.own()) {
      if (Date.parse(new X509Certificate(certificate['cert'] as string).validTo) >= threshold) continue;
      await this.order(host, createPrivateKey(certificate['key'] as string));
    }
  }

  async #order(host: string, key: KeyObject | undefined): Promise<Outcome> {
    const backoff = `kong_acme:fail_backoff:${host}`;
    const lock = `kong_acme:update_lock:${host}`;
    const { clock } = this.#environment;
    const keeper = this.#keeper;
    try {
      const until = Number((await keeper.get(backoff)) ?? 0);
      if (until > 0) {
        const seconds = Math.max(1, Math.ceil(until - clock.now() / 1000));
        const message = `please try again in ${seconds} seconds for host ${host} because of previous failure`;
        return { result: 'waiting', message };
      }
      if (!(await keeper.add(lock, 'placeholder', LOCK_SECONDS))) {
        return { result: 'waiting', message: `the certificate for host ${host} is under way on another node` };
      }
    } catch (problem) {
      return { result: 'failed', message: messageOf(problem) };
    }
    try {
      await this.#obtain(host, key ?? (await this.#certificateKey()));
      return { result: 'created' };
    } catch (problem) {
      this.#client = undefined;
      const seconds = (this.#config.fail_backoff_minutes ?? 5) * 60;
      const until = Math.ceil(clock.now() / 1000) + seconds;
      if (seconds > 0) await keeper.set(backoff, String(until), seconds).catch(() => undefined);
      return { result: 'failed', message: messageOf(problem) };
    } finally {
      await keeper.delete(lock).catch(() => undefined);
    }
  }

  async #obtain(host: string, key: KeyObject): Promise<void> {
    const keeper = this.#keeper;
    // Rejects where entities cannot be written: nothing is ordered that could not be kept.
    await this.#environment.entities.write([]);
    this.#client ??= this.#connect();
    const client = await this.#client;
    const chain = await client.obtain(host, createRequest([host], key), {
      show: (token, text) => keeper.set(challengeKey(token), text, CHALLENGE_SECONDS),
      remove: (token) => keeper.delete(challengeKey(token)),
    });
    await this.#store(host, chain, key);
  }

  async #store(host: string, cert: string, key: KeyObject): Promise<void> {
    const { entities, clock } = this.#environment;
    const sni = entities.find('snis', 'name', host);
    const former = sni === undefined ? undefined : (sni['certificate'] as { id: string }).id;
    const id = randomUUID();
    const values = { id, cert, key: key.export({ type: 'pkcs8', format: 'pem' }) as string, tags: [TAG] };
    const writes: EntityWrite[] = [{ action: 'create', kind: 'certificates', values }];
    if (sni === undefined) {
      writes.push({ action: 'create', kind: 'snis', values: { name: host, certificate: { id }, tags: [TAG] } });
    } else {
      writes.push({ action: 'update', kind: 'snis', id: sni.id, values: { certificate: { id } } });
      const old = entities.get('certificates', former!);
      if (old !== undefined && isOwn(old)) writes.push({ action: 'delete', kind: 'certificates', id: old.id });
    }
    if ((await entities.write(writes)) === undefined) throw new Error('the certificate could not be stored');
    const expire_at = Math.floor(clock.now() / 1000) + 90 * 86_400;
    await this.#keeper.set(`kong_acme:renew_config:${host}`, JSON.stringify({ host, expire_at }));
  }

  #certificateOf(sni: Entity): Entity | undefined {
    return this.#environment.entities.get('certificates', (sni['certificate'] as { id: string }).id);
  }

  async #connect(): Promise<AcmeClient> {
    const { api_uri, account_email, eab_kid, eab_hmac_key, preferred_chain } = this.#config;
    const uri = api_uri ?? '';
    return new AcmeClient(
      {
        directory: uri.endsWith('/directory') ? uri : `${uri.replace(/\/$/, '')}/directory`,
        email: account_email,
        key: await this.#accountKey(),
        binding: eab_kid === null || eab_hmac_key === null ? undefined : { kid: eab_kid, secret: eab_hmac_key },
        preferredChain: preferred_chain ?? undefined,
      },
      this.#environment.network,
    );
  }

  async #accountKey(): Promise<KeyObject> {
    const { account_key, api_uri, account_email } = this.#config;
    if (account_key !== null) return this.#storedKey(account_key.key_id);
    const name = `kong_acme:account:${api_uri}:${Buffer.from(account_email).toString('base64')}`;
    const known = await this.#keeper.get(name);
    if (known !== undefined) return createPrivateKey((JSON.parse(known) as { key: string }).key);
    const { privateKey } = await makeKey('ec', { namedCurve: 'P-256' });
    await this.#keeper.set(name, JSON.stringify({ key: privateKey.export({ type: 'pkcs8', format: 'pem' }) }));
    return privateKey;
  }

  #storedKey(id: string): KeyObject {
    const key = this.#environment.entities.list('keys').find(({ kid }) => kid === id);
    const pem = (key?.['pem'] as { private_key?: string } | null | undefined)?.private_key;
    if (typeof pem === 'string') return createPrivateKey(pem);
    const jwk = key?.['jwk'];
    if (typeof jwk === 'string') return createPrivateKey({ key: JSON.parse(jwk) as never, format: 'jwk' });
    throw new Error(`there is no key ${id}`);
  }

  async #certificateKey(): Promise<KeyObject> {
    if (this.#config.cert_type === 'ecc') return (await makeKey('ec', { namedCurve: 'P-256' })).privateKey;
    return (await makeKey('rsa', { modulusLength: this.#config.rsa_key_size ?? 4096 })).privateKey;
  }
}

export const challengeKey = (token: string): string => `${token}#http-01`;

const isOwn = (entity: Entity): boolean => ((entity['tags'] as string[] | null) ?? []).includes(TAG);

const messageOf = (problem: unknown): string => (problem instanceof Error ? problem.message : String(problem));
