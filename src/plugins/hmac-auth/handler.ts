// hmac-auth at work: a fresh date, the parameters of the signature, the credential they name, the signature itself and, when
// asked for, the digest of the body. Only the last one reads the body and waits for it.
import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import {
  type AccessExchange,
  type Answer,
  challenge,
  type Environment,
  error,
  ownerOf,
  type Phases,
  type PluginConfig,
  type RequestView,
  type Step,
  withAnonymous,
} from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { decodeBase64 } from '../shared/basic-credentials.ts';
import { isSameSecret } from '../shared/same-secret.ts';
import { parseHttpDate } from './http-date.ts';
import { parseParameters, type SignatureParameters } from './parameters.ts';
import type { ALGORITHMS, schema } from './schema.ts';
import { signingText } from './signing-text.ts';

type Config = PluginConfig<typeof schema>;

const HASHES: Readonly<Record<(typeof ALGORITHMS)[number], string>> = {
  'hmac-sha1': 'sha1',
  'hmac-sha256': 'sha256',
  'hmac-sha384': 'sha384',
  'hmac-sha512': 'sha512',
};

type Verdict = { readonly ok: true; readonly credential: Entity } | { readonly ok: false; readonly refusal: Answer };

const refuse = (refusal: Answer): Verdict => ({ ok: false, refusal });

export function create(config: Config, environment: Environment): Phases {
  const { entities, clock, log } = environment;
  const { hide_credentials, validate_request_body } = config;
  const skewMs = (config.clock_skew ?? 300) * 1000;
  const hashes = new Map<string, string>((config.algorithms ?? []).map((name) => [name, HASHES[name]]));
  const enforced = (config.enforce_headers ?? []).map((name) => name.toLowerCase());

  const headers = { 'WWW-Authenticate': challenge('hmac', config.realm) };
  const noSignature = error(401, undefined, headers);
  const noDate = error(
    401,
    'HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication',
    headers,
  );
  const unverifiable = error(401, 'HMAC signature cannot be verified', headers);
  const mismatch = error(401, 'HMAC signature does not match', headers);
  const broken = error(500);
  const keyOf = secretKeys();

  function isFresh(request: RequestView, name: string): boolean {
    const date = parseHttpDate(request.header(name) ?? '');
    return date !== undefined && Math.abs(clock.now() - date) <= skewMs;
  }

  /** Of Proxy-Authorization, else of Authorization; the header that is used is hidden. */
  function parametersOf({ request, upstream }: AccessExchange): SignatureParameters | undefined {
    const proxy = request.header('proxy-authorization');
    const fromProxy = proxy === undefined ? undefined : parseParameters(proxy);
    const name = fromProxy === undefined ? 'authorization' : 'proxy-authorization';
    const found = fromProxy ?? parseParameters(request.header(name) ?? '');
    if (hide_credentials) upstream.removeHeader(name);
    return found;
  }

  function verify(exchange: AccessExchange): Verdict {
    const { request } = exchange;
    if (request.header('authorization') === undefined && request.header('proxy-authorization') === undefined) {
      return refuse(noSignature);
    }
    if (!isFresh(request, 'x-date') && !isFresh(request, 'date')) return refuse(noDate);
    const parameters = parametersOf(exchange);
    const hash = parameters === undefined ? undefined : hashes.get(parameters.algorithm);
    if (parameters === undefined || hash === undefined) return refuse(unverifiable);
    const { names } = parameters;
    if (enforced.length > 0) {
      const signed = new Set(names.map((name) => name.toLowerCase()));
      if (!enforced.every((name) => signed.has(name))) return refuse(unverifiable);
    }
    const credential = entities.find('hmacauth_credentials', 'username', parameters.username);
    const secret = credential?.['secret'];
    if (credential === undefined || typeof secret !== 'string' || secret === '') return refuse(unverifiable);
    // By way of a text: a digest in bytes of its own costs more.
    const digest = createHmac(hash, keyOf(credential, secret))
      .update(signingText(request, names), 'latin1')
      .digest('latin1');
    const expected = Buffer.from(digest, 'latin1');
    const sent = decodeBase64(parameters.signature);
    if (sent === undefined || sent.length !== expected.length || !timingSafeEqual(sent, expected))
      return refuse(mismatch);
    return { ok: true, credential };
  }

  function admit({ client }: AccessExchange, credential: Entity): Answer | undefined {
    const consumer = ownerOf(credential, environment);
    if (consumer === undefined) {
      log.error('the consumer of a credential does not exist', { credential: credential.id });
      return broken;
    }
    client.authenticate(consumer, credential, String(credential['username']));
    return undefined;
  }

  function authenticate(exchange: AccessExchange): Step {
    const verdict = verify(exchange);
    if (!verdict.ok) return verdict.refusal;
    const { credential } = verdict;
    if (!validate_request_body) return admit(exchange, credential);
    return isBodyIntact(exchange).then((isIntact) => (isIntact ? admit(exchange, credential) : mismatch));
  }

  return { access: withAnonymous(authenticate, config.anonymous, environment) };
}

/** Keys by stored credential: one that was changed is another object, and one that is gone is forgotten. */
function secretKeys(): (credential: Entity, secret: string) => KeyObject {
  const known = new WeakMap<Entity, { readonly secret: string; readonly key: KeyObject }>();
  return (credential, secret) => {
    let entry = known.get(credential);
    if (entry?.secret !== secret) {
      entry = { secret, key: createSecretKey(secret, 'utf8') };
      known.set(credential, entry);
    }
    return entry.key;
  };
}

/** Without a digest only an empty body is intact; one that is too large to be read is not. */
async function isBodyIntact({ request }: AccessExchange): Promise<boolean> {
  const digest = request.header('digest');
  const body = await request.body();
  if (body === undefined) return false;
  if (digest === undefined) return body.length === 0;
  return isSameSecret(digest, `SHA-256=${createHash('sha256').update(body).digest('base64')}`);
}
