// Requests signed as ACME wants them (RFC 8555, 6.2): flattened JWS with the account's key.
import { createHash, createHmac, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { JsonObject } from '../../lib/json.ts';

export const base64url = (data: string | Uint8Array): string => Buffer.from(data as string).toString('base64url');

/** Only the members that name the key, in the order of RFC 7638. */
export function publicJwk(key: KeyObject): JsonObject {
  const { crv, kty, x, y, e, n } = createPublicKey(key).export({ format: 'jwk' }) as Record<string, string>;
  return kty === 'RSA' ? { e: e!, kty, n: n! } : { crv: crv!, kty: kty!, x: x!, y: y! };
}

export const thumbprint = (key: KeyObject): string =>
  createHash('sha256')
    .update(JSON.stringify(publicJwk(key)))
    .digest('base64url');

/** @param payload undefined for a request that only reads. */
export function signJws(key: KeyObject, header: JsonObject, payload: JsonObject | undefined): string {
  const isRsa = key.asymmetricKeyType === 'rsa';
  const protectedText = base64url(JSON.stringify({ alg: isRsa ? 'RS256' : 'ES256', ...header }));
  const payloadText = payload === undefined ? '' : base64url(JSON.stringify(payload));
  const data = Buffer.from(`${protectedText}.${payloadText}`);
  const signature = sign('sha256', data, isRsa ? key : { key, dsaEncoding: 'ieee-p1363' });
  return JSON.stringify({ protected: protectedText, payload: payloadText, signature: base64url(signature) });
}

/** External account binding: the account's key, signed with the key that the authority gave. */
export function bindAccount(key: KeyObject, kid: string, secret: string, url: string): JsonObject {
  const protectedText = base64url(JSON.stringify({ alg: 'HS256', kid, url }));
  const payload = base64url(JSON.stringify(publicJwk(key)));
  const mac = createHmac('sha256', Buffer.from(secret, 'base64url')).update(`${protectedText}.${payload}`);
  return { protected: protectedText, payload, signature: mac.digest('base64url') };
}
