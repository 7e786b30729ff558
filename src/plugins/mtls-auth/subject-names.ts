// The names by which a certificate can mean a consumer, and the two texts that go upstream.
import { type AlternativeName, type CertificateFields, COMMON_NAME, type NamePart } from './certificate-fields.ts';

/** Alternative names in their order, then the common name; empty ones mean nobody. */
export function namesOf({
  alternativeNames,
  subject,
}: Pick<CertificateFields, 'alternativeNames' | 'subject'>): string[] {
  const names = [...alternativeNames.map(({ value }) => value), commonName(subject) ?? ''];
  return [...new Set(names)].filter((name) => name !== '');
}

/** The last one is the most specific. */
export const commonName = (subject: readonly NamePart[]): string | undefined =>
  subject.findLast(({ type }) => type === COMMON_NAME)?.value;

const SHORT: Readonly<Record<string, string>> = {
  [COMMON_NAME]: 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** As RFC 2253 writes it: the most specific part first. */
export const distinguishedName = (subject: readonly NamePart[]): string =>
  subject
    .toReversed()
    .map(({ type, value }) => `${SHORT[type] ?? type}=${escaped(value)}`)
    .join(',');

const escaped = (value: string): string =>
  value
    .replace(/[,+"\\<>;]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replace(/[\u0000-\u001f\u007f]/g, hex);

/** `DNS:a.test, email:b@a.test` */
export const alternativeNameList = (names: readonly AlternativeName[]): string =>
  names.map(({ kind, value }) => `${kind}:${value.replace(/[\u0000-\u001f\u007f,\\]/g, hex)}`).join(', ');

const hex = (character: string): string => `\\${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`;
