// jwt at work: find one token, take it apart, find the credential that its key claim names, check the signature with the
// key of that credential, judge the times. Of a token that comes again the signature is not checked again; all else is.

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
import { offerToTemplates } from '../shared/template-values.ts';
import { claimOf, judgeTimes, type Times, timesOf } from './claims.ts';
import { findTokens } from './find-tokens.ts';
import { Keys } from './keys.ts';
import { type KnownToken, KnownTokens } from './known-tokens.ts';
import type { schema } from './schema.ts';
import { decodeToken, type Token } from './token.ts';

type Config = PluginConfig<typeof schema>;

/** What templates and functions call the token. */
const OFFERED = 'authenticated_jwt_token';

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
  const isBase64 = config.secret_is_base64;
  const { keys, tokens: knownTokens } = openMemory(environment);

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

  function admit(
    exchange: AccessExchange,
    text: string,
    credential: Entity,
    key: string,
    times: Times,
  ): Answer | undefined {
    const wrong = judgeTimes(times, rules, Math.floor(clock.now() / 1000));
    if (wrong !== undefined) return refuse(wrong);
    const consumer = ownerOf(credential, environment);
    if (consumer === undefined) {
      log.error('the consumer of a credential does not exist', { credential: credential.id });
      return broken;
    }
    exchange.client.authenticate(consumer, credential, key);
    offerToTemplates(exchange, OFFERED, text);
    return undefined;
  }

  function verify(exchange: AccessExchange, text: string, token: Token): Answer | undefined {
    const key = keyClaim(token, claimName);
    if (key === undefined) return noClaim;
    if (typeof key !== 'string' || key === '') return wrongClaim;
    const credential = entities.find('jwt_secrets', 'key', key);
    if (credential === undefined) return noCredential;
    const { algorithm } = token;
    if (algorithm !== algorithmOf(credential)) return wrongAlgorithm;
    const checked = keys.of(credential, algorithm, isBase64);
    if (checked === undefined) return wrongKey;
    if (!checked.verifier(token.signed, token.signature)) return wrongSignature;
    const times = timesOf(token.claims);
    const refusal = admit(exchange, text, credential, key, times);
    if (refusal === undefined) knownTokens.add(text, { mark: checked.mark, algorithm, claimName, key, ...times });
    return refusal;
  }

  /** The credential that accepted this token, if it is still the one that the token names, with the same key. */
  function accepterOf(token: KnownToken): Entity | undefined {
    if (token.claimName !== claimName) return undefined;
    const credential = entities.find('jwt_secrets', 'key', token.key);
    if (credential === undefined || token.algorithm !== algorithmOf(credential)) return undefined;
    return keys.of(credential, token.algorithm, isBase64)?.mark === token.mark ? credential : undefined;
  }

  return (exchange) => {
    const tokens = findTokens(exchange.request, places);
    const text = tokens[0];
    if (text === undefined) return noToken;
    if (tokens.length > 1) return severalTokens;
    const known = knownTokens.get(text);
    const accepter = known && accepterOf(known);
    if (accepter !== undefined) return admit(exchange, text, accepter, known!.key, known!);
    const decoded = decodeToken(text);
    return decoded.ok ? verify(exchange, text, decoded.token) : refuse({ message: `Bad token; ${decoded.reason}` });
  };
}

class Memory {
  readonly keys = new Keys();
  readonly tokens = new KnownTokens();
}

/** Of the whole node; but what another code accepted (a copy of this plugin, or this one before a change) counts for nothing. */
function openMemory({ once }: Environment): Memory {
  const shared: object = once<object>('jwt', () => new Memory());
  return shared instanceof Memory ? shared : new Memory();
}

const algorithmOf = (credential: Entity): Json => credential['algorithm'] ?? 'HS256';

/** In the claims, else in the header; null and false count as absent. */
function keyClaim({ claims, header }: Token, name: string): Json | undefined {
  const value = claimOf(claims, name);
  const found = value === undefined || value === null || value === false ? claimOf(header, name) : value;
  return found === null || found === false ? undefined : found;
}
