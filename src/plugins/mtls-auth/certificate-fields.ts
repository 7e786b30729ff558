// What of a certificate the runtime does not tell, or tells as one text in which names could be forged: the parts of the
// subject, the alternative names, and what the extensions demand of whoever verifies.
import { BOOLEAN, dotted, type Element, elements, INTEGER, inside, OBJECT_ID } from './der.ts';

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
  /** As it stands in the certificate: the country usually first. */
  readonly subject: readonly NamePart[];
  readonly alternativeNames: readonly AlternativeName[];
  /** Most intermediate certificates below this one; undefined for any number. */
  readonly pathLength: number | undefined;
  /** Object ids of extensions that must be understood. */
  readonly critical: readonly string[];
}

export const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

/** Throws DerError for what is no certificate. */
export function readFields(raw: Buffer): CertificateFields {
  const body = elements(inside(raw)[0]!.content);
  if (body[0]?.tag === VERSION) body.shift();
  const [, , , , subject] = body;
  const extensions = new Map<string, Buffer>();
  const critical: string[] = [];
  const list = body.find(({ tag }) => tag === EXTENSIONS);
  for (const extension of list === undefined ? [] : inside(list.content)) {
    const parts = elements(extension.content);
    const id = dotted(parts[0]!.content);
    if (parts[1]?.tag === BOOLEAN && parts[1].content[0] !== 0) critical.push(id);
    extensions.set(id, parts.at(-1)!.content);
  }
  return {
    subject: elements(subject!.content).flatMap(readPart),
    alternativeNames: readAlternativeNames(extensions.get(SUBJECT_ALT_NAME)),
    pathLength: readPathLength(extensions.get(BASIC_CONSTRAINTS)),
    critical,
  };
}

const readPart = (set: Element): NamePart[] =>
  elements(set.content).map((part) => {
    const [type, value] = elements(part.content);
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
