// Signatures of JSON Web Tokens. A key belongs to a credential and is made for the credential's algorithm only, so a token
// cannot choose how it is verified: a public key is never an HMAC secret, and there is no "none".
import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto';

interface Hmac {
  readonly type: 'hmac';
  readonly hash: string;
}
interface Rsa {
  readonly type: 'rsa';
  readonly hash: string;
  readonly isPss: boolean;
}
interface Ecdsa {
  readonly type: 'ec';
  readonly hash: string;
  readonly curve: string;
  readonly signatureBytes: number;
}
interface Edwards {
  readonly type: 'edwards';
}

const ALGORITHMS = {
  HS256: { type: 'hmac', hash: 'sha256' },
  HS384: { type: 'hmac', hash: 'sha384' },
  HS512: { type: 'hmac', hash: 'sha512' },
  RS256: { type: 'rsa', hash: 'sha256', isPss: false },
  RS384: { type: 'rsa', hash: 'sha384', isPss: false },
  RS512: { type: 'rsa', hash: 'sha512', isPss: false },
  PS256: { type: 'rsa', hash: 'sha256', isPss: true },
  PS384: { type: 'rsa', hash: 'sha384', isPss: true },
  PS512: { type: 'rsa', hash: 'sha512', isPss: true },
  ES256: { type: 'ec', hash: 'sha256', curve: 'prime256v1', signatureBytes: 64 },
  ES384: { type: 'ec', hash: 'sha384', curve: 'secp384r1', signatureBytes: 96 },
  ES512: { type: 'ec', hash: 'sha512', curve: 'secp521r1', signatureBytes: 132 },
  EdDSA: { type: 'edwards' },
} as const satisfies Record<string, Hmac | Rsa | Ecdsa | Edwards>;

export type JwtAlgorithm = keyof typeof ALGORITHMS;

export const isAlgorithm = (name: string): name is JwtAlgorithm => Object.hasOwn(ALGORITHMS, name);

/** Says whether a signature is right. */
export type Verifier = (signed: string, signature: Buffer) => boolean;

export const usesSecret = (algorithm: JwtAlgorithm): boolean => ALGORITHMS[algorithm].type === 'hmac';

/** For HS algorithms. */
export function secretVerifier(algorithm: JwtAlgorithm, secret: Buffer): Verifier | undefined {
  const rule: Hmac | Rsa | Ecdsa | Edwards = ALGORITHMS[algorithm];
  if (rule.type !== 'hmac' || secret.length === 0) return undefined;
  const { hash } = rule;
  const key = createSecretKey(secret);
  return (signed, signature) => {
    // By way of a text: a digest in bytes of its own costs more.
    const expected = Buffer.from(createHmac(hash, key).update(signed, 'latin1').digest('latin1'), 'latin1');
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  };
}

/** For all others. Undefined when the text is no public key, or not one for this algorithm. */
export function publicKeyVerifier(algorithm: JwtAlgorithm, pem: string): Verifier | undefined {
  const key = readPublicKey(pem);
  if (key === undefined) return undefined;
  const rule: Hmac | Rsa | Ecdsa | Edwards = ALGORITHMS[algorithm];
  switch (rule.type) {
    case 'hmac':
      return undefined;
    case 'rsa':
      return rsaVerifier(rule, key);
    case 'ec': {
      if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== rule.curve) return undefined;
      const options = { key, dsaEncoding: 'ieee-p1363' } as const;
      return (signed, signature) =>
        signature.length === rule.signatureBytes && verify(rule.hash, bytesOf(signed), options, signature);
    }
    case 'edwards':
      if (key.asymmetricKeyType !== 'ed25519' && key.asymmetricKeyType !== 'ed448') return undefined;
      return (signed, signature) => verify(null, bytesOf(signed), key, signature);
  }
}

function rsaVerifier({ hash, isPss }: Rsa, key: KeyObject): Verifier | undefined {
  const isFit = key.asymmetricKeyType === 'rsa' || (isPss && key.asymmetricKeyType === 'rsa-pss');
  if (!isFit) return undefined;
  const options = isPss
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { key, padding: constants.RSA_PKCS1_PADDING };
  return (signed, signature) => verify(hash, bytesOf(signed), options, signature);
}

const bytesOf = (signed: string): Buffer => Buffer.from(signed, 'latin1');

function readPublicKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
