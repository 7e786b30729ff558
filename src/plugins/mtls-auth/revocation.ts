// Were the certificates on a trusted way taken back? Each is asked about as it says itself: its OCSP responder, and where that does not
// tell, its revocation list. Those that the configuration names are not asked about: they are trusted because it says so.
import type { X509Certificate } from 'node:crypto';
import type { Environment, OpenAnswer } from '../../pdk/index.ts';
import { type CertificateFields, readFields } from './certificate-fields.ts';
import type { Way } from './chain.ts';
import { type CertificateStatus, idOf, questionAbout, readAnswer, type StatusAnswer } from './ocsp.ts';
import { type Addresses, addressesOf } from './revocation-addresses.ts';
import { isListed, type RevocationList, readList } from './revocation-list.ts';
import { type Heard, type Kept, type Statement, Statements } from './statements.ts';

export interface RevocationOptions {
  readonly timeoutMs: number;
  /** After which an authority is asked again. */
  readonly maxAgeMs: number;
  /** Addresses of HTTP proxies, by the scheme of what is asked for. */
  readonly proxies: Readonly<Record<string, string | undefined>>;
}

export interface Standing {
  /** `silent`: it says itself nowhere to ask. */
  readonly status: CertificateStatus | 'silent';
  /** Milliseconds since the epoch; when it is to be looked at again. */
  readonly until: number;
  /** Why it is not known. */
  readonly reasons: readonly string[];
}

/** What one address says. */
interface Word {
  readonly status: CertificateStatus;
  readonly heard: Heard<Statement>;
}

/** One certificate on a way, and the one above it. */
interface Link {
  readonly certificate: X509Certificate;
  readonly fields: CertificateFields;
  readonly issuer: X509Certificate;
  readonly addresses: Addresses;
}

const MAX_LIST_BYTES = 8 * 1024 * 1024;
const MAX_ANSWER_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 10_000;
/** What an entry of a list is in memory, for each of its bytes on the wire. */
const LIST_WEIGHT = 4;
/** What could not be learnt can be asked again, but not by every request. */
const RETRY_MS = 1000;

/** @param trusted Fingerprints of the certificates that the configuration names. */
export type RevocationCheck = (way: Way, trusted: ReadonlySet<string>) => Standing | Promise<Standing>;

const GOOD: Standing = { status: 'good', until: Number.POSITIVE_INFINITY, reasons: [] };
const SILENT: Standing = { ...GOOD, status: 'silent' };
/** The status of several is the first of these that one of them has. */
const GRAVITY = ['revoked', 'unknown', 'silent', 'good'] as const;

export function createRevocationCheck(options: RevocationOptions, environment: Environment): RevocationCheck {
  const { network, clock } = environment;
  const { lists, answers } = environment.once('mtls-auth revocation', () => ({
    lists: new Statements(environment.openCache<Kept<RevocationList>>('mtls-auth lists'), clock),
    answers: new Statements(environment.openCache<Kept<StatusAnswer>>('mtls-auth answers'), clock),
  }));

  async function fetch(url: string, question: Buffer | undefined, limit: number): Promise<Buffer> {
    const answer: OpenAnswer = await network.open({
      url,
      method: question === undefined ? 'GET' : 'POST',
      headers: question === undefined ? {} : { 'Content-Type': 'application/ocsp-request' },
      body: question ?? '',
      timeoutMs: options.timeoutMs,
      keepAliveMs: KEEP_ALIVE_MS,
      // What comes is signed.
      verify: false,
      proxy: options.proxies[new URL(url).protocol],
    });
    if (answer.status === 200) return answer.bytes(limit);
    answer.cancel();
    throw new Error(`status ${answer.status}`);
  }

  async function askResponder(url: string, { fields, issuer }: Link): Promise<Word> {
    const id = idOf(fields, readFields(issuer.raw));
    const heard = await answers.hear({
      key: `${url} ${issuer.fingerprint256} ${id.toString('base64')}`,
      maxAgeMs: options.maxAgeMs,
      ask: async () => {
        const bytes = await fetch(url, questionAbout(id), MAX_ANSWER_BYTES);
        return { statement: readAnswer(bytes, { id, issuer, now: clock.now() }), bytes: id.length };
      },
    });
    return { status: heard.statement.status, heard };
  }

  async function askList(url: string, { certificate, fields, issuer, addresses }: Link): Promise<Word> {
    const heard = await lists.hear({
      key: `${url} ${issuer.fingerprint256}`,
      maxAgeMs: options.maxAgeMs,
      ask: async () => {
        const bytes = await fetch(url, undefined, MAX_LIST_BYTES);
        const statement = await readList(bytes, { issuer, now: clock.now() });
        return { statement, bytes: bytes.length * LIST_WEIGHT };
      },
    });
    const listed = { serial: fields.serial, isAuthority: certificate.ca, names: addresses.listNames };
    return { status: isListed(listed, heard.statement) ? 'revoked' : 'good', heard };
  }

  async function ask(link: Link): Promise<Standing> {
    const attempts = [
      ...link.addresses.responders.map((url) => ({ url, attempt: askResponder })),
      ...link.addresses.lists.map((url) => ({ url, attempt: askList })),
    ];
    const reasons: string[] = [];
    let old: CertificateStatus | undefined;
    for (const { url, attempt } of attempts) {
      try {
        const { status, heard } = await attempt(url, link);
        if (status === 'unknown') reasons.push(`${url}: the responder does not know it`);
        else if (heard.isOld) old ??= status;
        else return { status, until: untilOf(heard), reasons: [] };
      } catch (problem) {
        reasons.push(`${url}: ${problem instanceof Error ? problem.message : String(problem)}`);
      }
    }
    return { status: old ?? 'unknown', until: clock.now() + RETRY_MS, reasons };
  }

  const untilOf = ({ heardAt, statement }: Kept<Statement>): number =>
    Math.max(Math.min(heardAt + options.maxAgeMs, statement.until), clock.now() + RETRY_MS);

  return (way, trusted) => {
    const links = linksOf(way, trusted);
    const named = links.filter(({ addresses: { responders, lists } }) => responders.length + lists.length > 0);
    const rest = named.length < links.length ? SILENT : GOOD;
    return named.length === 0 ? rest : Promise.all(named.map(ask)).then((found) => gravest([rest, ...found]));
  };
}

/** From the client's certificate up to the first that the configuration names. */
function linksOf(way: Way, trusted: ReadonlySet<string>): Link[] {
  const end = way.findIndex(({ fingerprint256 }) => trusted.has(fingerprint256));
  return way.slice(0, end).map((certificate, i) => {
    const fields = readFields(certificate.raw);
    return { certificate, fields, issuer: way[i + 1]!, addresses: addressesOf(fields) };
  });
}

const gravest = (all: readonly Standing[]): Standing => ({
  status: GRAVITY.find((status) => all.some((one) => one.status === status))!,
  until: Math.min(...all.map(({ until }) => until)),
  reasons: all.flatMap(({ reasons }) => reasons),
});
