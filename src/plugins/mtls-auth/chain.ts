// Is there a way from a client's certificate to one that is trusted, over certificates that it sent? The rules are those of
// RFC 5280 as far as they can hold here; whatever a certificate demands that is not understood is a no.
import type { X509Certificate } from 'node:crypto';
import { type CertificateFields, readFields } from './certificate-fields.ts';

export interface Trust {
  readonly trusted: readonly X509Certificate[];
  /** A trusted certificate that is not self-signed may end the way. */
  readonly allowsPartial: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** From the client's certificate to the trusted one that ends the way; undefined when there is none. */
export type Way = readonly X509Certificate[];

const MAX_LENGTH = 10;
/** Signatures cost time: a client cannot make us check more. */
const MAX_CHECKS = 32;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USAGE = '2.5.29.37.0';
/** Alternative names, key usage, basic constraints, extended key usage. */
const UNDERSTOOD = ['2.5.29.17', '2.5.29.15', '2.5.29.19', '2.5.29.37'];
const WEAK = /md[245]|sha-?1(?!\d)/i;

export function findWay(sent: readonly X509Certificate[], trust: Trust): Way | undefined {
  const [client, ...others] = sent;
  if (client === undefined || !isAcceptable(client, trust.now)) return undefined;
  const issuers = [...trust.trusted, ...others];
  const trusted = new Set(trust.trusted.map(({ fingerprint256 }) => fingerprint256));
  const seen = new Set<string>();
  let checks = 0;

  const search = (way: Way): Way | undefined => {
    const last = way.at(-1)!;
    seen.add(last.fingerprint256);
    if (trusted.has(last.fingerprint256) && (trust.allowsPartial || isSelfSigned(last))) return way;
    if (way.length === MAX_LENGTH) return undefined;
    for (const issuer of issuers) {
      if (seen.has(issuer.fingerprint256) || !last.checkIssued(issuer) || ++checks > MAX_CHECKS) continue;
      if (!mayIssue(issuer, way, trust.now) || !isSignedBy(last, issuer)) continue;
      const found = search([...way, issuer]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search([client]);
}

const isSelfSigned = (one: X509Certificate): boolean => one.checkIssued(one) && isSignedBy(one, one);

/** A key of a kind that OpenSSL does not know vouches for nothing. */
function isSignedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return one.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/** @param below what it would vouch for, the client's certificate first. */
function mayIssue(issuer: X509Certificate, below: Way, now: number): boolean {
  if (!issuer.ca || !isAcceptable(issuer, now)) return false;
  const most = readFields(issuer.raw).pathLength;
  // One that issued itself does not count as a step.
  return most === undefined || below.slice(1).filter((one) => one.subject !== one.issuer).length <= most;
}

function isAcceptable(one: X509Certificate, now: number): boolean {
  if (now < one.validFromDate.getTime() || now > one.validToDate.getTime()) return false;
  // Nobody relies on the signature of a certificate that signed itself.
  if (one.subject !== one.issuer && WEAK.test(one.signatureAlgorithm ?? '')) return false;
  const usage = one.keyUsage as readonly string[] | undefined;
  if (usage !== undefined && !usage.includes(CLIENT_AUTH) && !usage.includes(ANY_USAGE)) return false;
  return fieldsOf(one)?.critical.every((id) => UNDERSTOOD.includes(id)) === true;
}

/** Undefined for a certificate that is none by our reading. */
export function fieldsOf(one: X509Certificate): CertificateFields | undefined {
  try {
    return readFields(one.raw);
  } catch {
    return undefined;
  }
}
