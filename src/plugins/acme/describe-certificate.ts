// What the Admin API tells of a certificate.
import { X509Certificate } from 'node:crypto';
import type { CertificatePair } from '../../pdk/index.ts';

export interface CertificateDescription {
  /** SHA-1 of the certificate, in hex. */
  readonly digest: string;
  readonly host: string;
  readonly issuer_cn: string | null;
  /** In UTC. */
  readonly not_before: string;
  readonly not_after: string;
  readonly valid: boolean;
  readonly serial_number: string;
  readonly pubkey_type: string;
}

/** As object identifiers are called. */
const KEY_TYPES: Readonly<Record<string, string>> = { rsa: 'rsaEncryption', ec: 'id-ecPublicKey' };

/** @param host for certificates whose subject has no common name. */
export function describeCertificate(host: string, { cert }: CertificatePair, now: number): CertificateDescription {
  const certificate = new X509Certificate(cert);
  const { fingerprint, subject, issuer, validFromDate, validToDate, serialNumber, publicKey } = certificate;
  const type = publicKey.asymmetricKeyType ?? '';
  return {
    digest: fingerprint,
    host: commonName(subject) ?? host,
    issuer_cn: commonName(issuer) ?? null,
    not_before: timeText(validFromDate),
    not_after: timeText(validToDate),
    valid: validFromDate.getTime() < now && validToDate.getTime() > now,
    serial_number: serialNumber.replace(/..(?!$)/g, '$&:'),
    pubkey_type: KEY_TYPES[type] ?? type,
  };
}

const commonName = (name: string | undefined): string | undefined => /^CN=(.*)$/m.exec(name ?? '')?.[1];

const timeText = (date: Date): string => date.toISOString().slice(0, 19).replace('T', ' ');
