// Where a certificate says that its revocation can be learnt. Only whoever signed the certificate has a say in this, so nobody may
// ask there before the certificate is trusted: a stranger could send the gateway anywhere.
import type { CertificateFields } from './certificate-fields.ts';
import { dotted, type Element, elements, inside, part } from './der.ts';

export interface Addresses {
  /** Of OCSP responders. */
  readonly responders: readonly string[];
  /** Of revocation lists. */
  readonly lists: readonly string[];
  /** All names of the lists, of other protocols too. */
  readonly listNames: readonly string[];
}

const AUTHORITY_ACCESS = '1.3.6.1.5.5.7.1.1';
const OCSP = '1.3.6.1.5.5.7.48.1';
const DISTRIBUTION_POINTS = '2.5.29.31';
const URI = 0x86;
/** Of each kind, one after the other: each may take its whole time to say nothing. */
const MAX_ADDRESSES = 2;

const NONE: Addresses = { responders: [], lists: [], listNames: [] };

export function addressesOf({ extensions }: CertificateFields): Addresses {
  const access = extensions.get(AUTHORITY_ACCESS);
  const points = extensions.get(DISTRIBUTION_POINTS);
  try {
    const responders = access === undefined ? [] : inside(access).flatMap(readResponder);
    const listNames = points === undefined ? [] : inside(points).flatMap(readPoint);
    return { responders: reachable(responders), lists: reachable(listNames), listNames };
  } catch {
    // What cannot be read says nothing.
    return NONE;
  }
}

function readResponder({ content }: Element): string[] {
  const [method, location] = elements(content);
  return dotted(method!.content) === OCSP ? namesIn([location!]) : [];
}

/** Lists for some reasons only, and those that another authority signs, are not read. */
function readPoint({ content }: Element): string[] {
  const [name, ...more] = elements(content);
  return name?.tag === part(0) && more.length === 0 ? namesOfPoint(name) : [];
}

/** Full names only; one that is relative to the authority's is none. */
export function namesOfPoint({ content }: Element): string[] {
  const [full] = elements(content);
  return full?.tag === part(0) ? namesIn(elements(full.content)) : [];
}

const namesIn = (names: readonly Element[]): string[] =>
  names.filter(({ tag }) => tag === URI).map(({ content }) => content.toString('latin1'));

const reachable = (names: readonly string[]): string[] => names.filter(isReachable).slice(0, MAX_ADDRESSES);

function isReachable(name: string): boolean {
  const url = URL.parse(name);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
