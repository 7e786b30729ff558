// The parts of a JSON Web Token, taken apart strictly. Nothing here trusts them: signature.ts checks, claims.ts judges.
import { isObject, type JsonObject } from '../../lib/json.ts';
import { isAlgorithm, type JwtAlgorithm } from './signature.ts';

export interface Token {
  readonly header: JsonObject;
  readonly algorithm: JwtAlgorithm;
  readonly claims: JsonObject;
  /** What the signature is over. */
  readonly signed: string;
  readonly signature: Buffer;
}

export type Decoded =
  | { readonly ok: true; readonly token: Token }
  | { readonly ok: false; readonly reason: 'invalid JSON' | 'invalid alg' | 'invalid claims' | 'invalid signature' };

const failed = (reason: Extract<Decoded, { ok: false }>['reason']): Decoded => ({ ok: false, reason });

const BASE64URL = /^[A-Za-z0-9_-]*={0,2}$/;

/** Strict; padding may be there. */
export function decodeBase64Url(text: string): Buffer | undefined {
  if (!BASE64URL.test(text)) return undefined;
  const digits = text.endsWith('=') ? text.replace(/=+$/, '') : text;
  if (digits.length % 4 === 1 || (digits !== text && text.length % 4 !== 0)) return undefined;
  return Buffer.from(digits, 'base64url');
}

export function decodeToken(text: string): Decoded {
  const first = text.indexOf('.');
  const second = first < 0 ? -1 : text.indexOf('.', first + 1);
  if (second < 0) return failed('invalid JSON');
  const header = readJson(text.slice(0, first));
  const claims = readJson(text.slice(first + 1, second));
  if (header === undefined || claims === undefined) return failed('invalid JSON');
  const algorithm = isObject(header) && Object.hasOwn(header, 'alg') ? header['alg'] : undefined;
  if (!isObject(header) || typeof algorithm !== 'string' || !isAlgorithm(algorithm)) return failed('invalid alg');
  if (!isObject(claims)) return failed('invalid claims');
  const signature = decodeBase64Url(text.slice(second + 1));
  if (signature === undefined) return failed('invalid signature');
  return { ok: true, token: { header, algorithm, claims, signed: text.slice(0, second), signature } };
}

/** Undefined when it is not base64url or not JSON. */
function readJson(part: string): unknown {
  const bytes = decodeBase64Url(part);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
