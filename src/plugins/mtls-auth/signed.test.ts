import assert from 'node:assert/strict';
import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { der, integer, objectId, TAGS } from '../../lib/der.ts';
import { elements } from './der.ts';
import { isSignedWith, readSigned } from './signed.ts';

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const EC = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const ED25519 = generateKeyPairSync('ed25519').privateKey;
const publicOf = (key: KeyObject): KeyObject => createPublicKey(key);

const { SEQUENCE, BIT_STRING } = TAGS;
const SAID = der(SEQUENCE, integer(Buffer.from([7])));
const signed = (algorithm: Buffer, signature: Buffer, said = SAID) =>
  readSigned(Buffer.concat([said, algorithm, der(BIT_STRING, Buffer.from([0]), signature)]));
const named = (id: string, ...parameters: Buffer[]): Buffer => der(SEQUENCE, objectId(id), ...parameters);

const PSS_OF_SHA256 = named(
  '1.2.840.113549.1.1.10',
  der(
    SEQUENCE,
    der(0xa0, named('2.16.840.1.101.3.4.2.1')),
    der(0xa1, named('1.2.840.113549.1.1.8', named('2.16.840.1.101.3.4.2.1'))),
    der(0xa2, integer(Buffer.from([32]))),
  ),
);
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };

const GOOD = [
  ['RSA', named('1.2.840.113549.1.1.11'), RSA, sign('sha256', SAID, RSA)],
  ['RSA', named('1.2.840.113549.1.1.13'), RSA, sign('sha512', SAID, RSA)],
  ['RSA-PSS', PSS_OF_SHA256, RSA, sign('sha256', SAID, { key: RSA, ...PSS })],
  ['ECDSA', named('1.2.840.10045.4.3.3'), EC, sign('sha384', SAID, EC)],
  ['Ed25519', named('1.3.101.112'), ED25519, sign(null, SAID, ED25519)],
] as const;

for (const [what, algorithm, key, signature] of GOOD) {
  test(`a signature with ${what} is good for what was signed and for that key only`, () => {
    assert.equal(isSignedWith(publicOf(key), signed(algorithm, signature)), true);
    assert.equal(isSignedWith(publicOf(key), signed(algorithm, signature, der(SEQUENCE))), false);
    for (const other of [RSA, EC, ED25519].filter((one) => one !== key)) {
      assert.equal(isSignedWith(publicOf(other), signed(algorithm, signature)), false);
    }
  });
}

test('signatures over SHA-1, and with what is not known, are not good', () => {
  const sha1 = named('1.2.840.113549.1.1.5');
  assert.equal(isSignedWith(publicOf(RSA), signed(sha1, sign('sha1', SAID, RSA))), false);
  // Without a digest PSS means SHA-1.
  const pss = sign('sha1', SAID, { key: RSA, ...PSS, saltLength: 20 });
  assert.equal(isSignedWith(publicOf(RSA), signed(named('1.2.840.113549.1.1.10', der(SEQUENCE)), pss)), false);
  assert.equal(isSignedWith(publicOf(RSA), signed(named('1.2.3'), sign('sha256', SAID, RSA))), false);
});

test('what has no signature cannot be read as signed', () => {
  assert.throws(() => readSigned(SAID), /not signed/);
  assert.deepEqual(elements(SAID)[0]!.raw, SAID);
});
