// Which values are secrets, read off the schema: every `encrypted` field, at any depth. Masking keeps a short salted
// fingerprint so that a reader sees that a secret changed without seeing the secret.
import { createHash, randomBytes } from 'node:crypto';
import { isObject, type Json, type JsonObject } from '../lib/json.ts';
import type { Field, Fields } from './define.ts';

/** Per-process salt: fingerprints compare within one run and mean nothing elsewhere. */
export type Fingerprint = (secret: string) => string;

export function createFingerprint(): Fingerprint {
  const salt = randomBytes(16);
  return (secret) => `[secret ${createHash('sha256').update(salt).update(secret).digest('hex').slice(0, 6)}]`;
}

/** A copy in which every secret is replaced by its fingerprint; null and vault references stay readable. */
export function maskSecrets(fields: Fields, value: JsonObject, fingerprint: Fingerprint): JsonObject {
  const masked: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    masked[key] = field === undefined ? item : maskField(field, item, fingerprint);
  }
  return masked;
}

function maskField(field: Field, value: Json, fingerprint: Fingerprint): Json {
  if (value === null) return null;
  if (field.encrypted === true) {
    if (typeof value === 'string' && value.startsWith('{vault://')) return value;
    return fingerprint(typeof value === 'string' ? value : JSON.stringify(value));
  }
  if (field.type === 'record' && isObject(value)) return maskSecrets(field.fields, value, fingerprint);
  if (field.type === 'map' && isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, maskField(field.values, item, fingerprint)]),
    );
  }
  if ((field.type === 'array' || field.type === 'set') && Array.isArray(value)) {
    return value.map((item) => maskField(field.elements, item, fingerprint));
  }
  return value;
}

/** Is the value at this path of keys (array positions as digits) a secret, or inside one? */
export function isSensitivePath(fields: Fields, path: readonly string[]): boolean {
  let current: Field | undefined;
  let scope: Fields = fields;
  for (const key of path) {
    if (current?.type === 'array' || current?.type === 'set') current = current.elements;
    else if (current?.type === 'map') current = current.values;
    else current = Object.hasOwn(scope, key) ? scope[key] : undefined;
    if (current === undefined) return false;
    if (current.encrypted === true) return true;
    scope = current.type === 'record' ? current.fields : {};
  }
  return false;
}
