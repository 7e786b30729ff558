// A self-signed certificate for a server that was given none: ECDSA on P-256, signed with SHA-256. The runtime reads
// certificates but writes none, so the few DER forms that one takes are written here.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

export interface SelfSigned {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface SelfSignedOptions {
  readonly commonName: string;
  /** DNS names and IPv4 addresses. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const BOOLEAN = 0x01;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export function createSelfSigned({ commonName, names, notBefore, notAfter }: SelfSignedOptions): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, objectId(ECDSA_WITH_SHA256));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, objectId(COMMON_NAME), der(UTF8_STRING, Buffer.from(commonName)))));
  const toBeSigned = der(
    SEQUENCE,
    der(0xa0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    name,
    der(SEQUENCE, time(notBefore), time(notAfter)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, ...extensions(names))),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = der(SEQUENCE, toBeSigned, algorithm, der(BIT_STRING, Buffer.from([0]), signature));
  return { cert: pem('CERTIFICATE', certificate), key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

function extensions(names: readonly string[]): Buffer[] {
  const isAuthority = der(SEQUENCE, der(BOOLEAN, Buffer.from([0xff])));
  const found = [
    der(SEQUENCE, objectId(BASIC_CONSTRAINTS), der(BOOLEAN, Buffer.from([0xff])), der(OCTET_STRING, isAuthority)),
    der(SEQUENCE, objectId(EXTENDED_KEY_USAGE), der(OCTET_STRING, der(SEQUENCE, objectId(SERVER_AUTH)))),
  ];
  const alternatives = names.map((name) =>
    isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name, 'ascii')),
  );
  if (alternatives.length > 0) {
    found.push(der(SEQUENCE, objectId(SUBJECT_ALT_NAME), der(OCTET_STRING, der(SEQUENCE, ...alternatives))));
  }
  return found;
}

/** Tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const size: number[] = [];
  for (let rest = content.length; rest > 0; rest >>>= 8) size.unshift(rest & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length, ...size]), content]);
}

/** A first bit that is set would make the number negative. */
const integer = (bytes: Buffer): Buffer =>
  der(INTEGER, (bytes[0] as number) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]));

/** 128 random bits with a first byte that is neither 0 nor negative. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes;
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(OBJECT_ID, Buffer.from(bytes));
}

/** Years up to 2049 have two digits, later ones four (RFC 5280). */
function time(date: Date): Buffer {
  const digits = `${date.toISOString().replace(/\.\d+/, '').replaceAll(/[-:T]/g, '')}`;
  return date.getUTCFullYear() < 2050
    ? der(UTC_TIME, Buffer.from(digits.slice(2)))
    : der(GENERALIZED_TIME, Buffer.from(digits));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
