// What the machine says about names: its hosts file, and how resolv.conf wants short names completed. Missing files say
// nothing. Both are read once, when the gateway starts.
import { getServers } from 'node:dns';
import { readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import { GwctlError } from '../../lib/errors.ts';
import type { NameServer } from './client.ts';

export interface ResolvConf {
  readonly search: readonly string[];
  /** A name with fewer dots is tried with the search domains first. */
  readonly ndots: number;
  readonly timeoutMs: number;
  readonly attempts: number;
}

const MAX_SEARCH = 6;
const DNS_PORT = 53;

export const DEFAULT_HOSTS_FILE =
  process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** Addresses by name, IPv4 first. */
export function readHosts(path: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of readText(path).split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const known = hosts.get(name.toLowerCase()) ?? [];
      hosts.set(name.toLowerCase(), [...known, address]);
    }
  }
  for (const addresses of hosts.values()) addresses.sort((a, b) => Number(isIPv4(b)) - Number(isIPv4(a)));
  return hosts;
}

export const readResolvConf = (path = '/etc/resolv.conf'): ResolvConf => parseResolvConf(readText(path));

export function parseResolvConf(text: string): ResolvConf {
  let search: string[] = [];
  const options = { ndots: 1, timeout: 2, attempts: 2 };
  for (const line of text.split('\n')) {
    const [word, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    // The last line of either kind counts.
    if (word === 'search') search = values.slice(0, MAX_SEARCH);
    else if (word === 'domain') search = values.slice(0, 1);
    else if (word === 'options') {
      for (const value of values) {
        const found = /^(ndots|timeout|attempts):(\d+)$/.exec(value);
        if (found !== null) options[found[1] as keyof typeof options] = Number(found[2]);
      }
    }
  }
  return {
    search: search.filter((domain) => domain !== '.'),
    ndots: Math.min(options.ndots, 15),
    timeoutMs: 1000 * Math.min(Math.max(options.timeout, 1), 30),
    attempts: Math.min(Math.max(options.attempts, 1), 5),
  };
}

/** `address[:port]`, IPv6 with a port in brackets. Without entries those of the machine. */
export function nameServers(entries: readonly string[]): NameServer[] {
  return (entries.length === 0 ? getServers() : entries).map(parseServer);
}

function parseServer(entry: string): NameServer {
  if (isIP(entry) !== 0) return { address: entry, port: DNS_PORT };
  const found = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(entry);
  const address = found?.[1] ?? found?.[2] ?? '';
  const port = Number(found?.[3] ?? DNS_PORT);
  if (isIP(address) === 0 || port === 0 || port > 65_535) {
    throw new GwctlError('E_CONFIG', `dns_resolver: '${entry}' is no name server`, {
      hint: 'Write the address of a name server, with a port if it is not 53: 10.0.0.2:8600.',
    });
  }
  return { address, port };
}

/** The full names that a name may stand for, in the order in which they are asked for. */
export function candidates(name: string, { search, ndots }: ResolvConf): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const completed = search.map((domain) => `${name}.${domain}`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...completed] : [...completed, name];
}
