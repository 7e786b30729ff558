// What of a certificate the runtime does not tell, or tells as one text in which names could be forged: the parts of the
// subject, the alternative names, and what the extensions demand of whoever verifies.
import { dotted, type Element, elements, INTEGER, inside, OBJECT_ID, part, wholeBits } from './der.ts';
import { readExtensions } from './extensions.ts';

export interface NamePart {
  /** Object id of the attribute, dotted. */
  readonly type: string;
  readonly value: string;
}

export interface AlternativeName {
  readonly kind: 'email' | 'DNS' | 'URI' | 'IP Address';
  readonly value: string;
}

export interface CertificateFields {
  readonly serial: Buffer;
  /** DER of the two names. */
  readonly issuerName: Buffer;
  readonly subjectName: Buffer;
  /** Without the algorithm. */
  readonly publicKey: Buffer;
  /** As it stands in the certificate: the country usually first. */
  readonly subject: readonly NamePart[];
  readonly alternativeNames: readonly AlternativeName[];
  /** Most intermediate certificates below this one; undefined for any number. */
  readonly pathLength: number | undefined;
  /** Object ids of extensions that must be understood. */
  readonly critical: readonly string[];
  /** Values by object id. */
  readonly extensions: ReadonlyMap<string, Buffer>;
}

export const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const VERSION = part(0);
const EXTENSIONS = part(3);

/** Throws DerError for what is no certificate. */
export function readFields(raw: Buffer): CertificateFields {
  const body = elements(inside(raw)[0]!.content);
  if (body[0]?.tag === VERSION) body.shift();
  const [serial, , issuer, , subject, key] = body;
  const { values, critical } = readExtensions(body.find(({ tag }) => tag === EXTENSIONS));
  return {
    serial: serial!.content,
    issuerName: issuer!.raw,
    subjectName: subject!.raw,
    publicKey: wholeBits(elements(key!.content)[1]!),
    subject: elements(subject!.content).flatMap(readPart),
    alternativeNames: readAlternativeNames(values.get(SUBJECT_ALT_NAME)),
    pathLength: readPathLength(values.get(BASIC_CONSTRAINTS)),
    critical,
    extensions: values,
  };
}

const readPart = (set: Element): NamePart[] =>
  elements(set.content).map(({ content }) => {
    const [type, value] = elements(content);
    return { type: dotted(type!.tag === OBJECT_ID ? type!.content : Buffer.alloc(0)), value: textOf(value!) };
  });

const BMP_STRING = 0x1e;
const UTF8_STRING = 0x0c;

function textOf({ tag, content }: Element): string {
  if (tag === UTF8_STRING) return content.toString('utf8');
  return tag === BMP_STRING ? Buffer.from(content).swap16().toString('utf16le') : content.toString('latin1');
}

const KINDS: Readonly<Record<number, AlternativeName['kind']>> = {
  129: 'email',
  130: 'DNS',
  134: 'URI',
  135: 'IP Address',
};

function readAlternativeNames(value: Buffer | undefined): AlternativeName[] {
  if (value === undefined) return [];
  return inside(value).flatMap(({ tag, content }) => {
    const kind = KINDS[tag];
    if (kind === undefined) return [];
    return [{ kind, value: kind === 'IP Address' ? address(content) : content.toString('latin1') }];
  });
}

function address(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return groups.join(':');
}

function readPathLength(value: Buffer | undefined): number | undefined {
  const length = value === undefined ? undefined : inside(value).find(({ tag }) => tag === INTEGER)?.content;
  return length === undefined || length.length > 4 ? undefined : length.readUIntBE(0, length.length);
}
