// What an authority signed – a list of revoked certificates, an answer about one – has one form: what it says, the algorithm, the
// signature. Algorithms with a broken digest are not known here.
import { constants, type KeyObject, verify } from 'node:crypto';
import { DerError, dotted, type Element, elements, part, wholeBits } from './der.ts';

export interface Signed {
  readonly said: Element;
  readonly algorithm: Element;
  readonly signature: Buffer;
  /** What stands behind the signature. */
  readonly rest: readonly Element[];
}

interface Algorithm {
  /** Null where the key decides. */
  readonly digest: string | null;
  readonly keys: readonly KeyObject['asymmetricKeyType'][];
  readonly padding?: number;
}

const PSS = '1.2.840.113549.1.1.10';
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  '1.2.840.113549.1.1.11': { digest: 'sha256', keys: ['rsa'] },
  '1.2.840.113549.1.1.12': { digest: 'sha384', keys: ['rsa'] },
  '1.2.840.113549.1.1.13': { digest: 'sha512', keys: ['rsa'] },
  '1.2.840.10045.4.3.2': { digest: 'sha256', keys: ['ec'] },
  '1.2.840.10045.4.3.3': { digest: 'sha384', keys: ['ec'] },
  '1.2.840.10045.4.3.4': { digest: 'sha512', keys: ['ec'] },
  '1.3.101.112': { digest: null, keys: ['ed25519'] },
  '1.3.101.113': { digest: null, keys: ['ed448'] },
};
const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

export function readSigned(content: Buffer): Signed {
  const [said, algorithm, signature, ...rest] = elements(content);
  if (said === undefined || algorithm === undefined || signature === undefined) throw new DerError('not signed');
  return { said, algorithm, signature: wholeBits(signature), rest };
}

export function isSignedWith(key: KeyObject, { said, algorithm, signature }: Signed): boolean {
  const known = algorithmOf(algorithm);
  if (known === undefined || !known.keys.includes(key.asymmetricKeyType)) return false;
  try {
    const { digest, padding } = known;
    return verify(digest, said.raw, padding === undefined ? key : { key, padding }, signature);
  } catch {
    return false;
  }
}

function algorithmOf({ content }: Element): Algorithm | undefined {
  const [id, parameters] = elements(content);
  const name = dotted(id!.content);
  if (name !== PSS) return ALGORITHMS[name];
  const digest = parameters && elements(parameters.content).find(({ tag }) => tag === part(0));
  const named =
    digest === undefined ? undefined : DIGESTS[dotted(elements(elements(digest.content)[0]!.content)[0]!.content)];
  return named === undefined
    ? undefined
    : { digest: named, keys: ['rsa', 'rsa-pss'], padding: constants.RSA_PKCS1_PSS_PADDING };
}
