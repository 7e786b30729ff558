// The questions that responders are asked about one certificate, and what they answer (OCSP, RFC 6960). Throws for an answer that is
// none, that nobody with a right to it signed, or that is about another certificate or another time.
import { createHash, X509Certificate } from 'node:crypto';
import { der } from '../../lib/der.ts';
import type { CertificateFields } from './certificate-fields.ts';
import { dotted, type Element, elements, INTEGER, inside, OCTET_STRING, part, readTime, SEQUENCE } from './der.ts';
import { readExtensions } from './extensions.ts';
import { saidUntil } from './said-until.ts';
import { isSignedWith, readSigned, type Signed } from './signed.ts';

export type CertificateStatus = 'good' | 'revoked' | 'unknown';

export interface StatusAnswer {
  readonly status: CertificateStatus;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export interface AnswerTo {
  /** What `idOf` made. */
  readonly id: Buffer;
  readonly issuer: X509Certificate;
  readonly now: number;
}

/** The algorithm, and that it has no parameters. */
const SHA1 = Buffer.from('300906052b0e03021a0500', 'hex');
const BASIC = '1.3.6.1.5.5.7.48.1.1';
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
/** Why a responder does not answer. */
const REFUSALS: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
};
const STATUS: Readonly<Record<number, CertificateStatus>> = { 128: 'good', 161: 'revoked', 130: 'unknown' };

/** How a certificate is named in questions; the digest only finds it, and SHA-1 is the one that every responder knows. */
export function idOf(certificate: CertificateFields, issuer: CertificateFields): Buffer {
  const digest = (bytes: Buffer): Buffer => createHash('sha1').update(bytes).digest();
  return der(
    SEQUENCE,
    SHA1,
    der(OCTET_STRING, digest(certificate.issuerName)),
    der(OCTET_STRING, digest(issuer.publicKey)),
    der(INTEGER, certificate.serial),
  );
}

export const questionAbout = (id: Buffer): Buffer => der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, id))));

export function readAnswer(bytes: Buffer, { id, issuer, now }: AnswerTo): StatusAnswer {
  const [refusal, wrapped] = inside(bytes);
  const code = refusal?.content[0];
  if (code !== 0 || wrapped === undefined) throw new Error(`the responder says ${REFUSALS[code!] ?? code}`);
  const [kind, answer] = inside(wrapped.content);
  if (kind === undefined || dotted(kind.content) !== BASIC || answer?.tag !== OCTET_STRING) {
    throw new Error('the answer is of a kind that is not known');
  }
  const signed = readSigned(elements(answer.content)[0]!.content);
  if (!isSignedFor(issuer, signed, now)) throw new Error('the signature of the answer is not good');
  const body = elements(signed.said.content);
  if (body[0]?.tag === part(0)) body.shift();
  const [, , answers, extensions] = body;
  understand(extensions);
  const about = elements(answers!.content)
    .map(({ content }) => elements(content))
    .find(([one]) => isSame(one!, id));
  if (about === undefined) throw new Error('the answer is about another certificate');
  const [, status, thisUpdate, ...more] = about;
  understand(more.find(({ tag }) => tag === part(1)));
  const nextUpdate = more.find(({ tag }) => tag === part(0));
  const end = nextUpdate && readTime(elements(nextUpdate.content)[0]!);
  return { status: STATUS[status!.tag] ?? 'unknown', until: saidUntil(readTime(thisUpdate!), end, now) };
}

function understand(extensions: Element | undefined): void {
  if (readExtensions(extensions).critical.length > 0)
    throw new Error('the answer has an extension that is not understood');
}

/** Parameters of the digest may be left out. */
function isSame({ content }: Element, id: Buffer): boolean {
  const [digest, ...rest] = elements(content);
  const [ownDigest, ...own] = inside(id);
  const name = ({ content: algorithm }: Element): string => dotted(elements(algorithm)[0]!.content);
  return name(digest!) === name(ownDigest!) && own.every(({ raw }, i) => rest[i]?.raw.equals(raw) === true);
}

/** By the authority itself, or by somebody to whom it gave a certificate for this. */
function isSignedFor(issuer: X509Certificate, signed: Signed, now: number): boolean {
  if (isSignedWith(issuer.publicKey, signed)) return true;
  const sent = signed.rest.find(({ tag }) => tag === part(0));
  const certificates = sent === undefined ? [] : inside(sent.content).slice(0, MAX_CERTIFICATES);
  return certificates.some(({ raw }) => {
    const delegate = new X509Certificate(raw);
    return isDelegate(delegate, issuer, now) && isSignedWith(delegate.publicKey, signed);
  });
}

/** Signatures cost time. */
const MAX_CERTIFICATES = 4;

function isDelegate(delegate: X509Certificate, issuer: X509Certificate, now: number): boolean {
  const isInTime = now >= delegate.validFromDate.getTime() && now <= delegate.validToDate.getTime();
  if (!isInTime || delegate.keyUsage?.includes(OCSP_SIGNING) !== true || !delegate.checkIssued(issuer)) return false;
  return isSignedWith(issuer.publicKey, readSigned(elements(delegate.raw)[0]!.content));
}
