// Obtains certificates for hosts and renews them: one order at a time for a host, on all nodes that share the storage. A host
// that failed is left alone for a while.
import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { createRequest } from '../../lib/x509-request.ts';
import type { Environment, PluginConfig } from '../../pdk/index.ts';
import { AcmeClient } from './client.ts';
import type { Keeper } from './keeper.ts';
import type { schema } from './schema.ts';
import { createShelf, RENEWALS, type Shelf } from './shelf.ts';

type Config = PluginConfig<typeof schema>;

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
  readonly shelf: Shelf;
  /** Under way in this process, whoever asked for it. */
  readonly #hosts: Map<string, Promise<Outcome>>;
  #client: Promise<AcmeClient> | undefined = undefined;

  constructor(config: Config, environment: Environment, keeper: Keeper) {
    this.#config = config;
    this.#environment = environment;
    this.#keeper = keeper;
    this.shelf = createShelf(environment, keeper);
    this.#hosts = environment.once('acme hosts', () => new Map<string, Promise<Outcome>>());
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
    for (const { host } of await this.shelf.list()) {
      await this.#renew(host).catch((problem: unknown) => {
        this.#environment.log.error(`the certificate of ${host} is not renewed: ${messageOf(problem)}`);
      });
    }
  }

  async #renew(host: string): Promise<void> {
    // Looked up again: another node may have been faster.
    const pair = await this.shelf.find(host);
    if (pair === undefined) return this.shelf.forget(host);
    const threshold = this.#environment.clock.now() + (this.#config.renew_threshold_days ?? 14) * DAY_MS;
    if (new X509Certificate(pair.cert).validToDate.getTime() >= threshold) return;
    await this.order(host, createPrivateKey(pair.key));
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
      const until = Math.floor(clock.now() / 1000) + seconds;
      if (seconds > 0) await keeper.set(backoff, String(until), seconds).catch(() => undefined);
      return { result: 'failed', message: messageOf(problem) };
    } finally {
      await keeper.delete(lock).catch(() => undefined);
    }
  }

  async #obtain(host: string, key: KeyObject): Promise<void> {
    const keeper = this.#keeper;
    this.#client ??= this.#connect();
    const client = await this.#client;
    const chain = await client.obtain(host, createRequest([host], key), {
      show: (token, text) => keeper.set(challengeKey(token), text, CHALLENGE_SECONDS),
      remove: (token) => keeper.delete(challengeKey(token)),
    });
    await this.shelf.put(host, { cert: chain, key: key.export({ type: 'pkcs8', format: 'pem' }) as string });
    const expire_at = Math.floor(this.#environment.clock.now() / 1000) + 90 * 86_400;
    await keeper.set(RENEWALS + host, JSON.stringify({ host, expire_at }));
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

const messageOf = (problem: unknown): string => (problem instanceof Error ? problem.message : String(problem));
