// jwt at work: find one token, take it apart, find the credential that its key claim names, check the signature with the
// key of that credential, judge the times. Keys are parsed once for a stored credential.

import type { Json, JsonObject } from '../../lib/json.ts';
import {
  type AccessExchange,
  type Answer,
  challenge,
  type Environment,
  error,
  exit,
  ownerOf,
  type Phases,
  type PluginConfig,
  withAnonymous,
} from '../../pdk/index.ts';
import type { Entity } from '../../schema/define.ts';
import { claimOf, judgeClaims } from './claims.ts';
import { findTokens } from './find-tokens.ts';
import type { schema } from './schema.ts';
import { type JwtAlgorithm, publicKeyVerifier, secretVerifier, usesSecret, type Verifier } from './signature.ts';
import { decodeBase64Url, decodeToken, type Token } from './token.ts';

type Config = PluginConfig<typeof schema>;

export function create(config: Config, environment: Environment): Phases {
  const authenticate = withAnonymous(tokenCheck(config, environment), config.anonymous, environment);
  if (config.run_on_preflight) return { access: authenticate };
  return { access: (exchange) => (exchange.request.method === 'OPTIONS' ? undefined : authenticate(exchange)) };
}

function tokenCheck(config: Config, environment: Environment): (exchange: AccessExchange) => Answer | undefined {
  const { entities, clock, log } = environment;
  const claimName = config.key_claim_name ?? 'iss';
  const places = {
    queryArguments: config.uri_param_names ?? [],
    cookies: config.cookie_names ?? [],
    headers: config.header_names ?? [],
  };
  const rules = { verify: config.claims_to_verify ?? [], maximumExpiration: config.maximum_expiration ?? 0 };
  const verifierOf = verifiers(config.secret_is_base64);

  const scheme = challenge('Bearer', config.realm);
  const invalid = { 'WWW-Authenticate': `${scheme}${config.realm === null ? ' ' : ', '}error="invalid_token"` };
  const refuse = (body: JsonObject): Answer => exit(401, body, invalid);
  const noToken = exit(401, { message: 'Unauthorized' }, { 'WWW-Authenticate': scheme });
  const severalTokens = refuse({ message: 'Multiple tokens provided' });
  const noClaim = refuse({ message: `No mandatory '${claimName}' in claims` });
  const wrongClaim = refuse({ message: `Invalid '${claimName}' in claims` });
  const noCredential = refuse({ message: `No credentials found for given '${claimName}'` });
  const wrongAlgorithm = refuse({ message: 'Invalid algorithm' });
  const wrongKey = refuse({ message: 'Invalid key/secret' });
  const wrongSignature = refuse({ message: 'Invalid signature' });
  const broken = error(500);

  function verify(exchange: AccessExchange, token: Token): Answer | undefined {
    const key = keyClaim(token, claimName);
    if (key === undefined) return noClaim;
    if (typeof key !== 'string' || key === '') return wrongClaim;
    const credential = entities.find('jwt_secrets', 'key', key);
    if (credential === undefined) return noCredential;
    if (token.algorithm !== (credential['algorithm'] ?? 'HS256')) return wrongAlgorithm;
    const verifier = verifierOf(credential, token.algorithm);
    if (verifier === undefined) return wrongKey;
    if (!verifier(token.signed, token.signature)) return wrongSignature;
    const wrong = judgeClaims(token.claims, rules, Math.floor(clock.now() / 1000));
    if (wrong !== undefined) return refuse(wrong);
    const consumer = ownerOf(credential, environment);
    if (consumer === undefined) {
      log.error('the consumer of a credential does not exist', { credential: credential.id });
      return broken;
    }
    exchange.client.authenticate(consumer, credential, key);
    return undefined;
  }

  return (exchange) => {
    const tokens = findTokens(exchange.request, places);
    const text = tokens[0];
    if (text === undefined) return noToken;
    if (tokens.length > 1) return severalTokens;
    const decoded = decodeToken(text);
    return decoded.ok ? verify(exchange, decoded.token) : refuse({ message: `Bad token; ${decoded.reason}` });
  };
}

/** In the claims, else in the header; null and false count as absent. */
function keyClaim({ claims, header }: Token, name: string): Json | undefined {
  const value = claimOf(claims, name);
  const found = value === undefined || value === null || value === false ? claimOf(header, name) : value;
  return found === null || found === false ? undefined : found;
}

/** Verifiers by stored credential: one that was changed is another object, and one that is gone is forgotten. */
function verifiers(isBase64: boolean): (credential: Entity, algorithm: JwtAlgorithm) => Verifier | undefined {
  const known = new WeakMap<Entity, Verifier>();
  return (credential, algorithm) => {
    const cached = known.get(credential);
    if (cached !== undefined) return cached;
    const made = usesSecret(algorithm)
      ? bySecret(credential['secret'], algorithm, isBase64)
      : byPublicKey(credential['rsa_public_key'], algorithm);
    if (made !== undefined) known.set(credential, made);
    return made;
  };
}

function bySecret(secret: Json | undefined, algorithm: JwtAlgorithm, isBase64: boolean): Verifier | undefined {
  if (typeof secret !== 'string') return undefined;
  const bytes = isBase64 ? decodeBase64Url(secret) : Buffer.from(secret, 'utf8');
  return bytes === undefined ? undefined : secretVerifier(algorithm, bytes);
}

const byPublicKey = (pem: Json | undefined, algorithm: JwtAlgorithm): Verifier | undefined =>
  typeof pem === 'string' ? publicKeyVerifier(algorithm, pem) : undefined;
