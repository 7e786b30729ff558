// Reads a list of revoked certificates (CRL, RFC 5280 section 5). Throws for one that does not speak for the authority now, and for
// one that demands to be understood better than it is here: deltas, and lists that speak for other authorities.
import type { X509Certificate } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import { readFields } from './certificate-fields.ts';
import { type Element, elements, extentAt, INTEGER, inside, isTime, part, readTime, SEQUENCE } from './der.ts';
import { readExtensions } from './extensions.ts';
import { namesOfPoint } from './revocation-addresses.ts';
import { saidUntil } from './said-until.ts';
import { isSignedWith, readSigned } from './signed.ts';

export interface RevocationList {
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly covers: 'all' | 'clients' | 'authorities';
  /** What the list calls itself; undefined when it is the only one of its authority. */
  readonly names: readonly string[] | undefined;
  /** Serial numbers, a character a byte. */
  readonly revoked: ReadonlySet<string>;
}

export interface ListOf {
  readonly issuer: X509Certificate;
  readonly now: number;
}

export interface Listed {
  readonly serial: Buffer;
  readonly isAuthority: boolean;
  /** By which the certificate calls its lists. */
  readonly names: readonly string[];
}

const ISSUING_POINT = '2.5.29.28';
const KEY_USAGE = '2.5.29.15';
const SIGNS_LISTS = 0x02;
/** A long list does not hold up everybody else. */
const PAUSE_AFTER = 10_000;

export async function readList(bytes: Buffer, { issuer, now }: ListOf): Promise<RevocationList> {
  const authority = readFields(issuer.raw);
  const signed = readSigned(elements(withoutArmour(bytes))[0]!.content);
  const body = elements(signed.said.content);
  if (body[0]?.tag === INTEGER) body.shift();
  const [algorithm, name, thisUpdate, ...more] = body;
  const nextUpdate = more[0] !== undefined && isTime(more[0]) ? readTime(more.shift()!) : undefined;
  const entries = more[0]?.tag === SEQUENCE ? more.shift()!.content : Buffer.alloc(0);

  if (!name!.raw.equals(authority.subjectName)) throw new Error('it is the list of another authority');
  if (!mayList(authority.extensions.get(KEY_USAGE))) throw new Error('its authority may not sign lists');
  if (!algorithm!.raw.equals(signed.algorithm.raw) || !isSignedWith(issuer.publicKey, signed)) {
    throw new Error('its signature is not good');
  }
  const until = saidUntil(readTime(thisUpdate!), nextUpdate, now);
  const { values, critical } = readExtensions(more.find(({ tag }) => tag === part(0)));
  if (critical.some((id) => id !== ISSUING_POINT)) throw new Error('it has an extension that is not understood');
  return { until, ...readScope(values.get(ISSUING_POINT)), revoked: await serialsIn(entries) };
}

/** Throws when the list does not say. */
export function isListed({ serial, isAuthority, names }: Listed, list: RevocationList): boolean {
  const isOwn = list.names === undefined || list.names.some((name) => names.includes(name));
  const isCovered = list.covers === 'all' || (list.covers === 'authorities') === isAuthority;
  if (!isOwn || !isCovered) throw new Error('it is the list of other certificates');
  return list.revoked.has(serial.toString('latin1'));
}

/** Some servers send the text that tools write. */
function withoutArmour(bytes: Buffer): Buffer {
  if (bytes[0] === SEQUENCE) return bytes;
  const base64 = /-----BEGIN X509 CRL-----([^-]*)-----END/.exec(bytes.toString('latin1'))?.[1];
  if (base64 === undefined) throw new Error('it is no list');
  return Buffer.from(base64, 'base64');
}

/** Without the extension a key may be used for anything. */
const mayList = (usage: Buffer | undefined): boolean =>
  usage === undefined || ((elements(usage)[0]?.content[1] ?? 0) & SIGNS_LISTS) !== 0;

const CLIENTS_ONLY = 0x81;
const AUTHORITIES_ONLY = 0x82;

/** What the list is restricted to. */
function readScope(value: Buffer | undefined): Pick<RevocationList, 'covers' | 'names'> {
  let scope: Pick<RevocationList, 'covers' | 'names'> = { covers: 'all', names: undefined };
  for (const element of value === undefined ? [] : inside(value)) {
    if (element.tag === part(0)) scope = { ...scope, names: namesOfPoint(element) };
    else if (!isTrue(element)) continue;
    else if (element.tag === CLIENTS_ONLY) scope = { ...scope, covers: 'clients' };
    else if (element.tag === AUTHORITIES_ONLY) scope = { ...scope, covers: 'authorities' };
    else throw new Error('it is restricted in a way that is not understood');
  }
  return scope;
}

/** Flags are absent when they are not set, but need not be; anything else counts as set. */
const isTrue = ({ content }: Element): boolean => content.length !== 1 || content[0] !== 0;

async function serialsIn(entries: Buffer): Promise<Set<string>> {
  const serials = new Set<string>();
  for (let at = 0, count = 1; at < entries.length; count++) {
    const entry = extentAt(entries, at);
    const serial = extentAt(entries, entry.start);
    serials.add(entries.toString('latin1', serial.start, serial.end));
    at = entry.end;
    if (count % PAUSE_AFTER === 0) await pause();
  }
  return serials;
}
