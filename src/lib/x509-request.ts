// A request for a certificate (PKCS #10): names, public key, and the proof of having the private one.
import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { der, integer, objectId, TAGS } from './der.ts';

const { SEQUENCE, SET, BIT_STRING, OCTET_STRING, UTF8_STRING } = TAGS;

const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const RSA_WITH_SHA256 = '1.2.840.113549.1.1.11';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const NULL = Buffer.from([0x05, 0x00]);

/** DER. The first name is the common name. */
export function createRequest(names: readonly string[], key: KeyObject): Buffer {
  const isRsa = key.asymmetricKeyType === 'rsa';
  const algorithm = isRsa ? der(SEQUENCE, objectId(RSA_WITH_SHA256), NULL) : der(SEQUENCE, objectId(ECDSA_WITH_SHA256));
  const alternatives = names.map((name) =>
    isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name, 'ascii')),
  );
  const extension = der(SEQUENCE, objectId(SUBJECT_ALT_NAME), der(OCTET_STRING, der(SEQUENCE, ...alternatives)));
  const commonName = der(SEQUENCE, objectId(COMMON_NAME), der(UTF8_STRING, Buffer.from(names[0] ?? '')));
  const info = der(
    SEQUENCE,
    integer(Buffer.from([0])),
    der(SEQUENCE, der(SET, commonName)),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(0xa0, der(SEQUENCE, objectId(EXTENSION_REQUEST), der(SET, der(SEQUENCE, extension)))),
  );
  return der(SEQUENCE, info, algorithm, der(BIT_STRING, Buffer.from([0]), sign('sha256', info, key)));
}
