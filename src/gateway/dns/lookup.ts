// One name to what it stands for, by asking name servers for one type of record after the other. Aliases are followed
// within an answer and, where a server leaves that to us, by asking on. Of SRV records only the best priority counts.
import { type Endpoint, plainEndpoint } from './answer.ts';
import { type DnsClient, NO_ERROR, NO_SUCH_NAME } from './client.ts';
import type { DnsAnswer, DnsRecord, RecordType } from './message.ts';
import { candidates, type ResolvConf } from './system.ts';

export type AskedType = 'SRV' | 'A' | 'AAAA';

export interface Found {
  readonly type: AskedType;
  readonly endpoints: readonly Endpoint[];
  /** Seconds. */
  readonly ttl: number;
}

const MAX_ALIASES = 8;
const MAX_ENDPOINTS = 64;

/** undefined when the name has no record of any of the types; rejects when that could not be found out. */
export async function lookUp(
  client: DnsClient,
  name: string,
  types: readonly AskedType[],
  conf: ResolvConf,
): Promise<Found | undefined> {
  let failure: string | undefined;
  for (const type of types) {
    for (const full of candidates(name, conf)) {
      const answer = await client.ask(full, type);
      if (answer.code !== NO_ERROR && answer.code !== NO_SUCH_NAME) {
        failure = `the name server answers with code ${answer.code}`;
        continue;
      }
      const { records, ttl } = await follow(client, full, type, answer);
      if (records.length === 0) continue;
      if (type !== 'SRV') return { type, ttl, endpoints: limited(records.map(({ value }) => plainEndpoint(value))) };
      const found = await locate(client, records, answer, ttl, types);
      if (found.endpoints.length > 0) return found;
    }
  }
  if (failure !== undefined) throw new Error(`cannot resolve ${name}: ${failure}`);
  return undefined;
}

const limited = (endpoints: readonly Endpoint[]): Endpoint[] => endpoints.slice(0, MAX_ENDPOINTS);

interface Followed {
  readonly records: readonly DnsRecord[];
  readonly ttl: number;
}

async function follow(client: DnsClient, name: string, type: RecordType, first: DnsAnswer): Promise<Followed> {
  let current = name.toLowerCase();
  let ttl = Number.POSITIVE_INFINITY;
  let { answers } = first;
  for (let step = 0; step <= MAX_ALIASES; step++) {
    const records = answers.filter((record) => record.name === current && record.type === type);
    if (records.length > 0) return { records, ttl: Math.min(ttl, ...records.map((record) => record.ttl)) };
    const alias = answers.find((record) => record.name === current && record.type === 'CNAME');
    if (alias === undefined) return { records: [], ttl: 0 };
    current = alias.value;
    ttl = Math.min(ttl, alias.ttl);
    if (!answers.some((record) => record.name === current)) answers = (await client.ask(current, type)).answers;
  }
  return { records: [], ttl: 0 };
}

/** The addresses of the hosts that SRV records name. Weight 0 means hardly ever, not never. */
async function locate(
  client: DnsClient,
  records: readonly DnsRecord[],
  answer: DnsAnswer,
  ttl: number,
  types: readonly AskedType[],
): Promise<Found> {
  const best = Math.min(...records.map(({ priority }) => priority));
  const families = types.filter((type) => type !== 'SRV');
  let shortest = ttl;
  const endpoints: Endpoint[] = [];
  const top = records.filter(({ priority, value }) => priority === best && value !== '').slice(0, MAX_ENDPOINTS);
  for (const { value: name, port, weight } of top) {
    const host = await addressesOf(client, name, families.length === 0 ? ['A'] : families, answer);
    if (host === undefined) continue;
    shortest = Math.min(shortest, host.ttl);
    for (const { value: address } of host.records) {
      endpoints.push({ address, port: port === 0 ? undefined : port, weight: Math.max(weight, 1), name });
    }
  }
  return { type: 'SRV', ttl: shortest, endpoints: limited(endpoints) };
}

async function addressesOf(
  client: DnsClient,
  name: string,
  families: readonly RecordType[],
  answer: DnsAnswer,
): Promise<Followed | undefined> {
  for (const family of families) {
    const known = answer.additional.filter((record) => record.name === name && record.type === family);
    if (known.length > 0) return { records: known, ttl: Math.min(...known.map(({ ttl }) => ttl)) };
  }
  for (const family of families) {
    const found = await follow(client, name, family, await client.ask(name, family));
    if (found.records.length > 0) return found;
  }
  return undefined;
}
