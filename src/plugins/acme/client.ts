// A client of an ACME authority (RFC 8555): account, order, challenge, certificate.
import type { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject, type Json, type JsonObject } from '../../lib/json.ts';
import type { Network, OpenAnswer } from '../../pdk/index.ts';
import { base64url, bindAccount, publicJwk, signJws, thumbprint } from './jws.ts';

export interface AccountSettings {
  readonly directory: string;
  readonly email: string;
  readonly key: KeyObject;
  readonly binding: { readonly kid: string; readonly secret: string } | undefined;
  readonly preferredChain: string | undefined;
}

/** Called before the authority looks, and after. */
export interface ChallengeBoard {
  show(token: string, text: string): Promise<void>;
  remove(token: string): Promise<void>;
}

interface Reply {
  readonly answer: OpenAnswer;
  readonly body: JsonObject;
  readonly text: string;
}

const TIMEOUT_MS = 30_000;
const MAX_ANSWER = 1024 * 1024;
const POLL_MS = 500;
const MAX_POLLS = 120;
const NONCE_TRIES = 5;
/** Older ones are not likely to be good any more. */
const MAX_NONCES = 10;

export class AcmeClient {
  readonly #settings: AccountSettings;
  readonly #network: Network;
  #directory: JsonObject | undefined = undefined;
  /** Each good for one request; several orders may be under way. */
  readonly #nonces: string[] = [];
  #registered: Promise<void> | undefined = undefined;
  #account: string | undefined = undefined;

  constructor(settings: AccountSettings, network: Network) {
    this.#settings = settings;
    this.#network = network;
  }

  /** The chain in PEM for this host. @param request PKCS #10 in DER. */
  async obtain(host: string, request: Buffer, board: ChallengeBoard): Promise<string> {
    await (this.#registered ??= this.#register());
    const created = await this.#post(await this.#link('newOrder'), { identifiers: [{ type: 'dns', value: host }] });
    const orderUrl = headerOf(created.answer, 'location');
    for (const url of texts(created.body['authorizations'])) await this.#authorize(url, board);
    const ready = await this.#poll(orderUrl, ['ready', 'valid']);
    if (ready['status'] === 'ready') {
      await this.#post(textOf(ready['finalize'], 'finalize'), { csr: base64url(request) });
    }
    const order = await this.#poll(orderUrl, ['valid']);
    return this.#download(textOf(order['certificate'], 'certificate'));
  }

  async #register(): Promise<void> {
    const { key, email, binding } = this.#settings;
    const url = await this.#link('newAccount');
    const bound =
      binding === undefined ? {} : { externalAccountBinding: bindAccount(key, binding.kid, binding.secret, url) };
    const payload = { termsOfServiceAgreed: true, contact: [`mailto:${email}`], ...bound };
    const { answer } = await this.#post(url, payload, { jwk: publicJwk(key) });
    this.#account = headerOf(answer, 'location');
  }

  async #authorize(url: string, board: ChallengeBoard): Promise<void> {
    const { body } = await this.#post(url, undefined);
    if (body['status'] === 'valid') return;
    const challenges = Array.isArray(body['challenges']) ? body['challenges'].filter(isObject) : [];
    const challenge = challenges.find(({ type }) => type === 'http-01');
    if (challenge === undefined) throw new Error('the authority offers no http-01 challenge');
    const token = textOf(challenge['token'], 'token');
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(token)) throw new Error('the token of the challenge is not usable');
    await board.show(token, `${token}.${thumbprint(this.#settings.key)}`);
    try {
      await this.#post(textOf(challenge['url'], 'url'), {});
      await this.#poll(url, ['valid']);
    } finally {
      await board.remove(token);
    }
  }

  async #download(url: string): Promise<string> {
    const { text, answer } = await this.#post(url, undefined);
    const { preferredChain } = this.#settings;
    if (preferredChain === undefined) return text;
    const { X509Certificate } = await import('node:crypto');
    const isPreferred = (chain: string): boolean => {
      const last = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*$/.exec(chain)?.[0];
      return last !== undefined && new X509Certificate(last).issuer.split('\n').includes(`CN=${preferredChain}`);
    };
    if (isPreferred(text)) return text;
    for (const link of [answer.headers['link'] ?? []].flat()) {
      const other = /<([^>]+)>;\s*rel="alternate"/.exec(link)?.[1];
      const chain = other === undefined ? undefined : (await this.#post(new URL(other, url).href, undefined)).text;
      if (chain !== undefined && isPreferred(chain)) return chain;
    }
    return text;
  }

  async #poll(url: string, wanted: readonly string[]): Promise<JsonObject> {
    for (let i = 0; i < MAX_POLLS; i++) {
      const { body } = await this.#post(url, undefined);
      if (wanted.includes(String(body['status']))) return body;
      if (body['status'] === 'invalid') throw new Error(`the authority refused: ${problemIn(body)}`);
      await sleep(POLL_MS);
    }
    throw new Error('the authority did not decide in time');
  }

  async #link(name: string): Promise<string> {
    this.#directory ??= (await this.#fetch('GET', this.#settings.directory, '')).body;
    return textOf(this.#directory[name], name);
  }

  async #post(url: string, payload: JsonObject | undefined, identity?: JsonObject): Promise<Reply> {
    for (let i = 0; ; i++) {
      const nonce = await this.#takeNonce();
      const header = { nonce, url, ...(identity ?? { kid: this.#account! }) };
      const reply = await this.#fetch('POST', url, signJws(this.#settings.key, header, payload));
      if (reply.answer.status < 400) return reply;
      if (reply.body['type'] !== 'urn:ietf:params:acme:error:badNonce' || i >= NONCE_TRIES) {
        throw new Error(`the authority answered ${reply.answer.status}: ${String(reply.body['detail'] ?? '')}`);
      }
    }
  }

  async #takeNonce(): Promise<string> {
    for (;;) {
      const kept = this.#nonces.pop();
      if (kept !== undefined) return kept;
      const { answer } = await this.#fetch('HEAD', await this.#link('newNonce'), '');
      // An authority that gives none is not asked for ever.
      headerOf(answer, 'replay-nonce');
    }
  }

  async #fetch(method: string, url: string, body: string): Promise<Reply> {
    const answer = await this.#network.open({
      url,
      method,
      headers: { 'Content-Type': 'application/jose+json', 'User-Agent': 'gwctl' },
      body,
      timeoutMs: TIMEOUT_MS,
      keepAliveMs: 10_000,
      verify: true,
    });
    const text = (await answer.bytes(MAX_ANSWER)).toString('utf8');
    const nonce = answer.headers['replay-nonce'];
    if (typeof nonce === 'string') this.#nonces.push(nonce);
    if (this.#nonces.length > MAX_NONCES) this.#nonces.shift();
    return { answer, text, body: objectIn(text) };
  }
}

function objectIn(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** Of a challenge that failed, or of the order itself. */
function problemIn(body: JsonObject): string {
  const challenges = Array.isArray(body['challenges']) ? body['challenges'].filter(isObject) : [];
  const found = [body, ...challenges].map(({ error }) =>
    isObject(error ?? null) ? (error as JsonObject)['detail'] : undefined,
  );
  return String(found.find((detail) => detail !== undefined) ?? 'without a reason');
}

const texts = (value: Json | undefined): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

function textOf(value: Json | undefined, what: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`the authority did not tell "${what}"`);
}

const headerOf = ({ headers }: OpenAnswer, name: string): string => textOf(headers[name], name);
