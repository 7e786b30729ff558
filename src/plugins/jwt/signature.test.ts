import assert from 'node:assert/strict';
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { isAlgorithm, publicKeyVerifier, secretVerifier, usesSecret } from './signature.ts';

const PEM = { type: 'spki', format: 'pem' } as const;
const TEXT = 'aGVhZGVy.Y2xhaW1z';
const data = Buffer.from(TEXT);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed25519 = generateKeyPairSync('ed25519');
const ed448 = generateKeyPairSync('ed448');

test('HMAC needs the same secret and the whole signature', () => {
  const verifier = secretVerifier('HS384', Buffer.from('secret'))!;
  const right = createHmac('sha384', 'secret').update(TEXT).digest();
  assert.equal(verifier(TEXT, right), true);
  assert.equal(verifier(`${TEXT}x`, right), false);
  assert.equal(verifier(TEXT, right.subarray(0, 47)), false);
  assert.equal(verifier(TEXT, Buffer.alloc(0)), false);
  assert.equal(verifier(TEXT, createHmac('sha256', 'secret').update(TEXT).digest()), false);
  assert.equal(secretVerifier('HS256', Buffer.alloc(0)), undefined);
});

test('RSA: PKCS #1 and PSS are not taken for one another', () => {
  const pem = rsa.publicKey.export(PEM) as string;
  const plain = sign('sha256', data, rsa.privateKey);
  const pss = sign('sha256', data, {
    key: rsa.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  });
  assert.equal(publicKeyVerifier('RS256', pem)!(TEXT, plain), true);
  assert.equal(publicKeyVerifier('RS256', pem)!(TEXT, pss), false);
  assert.equal(publicKeyVerifier('PS256', pem)!(TEXT, pss), true);
  assert.equal(publicKeyVerifier('PS256', pem)!(TEXT, plain), false);
  assert.equal(publicKeyVerifier('RS512', pem)!(TEXT, plain), false);
  assert.equal(publicKeyVerifier('RS256', pem)!(TEXT, Buffer.from('short')), false);
});

test('ECDSA: the curve belongs to the algorithm, the signature is r and s', () => {
  const pem = p256.publicKey.export(PEM) as string;
  const raw = sign('sha256', data, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' });
  const der = sign('sha256', data, p256.privateKey);
  assert.equal(publicKeyVerifier('ES256', pem)!(TEXT, raw), true);
  assert.equal(publicKeyVerifier('ES256', pem)!(TEXT, der), false);
  assert.equal(publicKeyVerifier('ES256', pem)!(TEXT, Buffer.alloc(64)), false);
  assert.equal(publicKeyVerifier('ES384', pem), undefined);
  assert.equal(publicKeyVerifier('ES256', p384.publicKey.export(PEM) as string), undefined);
});

test('EdDSA: Ed25519 and Ed448', () => {
  for (const { publicKey, privateKey } of [ed25519, ed448]) {
    const verifier = publicKeyVerifier('EdDSA', publicKey.export(PEM) as string)!;
    assert.equal(verifier(TEXT, sign(null, data, privateKey)), true);
    assert.equal(verifier(TEXT, Buffer.alloc(64)), false);
  }
});

test('a key serves only the algorithms that it is made for', () => {
  const pem = rsa.publicKey.export(PEM) as string;
  for (const algorithm of ['HS256', 'ES256', 'EdDSA'] as const)
    assert.equal(publicKeyVerifier(algorithm, pem), undefined);
  for (const algorithm of ['RS256', 'PS256', 'ES256', 'EdDSA'] as const) {
    assert.equal(secretVerifier(algorithm, Buffer.from(pem)), undefined);
    assert.equal(publicKeyVerifier(algorithm, 'no key'), undefined);
    assert.equal(usesSecret(algorithm), false);
  }
  assert.equal(isAlgorithm('none'), false);
  assert.equal(isAlgorithm('constructor'), false);
});
