// Checks on PEM material: certificates, private and public keys, and whether they belong together.
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';

/** A value, or the reason why there is none. */
export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string };

const attempt = <T>(read: () => T): Parsed<T> => {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
};

export const parseCertificate = (pem: string): Parsed<X509Certificate> => attempt(() => new X509Certificate(pem));
export const parsePrivateKey = (pem: string): Parsed<KeyObject> => attempt(() => createPrivateKey(pem));
export const parsePublicKey = (pem: string): Parsed<KeyObject> => attempt(() => createPublicKey(pem));

export function checkPemCertificate(pem: string): string | undefined {
  const parsed = parseCertificate(pem);
  return parsed.ok ? undefined : `invalid certificate: ${parsed.reason}`;
}

export function checkPemPrivateKey(pem: string): string | undefined {
  const parsed = parsePrivateKey(pem);
  return parsed.ok ? undefined : `invalid key: ${parsed.reason}`;
}

/** Both parse and the certificate was issued for this key. */
export function isPair(certificatePem: string, keyPem: string): boolean {
  const certificate = parseCertificate(certificatePem);
  const key = parsePrivateKey(keyPem);
  return certificate.ok && key.ok && certificate.value.checkPrivateKey(key.value);
}

export function keyTypeOf(certificatePem: string): string | undefined {
  const certificate = parseCertificate(certificatePem);
  return certificate.ok ? certificate.value.publicKey.asymmetricKeyType : undefined;
}

/** Hex SHA-256 of the DER form. */
export function certificateDigest(pem: string): string | null {
  const certificate = parseCertificate(pem);
  return certificate.ok ? certificate.value.fingerprint256.replaceAll(':', '').toLowerCase() : null;
}

export const countPemBlocks = (pem: string): number => pem.split('-----BEGIN CERTIFICATE-----').length - 1;
