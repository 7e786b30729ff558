// A key in JWK or PEM form. A JWK is kept as the text it was given in, so that its members stay as they were.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { isObject, type JsonObject } from '../lib/json.ts';
import { defineEntity, type Fields } from '../schema/define.ts';
import { parsePrivateKey, parsePublicKey } from '../schema/pem.ts';
import { tags, timestampSeconds, uuid } from '../schema/typedefs.ts';
import { isVaultReference, validateRecord } from '../schema/validate-field.ts';

const text = { type: 'string' } as const;
const texts = { type: 'array', elements: text } as const;

/** The members a JWK may have (RFC 7517, RFC 7518). */
const JWK_FIELDS: Fields = {
  issuer: text,
  kty: text,
  use: text,
  alg: text,
  x5u: text,
  x5t: text,
  'x5t#S256': text,
  ...Object.fromEntries('k x y crv n e d p q dp dq qi oth r t'.split(' ').map((name) => [name, text])),
  kid: { type: 'string', required: true },
  key_ops: texts,
  x5c: texts,
};

export const keys = defineEntity({
  name: 'keys',
  describes: 'a JWK or PEM key',
  primary_key: ['id'],
  endpoint_key: 'name',
  cache_key: ['kid', 'set'],
  workspaceable: true,
  fields: {
    id: uuid,
    set: {
      type: 'foreign',
      reference: 'key_sets',
      on_delete: 'cascade',
      in_file: { as: 'object' },
      description: 'Set the key is in.',
    },
    name: { type: 'string', unique: true, description: 'Name of the key.' },
    kid: { type: 'string', required: true, description: 'Key id, as tokens name it; unique in its set.' },
    jwk: {
      type: 'string',
      referenceable: true,
      encrypted: true,
      description: 'The key as a JSON Web Key; excludes `pem`.',
    },
    pem: {
      type: 'record',
      description: 'The key in PEM; excludes `jwk`.',
      fields: {
        private_key: { type: 'string', referenceable: true, encrypted: true, description: 'Private key.' },
        public_key: { type: 'string', referenceable: true, description: 'Public key.' },
      },
      entity_checks: [{ check: 'at_least_one_of', fields: ['private_key', 'public_key'] }],
      custom_validator: checkPemPair,
    },
    tags,
    created_at: timestampSeconds,
    updated_at: timestampSeconds,
  },
  entity_checks: [
    { check: 'mutually_exclusive', fields: ['pem', 'jwk'] },
    { check: 'at_least_one_of', fields: ['pem', 'jwk'] },
    { check: 'custom_entity_check', fields: ['jwk', 'kid'], run: checkJwk },
  ],
  deck: { kind: 'key', requires_one_of: ['name', 'id'], absent_on: [404, 403] },
});

function checkPemPair(pem: JsonObject): string | undefined {
  const { private_key: privateText, public_key: publicText } = pem;
  const readable = (value: unknown): value is string => typeof value === 'string' && !isVaultReference(value);
  const publicKey = readable(publicText) ? parsePublicKey(publicText) : undefined;
  if (publicKey?.ok === false) return 'could not load public key';
  const privateKey = readable(privateText) ? parsePrivateKey(privateText) : undefined;
  if (privateKey?.ok === false) return 'could not load private key';
  if (publicKey === undefined || privateKey === undefined) return undefined;
  const derived = createPublicKey(privateKey.value).export({ type: 'spki', format: 'der' });
  const given = publicKey.value.export({ type: 'spki', format: 'der' });
  return derived.equals(given) ? undefined : 'public key does not match private key';
}

function checkJwk(entity: JsonObject): string | undefined {
  if (isVaultReference(entity['jwk'])) return undefined;
  const jwk = parseObject(entity['jwk'] as string);
  if (jwk === undefined) return 'could not json decode jwk string';
  if (jwk['kid'] !== entity['kid']) return 'kid in jwk.kid must be equal to keys.kid';
  const wrong = Object.entries(validateRecord(JWK_FIELDS, jwk))[0];
  if (wrong !== undefined) return `Validation error: ${wrong[0]}: ${String(wrong[1])}`;
  return isLoadable(jwk) ? undefined : 'could not load JWK, likely not a valid key';
}

function parseObject(json: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: the caller answers with the text for it.
    return undefined;
  }
}

function isLoadable(jwk: JsonObject): boolean {
  if (jwk['kty'] === 'oct') return typeof jwk['k'] === 'string' && jwk['k'] !== '';
  try {
    if (typeof jwk['d'] === 'string') createPrivateKey({ key: jwk as never, format: 'jwk' });
    else createPublicKey({ key: jwk as never, format: 'jwk' });
    return true;
  } catch {
    // The key library refuses it; there is nothing more to say than that.
    return false;
  }
}
