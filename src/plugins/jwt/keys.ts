// What signatures are checked with, by stored credential: one that was changed is another object, and one that is gone is
// forgotten. A check is made once for an algorithm and a key, and stands for them from then on: what it accepted may be
// remembered under it, and counts for no other.
import type { Json } from '../../lib/json.ts';
import type { Entity } from '../../schema/define.ts';
import { type JwtAlgorithm, publicKeyVerifier, secretVerifier, usesSecret, type Verifier } from './signature.ts';
import { decodeBase64Url } from './token.ts';

/** Holds nothing of the key, so whoever keeps it keeps no secret of a credential that is gone. */
export type Mark = object;

interface Key {
  readonly algorithm: JwtAlgorithm;
  readonly text: string;
  readonly verifier: Verifier;
  readonly mark: Mark;
}

export class Keys {
  readonly #plain = new WeakMap<Entity, Key>();
  /** Of plugins whose configuration says that secrets are base64. */
  readonly #decoded = new WeakMap<Entity, Key>();

  /** Undefined when the credential has no usable key. */
  of(credential: Entity, algorithm: JwtAlgorithm, isBase64: boolean): Key | undefined {
    const keys = isBase64 ? this.#decoded : this.#plain;
    const text = keyText(credential, algorithm);
    const known = keys.get(credential);
    if (known !== undefined && known.algorithm === algorithm && known.text === text) return known;
    const verifier = typeof text === 'string' ? verifierOf(text, algorithm, isBase64) : undefined;
    if (verifier === undefined) return undefined;
    const made: Key = { algorithm, text: text as string, verifier, mark: {} };
    keys.set(credential, made);
    return made;
  }
}

const keyText = (credential: Entity, algorithm: JwtAlgorithm): Json | undefined =>
  usesSecret(algorithm) ? credential['secret'] : credential['rsa_public_key'];

function verifierOf(text: string, algorithm: JwtAlgorithm, isBase64: boolean): Verifier | undefined {
  if (!usesSecret(algorithm)) return publicKeyVerifier(algorithm, text);
  const secret = isBase64 ? decodeBase64Url(text) : Buffer.from(text, 'utf8');
  return secret === undefined ? undefined : secretVerifier(algorithm, secret);
}
